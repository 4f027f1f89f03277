// One open job of this client: what is wanted of it, let go and tried again, sent in one request a tick.
import { present } from "../assert.ts";
import type { TaskKey, JobId } from "../ids.ts";
import type { JobResult } from "../protocol/messages.ts";
import type { TargetFailure } from "../graph/task.ts";
import { ClusterError, type ClusterClient } from "./cluster-client.ts";
import type { ClusterTools } from "./cluster-tools.ts";
import { patiently } from "./patiently.ts";
import { Target, type TargetOwner } from "./target.ts";
import { CancelledError, TaskError } from "./task-error.ts";
import { collectTasks, type TaskNode } from "./task-node.ts";

/** Targets in one request, and about how many bytes: the coordinator does other things in between. */
const TARGETS_PER_REQUEST_MAX = 5_000;
const BYTES_PER_REQUEST = 8 * 2 ** 20;
/** A task's JSON without its blocks. */
const TASK_JSON_BYTES = 700;

const SESSION_KIND = "session";

export interface SessionParts {
  readonly client: ClusterClient;
  readonly tools: Pick<ClusterTools, "clock">;
  readonly priority: number;
  readonly title: string;
  /** Wants the task anew, in another session, when this one is over. */
  readonly renew: (node: TaskNode) => Target;
}

/** What a request changes beside adding work. */
interface Changes {
  readonly released: readonly TaskKey[];
  readonly retried: readonly TaskKey[];
}

export class Session implements TargetOwner {
  readonly #parts: SessionParts;
  /** Those that futures want. */
  readonly #targets = new Map<TaskKey, Target>();
  /** Of these, those that are to be sent. */
  readonly #queued = new Map<TaskKey, Target>();
  /** Those that nobody wants any more, and that the coordinator does not know of yet. */
  readonly #released = new Map<TaskKey, Target>();
  readonly #retried = new Set<TaskKey>();
  /** The targets that the coordinator has, or is being sent. */
  readonly #there = new Set<TaskKey>();
  readonly #stops: (() => void)[] = [];
  #job: JobId | null = null;
  #sending: Promise<void> | null = null;
  #isOver = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** It ended, by anybody's wish: nothing can be added any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Null until something was wanted. */
  get job(): JobId | null {
    return this.#job;
  }

  want(node: TaskNode): Target {
    const { key } = node.task;
    const known = this.#targets.get(key);
    if (known !== undefined) {
      known.wanted += 1;
      return known;
    }
    const target = new Target(key, node, this);
    target.wanted = 1;
    this.#targets.set(key, target);
    const before = this.#released.get(key);
    if (before === undefined) this.#queue(target, node);
    else {
      // The coordinator never hears that it was let go, so what it told before is still true.
      this.#released.delete(key);
      if (before.status === "done") target.succeed(before.outputs);
      else if (before.error instanceof TaskError) target.fail(before.error);
    }
    return target;
  }

