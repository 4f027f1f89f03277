// The life of every attempt: those under way, and the last ones that ended, as telemetry tells them.
import { randomBytes } from "node:crypto";
import { present } from "../shared/assert.ts";
import {
  randomText,
  type AttemptId,
  type JobId,
  type TaskKey,
  type WorkerId,
} from "../shared/ids.ts";
import {
  attemptOutcomes,
  type Activity,
  type AttemptOutcome,
  type TaskStory,
} from "../shared/protocol/telemetry.ts";
import { ActivityRing, type EndedAttempt } from "./activity-ring.ts";
import { GroupRates, type GroupFigures } from "./group-rates.ts";

/** Workers, groups and jobs that the sequence can name; one more begins it anew. */
const NAMES_MAX = 4_096;
/** Failed attempts whose reasons are kept. */
const REASONS_MAX = 2_000;
const REASON_CHARS_MAX = 1_000;
/** What a worker may say of its times and threads; more does not fit into the columns. */
const TIME_MS_MAX = 1e12;
const THREAD_MAX = 2 ** 15 - 1;

export interface GrantedAttempt {
  readonly attempt: AttemptId;
  readonly job: JobId;
  readonly task: TaskKey;
  readonly worker: WorkerId;
  readonly workerName: string;
  readonly kernel: string;
  /** What its task's times are compared with: the function, or else the kernel. */
  readonly group: string;
  readonly isSpeculative: boolean;
}

/** How an attempt ended; times in milliseconds, as far as they are known. */
export interface AttemptEnd {
  readonly outcome: AttemptOutcome;
  readonly thread?: number;
  /** "all": it got no further than fetching. */
  readonly fetchMs?: number | "all";
  readonly waitMs?: number;
  readonly computeMs?: number;
  /** Of a failed one. */
  readonly why?: string;
}

interface LiveAttempt {
  readonly granted: GrantedAttempt;
  /** Unix milliseconds. */
  readonly grantedMs: number;
  /** When its worker first said that a thread has it. */
  runningSinceMs: number | null;
  /** In the tables of names. */
  places: Places;
}

interface Places {
  readonly worker: number;
  readonly group: number;
  readonly job: number;
}

export type AttemptStory = TaskStory["attempts"][number];

/** What is remembered of a task that may be forgotten otherwise. */
export interface RememberedTask {
  readonly job: JobId;
  readonly task: TaskKey;
  readonly kernel: string;
  readonly group: string;
}

export class ActivityLog {
  readonly #nowUnixMs: () => number;
  readonly #live = new Map<AttemptId, LiveAttempt>();
  readonly #reasons = new Map<AttemptId, string>();
  #run = freshRun();
  #ring = new ActivityRing();
  readonly #workers = new Names<WorkerId, { readonly worker: WorkerId; name: string }>();
  readonly #groups = new Names<string, { readonly name: string; readonly kernel: string }>();
  readonly #jobs = new Names<JobId, JobId>();
  readonly #rates = new GroupRates();
  #finished = 0;
  #computeMs = 0;

  /** `nowUnixMs`: the time of day. */
  constructor(nowUnixMs: () => number) {
    this.#nowUnixMs = nowUnixMs;
  }

  /** Identifies the sequence. */
  get run(): string {
    return this.#run;
  }