  release(target: Target): void {
    target.wanted -= 1;
    const { key } = target;
    if (target.wanted > 0 || this.#targets.get(key) !== target) return;
    this.#targets.delete(key);
    this.#retried.delete(key);
    target.cancel(new CancelledError("It was let go before it was done."));
    if (this.#queued.delete(key) || !this.#there.has(key)) return;
    this.#released.set(key, target);
    this.#wake();
  }

  retry(target: Target): Target {
    const { node } = target;
    if (target.status !== "failed" && target.status !== "cancelled") return target;
    if (this.#isOver) {
      this.release(target);
      return this.again(target);
    }
    target.restart();
    if (this.#there.has(target.key)) {
      this.#retried.add(target.key);
      this.#wake();
    } else if (node !== null) this.#queue(target, node);
    return target;
  }

  again({ node }: Target): Target {
    const known = present(node, "the task of a session's target");
    return this.#isOver ? this.#parts.renew(known) : this.want(known);
  }

  /** Ends it for this client. What is wanted of it is still finished, and kept by the coordinator. */
  async close(): Promise<void> {
    await this.#sending;
    if (this.#isOver) return;
    const job = this.#job;
    const isEmpty = this.#targets.size === 0;
    this.end(new ClusterError("This connection was closed.", 0, { isFinal: true }));
    if (job === null) return;
    const { client } = this.#parts;
    await (isEmpty ? client.forget(job) : client.closeJob(job));
  }

  /** No result will come any more: those that are waited for end with `error`. */
  end(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const stop of this.#stops.splice(0)) stop();
    const targets = [...this.#targets.values()];
    for (const all of [this.#targets, this.#queued, this.#released]) all.clear();
    for (const target of targets) {
      if (error instanceof CancelledError) target.cancel(error);
      else target.fail(error);
    }
  }

  #queue(target: Target, node: TaskNode): void {
    const add = (): void => {
      if (this.#targets.get(target.key) !== target || target.status !== "pending") return;
      this.#queued.set(target.key, target);
      this.#wake();
    };
    if (node.ready === null) add();
    else node.ready.then(add, (error: Error) => target.fail(error));
  }

  #wake(): void {
    if (this.#sending !== null || this.#isOver) return;
    // At the end of this tick, so that all that is said in it goes together.
    this.#sending = Promise.resolve().then(() => this.#sendAll());
  }

  async #sendAll(): Promise<void> {
    try {
      const job = await this.#open();
      while (!this.#isOver && this.#hasWork()) await this.#sendSome(job);
    } catch (error) {
      this.end(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#sending = null;
    }
  }

  #hasWork(): boolean {
    return this.#queued.size + this.#released.size + this.#retried.size > 0;
  }

  async #open(): Promise<JobId> {
    if (this.#job !== null) return this.#job;
    const { client, priority, title } = this.#parts;
    const job = await this.#patiently(() =>
      client.submit({
        kind: SESSION_KIND,
        title,
        meta: {},
        priority,
        tasks: [],
        targets: [],
        isOpen: true,
      }),
    );
    this.#job = job;
    this.#follow(job);
    return job;
  }

  #follow(job: JobId): void {
    const { client } = this.#parts;
    const ended = (): void =>
      this.end(new CancelledError("The job was ended: somebody cancelled or deleted it."));
    let wasSeen = false;
    this.#stops.push(
      client.follow(job, {
        onResults: (results) => this.#receive(results),
        onFailures: (failures) => this.#fail(failures),
        onEnd: ended,
      }),
      // A coordinator that was restarted without its data knows nothing of the job.
      client.onView(({ jobs }) => {
        const isThere = jobs.some((view) => view.job === job);
        if (wasSeen && !isThere) ended();
        wasSeen ||= isThere;
      }),
    );
  }

  #receive(results: readonly JobResult[]): void {
    for (const { task, outputs } of results) this.#targets.get(task)?.succeed(outputs);
  }

  #fail(failures: readonly TargetFailure[]): void {
    for (const failure of failures) {
      // Told before the coordinator hears that it is to be tried again.
      if (this.#retried.has(failure.task)) continue;
      this.#targets.get(failure.task)?.fail(TaskError.ofTarget(failure));
    }
  }

  async #sendSome(job: JobId): Promise<void> {
    const changes = { released: [...this.#released.keys()], retried: [...this.#retried] };
    this.#released.clear();
    this.#retried.clear();
    for (const key of changes.released) this.#there.delete(key);
    await this.#send(job, changes, this.#takeQueued());
  }

  #takeQueued(): Target[] {
    const taken: Target[] = [];
    let bytes = 0;
    for (const [key, target] of this.#queued) {
      if (taken.length >= TARGETS_PER_REQUEST_MAX || bytes > BYTES_PER_REQUEST) break;
      this.#queued.delete(key);
      taken.push(target);
      bytes += TASK_JSON_BYTES;
      for (const block of target.node?.blocks ?? []) bytes += block.bytes.length;
    }
    return taken;
  }

  /** Sends work; when it is refused, halves of it, so that only what is wrong with it fails. */
  async #send(job: JobId, changes: Changes, wanted: readonly Target[]): Promise<void> {
    const nodes = wanted.flatMap(({ node }) => node ?? []);
    const { tasks, blocks } = collectTasks(nodes, (key) => this.#there.has(key));
    const targets = wanted.map(({ key }) => key);
    for (const key of targets) this.#there.add(key);
    try {
      const { client } = this.#parts;
      await this.#patiently(() => client.extend(job, { ...changes, tasks, targets }, blocks));
    } catch (error) {
      const isRefused =
        error instanceof ClusterError && error.status >= 400 && error.status !== 404;
      const [first] = wanted;
      if (!isRefused || first === undefined) throw error;
      for (const key of targets) this.#there.delete(key);
      if (wanted.length === 1) {
        first.fail(error);
        if (changes.released.length + changes.retried.length > 0)
          await this.#send(job, changes, []);
        return;
      }
      const half = wanted.length >> 1;
      await this.#send(job, changes, wanted.slice(0, half));
      await this.#send(job, { released: [], retried: [] }, wanted.slice(half));
    }
  }

  #patiently<T>(request: () => Promise<T>): Promise<T> {
    const { clock } = this.#parts.tools;
    return patiently(request, clock, { tries: Infinity, isWanted: () => !this.#isOver });
  }
}