  /** Attempts that gave a result since the coordinator began, and the thread-milliseconds in those. */
  get totals(): { readonly finished: number; readonly computeMs: number } {
    return { finished: this.#finished, computeMs: this.#computeMs };
  }

  granted(granted: GrantedAttempt): void {
    const places = this.#placesOf(granted);
    const grantedMs = this.#nowUnixMs();
    const { attempt } = granted;
    this.#live.set(attempt, { granted, grantedMs, runningSinceMs: null, places });
    this.#rates.begin(granted.job, granted.group);
  }

  live(attempt: AttemptId): GrantedAttempt | undefined {
    return this.#live.get(attempt)?.granted;
  }

  /** A worker says that threads have these. */
  running(attempts: readonly AttemptId[]): void {
    for (const attempt of attempts) {
      const live = this.#live.get(attempt);
      if (live !== undefined) live.runningSinceMs ??= this.#nowUnixMs();
    }
  }

  /** Ends an attempt; undefined when it had ended before. */
  ended(attempt: AttemptId, end: AttemptEnd): GrantedAttempt | undefined {
    const live = this.#live.get(attempt);
    if (live === undefined) return undefined;
    this.#live.delete(attempt);
    const endMs = this.#nowUnixMs();
    const lifeMs = Math.max(0, endMs - live.grantedMs);
    const { outcome, thread = -1, fetchMs = 0, waitMs = 0 } = end;
    const { granted, runningSinceMs, places } = live;
    const runMs = runningSinceMs === null ? 0 : Math.max(0, endMs - runningSinceMs);
    const computeMs = Math.min(end.computeMs ?? runMs, TIME_MS_MAX);
    this.#ring.push({
      attempt,
      task: granted.task,
      worker: places.worker,
      group: places.group,
      job: places.job,
      thread: thread > THREAD_MAX ? -1 : thread,
      endMs,
      lifeMs,
      fetchMs: Math.min(fetchMs === "all" ? lifeMs : fetchMs, TIME_MS_MAX),
      waitMs: Math.min(waitMs, TIME_MS_MAX),
      computeMs,
      outcome,
      isSpeculative: granted.isSpeculative,
    });
    this.#rates.ended(granted.job, granted.group, computeMs, outcome === "finished", endMs);
    if (outcome === "finished") {
      this.#finished += 1;
      this.#computeMs += computeMs;
    }
    if (end.why !== undefined) this.#keepReason(attempt, end.why);
    return granted;
  }

  #keepReason(attempt: AttemptId, why: string): void {
    this.#reasons.set(attempt, why.slice(0, REASON_CHARS_MAX));
    if (this.#reasons.size <= REASONS_MAX) return;
    for (const oldest of this.#reasons.keys()) {
      this.#reasons.delete(oldest);
      return;
    }
  }

  /** Ended attempts from number `since` on, at most `limit`, and all that are under way; or a job's. */
  read(since: number, limit: number, job: JobId | undefined): Activity {
    const ended = emptyColumns();
    const jobPlace = job === undefined ? undefined : this.#jobs.place(job);
    const isWanted = (place: number): boolean => job === undefined || place === jobPlace;
    let nextSeq = this.#ring.nextSeq;
    this.#ring.scan(since, (chunk, at, seq) => {
      if (!isWanted(chunk.job[at] ?? 0)) return undefined;
      if (ended.seq.length < limit) {
        addRow(ended, seq, chunk.get(at));
        return undefined;
      }
      nextSeq = seq;
      return "stop";
    });
    return {
      run: this.#run,
      nowMs: this.#nowUnixMs(),
      firstSeq: this.#ring.firstSeq,
      nextSeq,
      workers: this.#workers.list.map((entry) => ({ ...entry })),
      groups: this.#groups.list.map(({ name }) => name),
      jobs: [...this.#jobs.list],
      ended,
      live: this.#liveColumns(job),
    };
  }

  #liveColumns(job: JobId | undefined): Activity["live"] {
    const wanted = [...this.#live.values()].filter(
      ({ granted }) => job === undefined || granted.job === job,
    );
    return {
      attempt: wanted.map(({ granted }) => granted.attempt),
      worker: wanted.map(({ places }) => places.worker),
      group: wanted.map(({ places }) => places.group),
      job: wanted.map(({ places }) => places.job),
      grantedMs: wanted.map(({ grantedMs }) => grantedMs),
      isRunning: wanted.map(({ runningSinceMs }) => (runningSinceMs === null ? 0 : 1)),
      isSpeculative: wanted.map(({ granted }) => (granted.isSpeculative ? 1 : 0)),
    };
  }

  /** What each group of an unfinished job has computed, and its present rate. */
  figuresOf(job: JobId): Map<string, GroupFigures> {
    return this.#rates.of(job, this.#nowUnixMs());
  }

  /** The job has ended: its figures are not asked for any more. */
  jobEnded(job: JobId): void {
    this.#rates.forget(job);
  }

  /** The attempts of a task that are remembered, the oldest first. */
  attemptsOf(task: TaskKey): AttemptStory[] {
    const ended = this.#ring.ofTask(task).map((attempt) => this.#endedStory(attempt));
    const live = [...this.#live.values()].filter(({ granted }) => granted.task === task);
    return [...ended, ...live.map(liveStory)].toSorted((a, b) => a.attempt - b.attempt);
  }

  /** The task of an attempt that is under way or remembered. */
  taskOf(attempt: AttemptId): RememberedTask | undefined {
    const live = this.#live.get(attempt);
    if (live !== undefined) return live.granted;
    const ended = this.#ring.find(attempt);
    return ended === undefined ? undefined : this.#remembered(ended);
  }

  /** What is remembered of a task in a job by its attempts. */
  remembers(task: TaskKey, job: JobId): RememberedTask | undefined {
    for (const { granted } of this.#live.values()) {
      if (granted.task === task && granted.job === job) return granted;
    }
    const place = this.#jobs.place(job);
    const ended = this.#ring.ofTask(task).find((attempt) => attempt.job === place);
    return ended === undefined ? undefined : this.#remembered(ended);
  }

  #remembered({ job, task, group }: EndedAttempt): RememberedTask | undefined {
    const { name, kernel } = this.#groups.list[group] ?? { name: "", kernel: "" };
    const id = this.#jobs.list[job];
    return id === undefined ? undefined : { job: id, task, kernel, group: name };
  }

  #endedStory(ended: EndedAttempt): AttemptStory {
    const { attempt, outcome, isSpeculative, endMs, lifeMs } = ended;
    const { worker, name } = present(this.#workers.list[ended.worker], "a worker of the sequence");
    return {
      attempt,
      worker,
      name,
      outcome,
      isSpeculative,
      grantedMs: endMs - lifeMs,
      endMs,
      fetchMs: rounded(ended.fetchMs),
      waitMs: rounded(ended.waitMs),
      computeMs: rounded(ended.computeMs),
      why: this.#reasons.get(attempt) ?? null,
    };
  }

  #placesOf(granted: GrantedAttempt): Places {
    const places = this.#name(granted);
    if (places !== undefined) return places;
    this.#beginAnew();
    return this.#name(granted) ?? NOWHERE;
  }

  /** Undefined when there is no room for a new name. */
  #name({ worker, workerName, kernel, group, job }: GrantedAttempt): Places | undefined {
    const ofWorker =
      this.#workers.place(worker) ?? this.#workers.add(worker, { worker, name: workerName });
    const ofGroup = this.#groups.place(group) ?? this.#groups.add(group, { name: group, kernel });
    const ofJob = this.#jobs.place(job) ?? this.#jobs.add(job, job);
    if (ofWorker === undefined || ofGroup === undefined || ofJob === undefined) return undefined;
    const entry = this.#workers.list[ofWorker];
    if (entry !== undefined) entry.name = workerName;
    return { worker: ofWorker, group: ofGroup, job: ofJob };
  }

  /** There is no room for more names: what is told from now on is another sequence. */
  #beginAnew(): void {
    this.#run = freshRun();
    this.#ring = new ActivityRing();
    for (const names of [this.#workers, this.#groups, this.#jobs]) names.clear();
    for (const live of this.#live.values()) live.places = this.#name(live.granted) ?? NOWHERE;
  }
}

/** What has a name once and for all, and its place in the order of coming. */
class Names<Key, Entry> {
  readonly #places = new Map<Key, number>();
  readonly list: Entry[] = [];

  place(key: Key): number | undefined {
    return this.#places.get(key);
  }

  /** The place of a new name; undefined when there is no room. */
  add(key: Key, entry: Entry): number | undefined {
    if (this.list.length >= NAMES_MAX) return undefined;
    const place = this.list.push(entry) - 1;
    this.#places.set(key, place);
    return place;
  }

  clear(): void {
    this.#places.clear();
    this.list.length = 0;
  }
}

/** Of what no table has room for. */
const NOWHERE: Places = { worker: 0, group: 0, job: 0 };

const freshRun = (): string => randomText(randomBytes(16));

const emptyColumns = (): Activity["ended"] => ({
  seq: [],
  attempt: [],
  worker: [],
  thread: [],
  group: [],
  job: [],
  endMs: [],
  fetchMs: [],
  waitMs: [],
  computeMs: [],
  outcome: [],
  isSpeculative: [],
});

function addRow(columns: Activity["ended"], seq: number, ended: EndedAttempt): void {
  columns.seq.push(seq);
  columns.attempt.push(ended.attempt);
  columns.worker.push(ended.worker);
  columns.thread.push(ended.thread);
  columns.group.push(ended.group);
  columns.job.push(ended.job);
  columns.endMs.push(ended.endMs);
  columns.fetchMs.push(rounded(ended.fetchMs));
  columns.waitMs.push(rounded(ended.waitMs));
  columns.computeMs.push(rounded(ended.computeMs));
  columns.outcome.push(attemptOutcomes.indexOf(ended.outcome));
  columns.isSpeculative.push(ended.isSpeculative ? 1 : 0);
}

/** Microseconds say more than anybody sees; the digits beyond would be most of the answer's bytes. */
const rounded = (ms: number): number => Math.round(ms * 1_000) / 1_000;

const liveStory = ({ granted, grantedMs }: LiveAttempt): AttemptStory => ({
  attempt: granted.attempt,
  worker: granted.worker,
  name: granted.workerName,
  outcome: null,
  isSpeculative: granted.isSpeculative,
  grantedMs,
  endMs: null,
  fetchMs: null,
  waitMs: null,
  computeMs: null,
  why: null,
});
