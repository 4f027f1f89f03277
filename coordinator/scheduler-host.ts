// The only caller of the scheduler: turns what happened into events, and its commands into messages.
import { decodeBase64 } from "../shared/codecs/base64.ts";
import type { BlockRef } from "../shared/graph/task.ts";
import type { AttemptId, BlockId, JobId, TaskKey, WorkerId } from "../shared/ids.ts";
import type { WorkerMessage, WorkerView } from "../shared/protocol/messages.ts";
import type { SchedulerCommand } from "../shared/scheduler/commands.ts";
import type { Holder, SchedulerEvent } from "../shared/scheduler/events.ts";
import { createScheduler, step } from "../shared/scheduler/scheduler.ts";
import { readersOf, taskStanding, taskStory, workerLoad } from "../shared/scheduler/views.ts";
import type { TaskStanding, TaskStory } from "../shared/scheduler/views.ts";
import type { ActivityLog, AttemptEnd } from "./activity-log.ts";
import { failedEnd, timesOf } from "./attempt-ends.ts";
import type { BlockSources } from "./block-sources.ts";
import type { BlockStore } from "./block-store.ts";
import type { JobBook } from "./job-book.ts";
import { groupOf } from "./job-outline.ts";
import { JobRecords } from "./job-records.ts";
import type { Journal } from "./journal.ts";
import type { FinalJobState } from "./journal-rows.ts";
import { clientHolder, type ClientPort, type WorkerPort } from "./ports.ts";
import { Retirements } from "./retirements.ts";
import { Watchers } from "./watchers.ts";

/** How often the scheduler learns that time has passed. */
const TICK_MS = 500;
/** Ticks between two savings of the unfinished jobs' timing. */
const TICKS_PER_SAVE = 10;
/** Attempt numbers taken from the journal at once. */
const ATTEMPTS_RESERVED = 1_000_000;
type Command<Type extends SchedulerCommand["type"]> = Extract<SchedulerCommand, { type: Type }>;
type Said<Type extends WorkerMessage["type"]> = Extract<WorkerMessage, { type: Type }>;

/** What decides over a worker's leases. */
type Ability = Pick<Said<"status">, "threads" | "paused" | "hidden" | "runsFunctions"> & {
  readonly isRetiring: boolean;
};
const ABILITIES = ["threads", "paused", "hidden", "runsFunctions", "isRetiring"] as const;

export interface SchedulerHostOptions {
  /** Functions of users may run here, on workers that agreed. */
  readonly allowsFunctions: boolean;
  readonly journal: Journal;
  readonly store: BlockStore;
  readonly sources: BlockSources;
  readonly book: JobBook;
  readonly activity: ActivityLog;
  /** Monotonic time. */
  readonly nowMs: () => number;
  /** Time of day, in Unix milliseconds. */
  readonly nowUnixMs: () => number;
  readonly log: (line: string) => void;
  /** Called when something changed that the views show. */
  readonly onChange: () => void;
}

export class SchedulerHost {
  readonly #options: SchedulerHostOptions;
  readonly #scheduler: ReturnType<typeof createScheduler>;
  readonly #sources: BlockSources;
  readonly #workers = new Map<WorkerId, WorkerPort>();
  readonly #watchers: Watchers;
  readonly #records: JobRecords;
  readonly #retirements: Retirements;
  readonly #events: SchedulerEvent[] = [];
  #attemptsReservedTo: number;
  #isDraining = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #tickCount = 0;

  constructor(options: SchedulerHostOptions) {
    this.#options = options;
    const nextAttempt = options.journal.reserve("attempt", ATTEMPTS_RESERVED);
    this.#attemptsReservedTo = nextAttempt + ATTEMPTS_RESERVED - 1;
    this.#scheduler = createScheduler({ nextAttempt });
    this.#sources = options.sources;
    this.#retirements = new Retirements(options);
    this.#watchers = new Watchers((result) => options.sources.locatedResult(result));
    this.#records = new JobRecords({ ...options, watchers: this.#watchers });
    options.journal.onWriteError = (error) => {
      options.log(`The journal could not record results: ${error.message}`);
    };
    options.store.onLost = (block) => {
      options.log(`A stored block was damaged and is removed: ${block}`);
      this.blocksDropped("store", [block]);
    };
  }

  /** Announces the stored blocks and begins to tick. */
  start(): void {
    this.blocksHeld("store", this.#options.store.list());
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  /** Saves what is unsaved; events are ignored from then on. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#sources.close();
    this.#records.saveProgress();
  }

  /** Gives an event to the scheduler, and carries out all that follows before it returns. */
  dispatch(event: SchedulerEvent): void {
    if (this.#isClosed) return;
    this.#events.push(event);
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        const commands = step(this.#scheduler, next, this.#options.nowMs());
        for (const command of commands) this.#execute(command);
      }
    } finally {
      this.#isDraining = false;
    }
    this.#sources.sendUploadRequests();
    this.#watchers.flush();
  }

  // Workers

  get workers(): readonly WorkerPort[] {
    return [...this.#workers.values()];
  }

  workerJoined(port: WorkerPort): void {
    this.#workers.set(port.worker, port);
    this.#sources.join(port.worker, port);
    this.dispatch({ type: "worker-joined", ...identity(port), ...this.#abilityOf(port) });
    this.#options.onChange();
  }

  workerLeft(port: WorkerPort, isExpected: boolean): void {
    const { leased, status, tally } = port.record;
    if (!isExpected) tally.standing.lost(Math.min(leased.size, status.threads));
    const outcome = isExpected ? "returned" : "cancelled";
    for (const attempt of leased) this.#endAttempt(port, attempt, { outcome });
    this.#sources.leave(port.worker, port);
    if (this.#workers.get(port.worker) === port) this.#workers.delete(port.worker);
    this.dispatch({ type: "worker-left", ...identity(port), isExpected });
    this.#options.onChange();
  }

  workerHeard(port: WorkerPort): void {
    port.record.heard(this.#options.nowMs());
    this.dispatch({ type: "worker-heard", ...identity(port) });
  }

  workerStatus(port: WorkerPort, status: Said<"status">): void {
    const before = this.#abilityOf(port);
    port.record.applyStatus(status);
    this.#options.activity.running(status.running);
    const now = this.#abilityOf(port);
    // Whoever gave leases back gets others as soon as it has said how it is: that ends its rest.
    if (port.record.hasReturned || ABILITIES.some((name) => before[name] !== now[name])) {
      port.record.hasReturned = false;
      this.dispatch({ type: "worker-changed", ...identity(port), ...now });
    }
    this.#options.onChange();
  }

  /** As dashboards see the joined workers. */
  workerViews(): WorkerView[] {
    const nowMs = this.#options.nowMs();
    return this.workers.map(({ worker, record }) => {
      const { relativeSpeed = 1, speeds = [] } = workerLoad(this.#scheduler, worker) ?? {};
      // Three digits say as much as is known, and this is sent several times a second.
      const rounded = speeds.map(({ kernel, operationsPerMs }) => ({
        kernel,
        operationsPerMs: Number(operationsPerMs.toPrecision(3)),
      }));
      return record.view(nowMs, { relativeSpeed, speeds: rounded });
    });
  }

  /** Has a worker finish, hand over and leave. */
  retireWorker(port: WorkerPort): void {
    this.#retirements.begin(port);
    this.dispatch({ type: "worker-changed", ...identity(port), ...this.#abilityOf(port) });
    this.#options.onChange();
  }

  #abilityOf(port: WorkerPort): Ability {
    const { threads, paused, hidden, runsFunctions } = port.record.status;
    return {
      isRetiring: port.record.isRetiring,
      threads,
      paused,
      hidden,
      runsFunctions: runsFunctions && this.#options.allowsFunctions,
    };
  }

  attemptFinished(port: WorkerPort, message: Said<"attempt-finished">): void {
    const { attempt, computeMs } = message;
    const { activity, book } = this.#options;
    const granted = port.record.leased.has(attempt) ? activity.live(attempt) : undefined;
    const { threads } = port.record.status;
    if (granted !== undefined) book.attemptTimed(granted, message, threads);
    port.record.tally.computeMs += computeMs;
    port.record.tally.standing.finished();
    try {
      const outputs = message.outputs.map((output) => this.#keepOutput(output));
      this.#endAttempt(port, attempt, { outcome: "finished", ...timesOf(message) });
      const kept = outputs.filter((output) => !output.isStored);
      if (kept.length > 0) this.#sources.hold(port.worker, kept);
      this.dispatch({ type: "attempt-finished", ...identity(port), attempt, outputs, computeMs });
    } catch (error) {
      const what = `The result could not be kept: ${(error as Error).message}`;
      const reason = "kernel-error";
      this.#endAttempt(port, attempt, { outcome: "failed", why: what, ...timesOf(message) });
      this.dispatch({
        type: "attempt-failed",
        ...identity(port),
        attempt,
        reason,
        message: what,
      });
    }
  }

  /** A small output came along and is in the store from now on. Throws when it cannot be. */
  #keepOutput({
    block,
    sizeBytes,
    bytes,
  }: Said<"attempt-finished">["outputs"][number]): BlockRef & { readonly isStored: boolean } {
    if (bytes === undefined) return { block, sizeBytes, isStored: false };
    return { ...this.#options.store.putSmall(block, decodeBase64(bytes)), isStored: true };
  }

  attemptFailed(port: WorkerPort, failed: Said<"attempt-failed">): void {
    const { attempt, reason, message, block, error } = failed;
    this.#endAttempt(port, attempt, failedEnd(failed));
    port.record.tally.tasksFailed += 1;
    port.record.tally.standing.failed(reason);
    this.#options.log(`${port.record.name}: attempt ${attempt} failed (${reason}): ${message}`);
    this.dispatch({
      type: "attempt-failed",
      ...identity(port),
      attempt,
      reason,
      message,
      ...(block === undefined ? {} : { block }),
      ...(error === undefined ? {} : { error }),
    });
  }

  attemptsReturned(port: WorkerPort, attempts: readonly AttemptId[]): void {
    for (const attempt of attempts) this.#endAttempt(port, attempt, { outcome: "returned" });
    port.record.hasReturned = true;
    this.dispatch({ type: "attempts-returned", ...identity(port), attempts });
  }

  linksMeasured(port: WorkerPort, links: Said<"links">["links"]): void {
    port.record.applyLinks(links);
    for (const { peer, bytesPerMs } of links) {
      const source = peer === null ? "store" : this.#sources.holderOf(peer);
      if (bytesPerMs === null || source === undefined) continue;
      this.dispatch({ type: "link-measured", worker: port.worker, source, bytesPerMs });
    }
    this.#options.onChange();
  }

  // Clients

  clientJoined(port: ClientPort): void {
    this.#sources.join(clientHolder(port.client), port);
  }

  clientLeft(port: ClientPort): void {
    const holder = clientHolder(port.client);
    this.#watchers.leave(port);
    if (this.#sources.leave(holder, port)) this.dispatch({ type: "holder-left", holder });
  }

  /** False when there is no such job. */
  watch(port: ClientPort, job: JobId): boolean {
    const { book, journal } = this.#options;
    const active = book.active(job);
    if (active !== undefined) {
      book.attend(job);
      const results = Array.from(active.results, ([task, outputs]) => ({ task, outputs }));
      const failures = [...book.failuresOf(job)];
      this.#watchers.add(port, job, { results, failures, isLast: false });
      return true;
    }
    if (book.finished(job) === undefined) return false;
    const results = journal.targetResults(job);
    const failures = [...book.failuresOf(job)];
    this.#watchers.add(port, job, { results, failures, isLast: true });
    return true;
  }

  unwatch(port: ClientPort, job: JobId): void {
    this.#watchers.remove(port, job);
  }

  isWatched(job: JobId): boolean {
    return this.#watchers.isWatched(job);
  }

  // Tasks

  /** How a task stands; undefined when no unfinished job includes it. */
  standingOf(task: TaskKey): TaskStanding | undefined {
    return taskStanding(this.#scheduler, task);
  }

  storyOf(task: TaskKey): TaskStory | undefined {
    return taskStory(this.#scheduler, task);
  }

  /** Tasks of an unfinished job that take outputs of this one. */
  readersOf(task: TaskKey, job: JobId, max: number): TaskKey[] {
    return readersOf(this.#scheduler, task, job, max);
  }

  // Blocks

  /** Has every worker fetch these ahead. */
  broadcast(ids: readonly BlockId[]): void {
    const blocks = this.#sources.locate(ids);
    if (blocks.length === 0) return;
    for (const port of this.#workers.values()) port.send({ type: "prefetch-blocks", blocks });
  }

  blocksHeld(holder: Holder, blocks: readonly BlockRef[]): void {
    this.#sources.hold(holder, blocks);
    this.dispatch({ type: "blocks-held", holder, blocks });
  }

  blocksDropped(holder: Holder, blocks: readonly BlockId[]): void {
    this.#sources.drop(holder, blocks);
    this.dispatch({ type: "blocks-dropped", holder, blocks });
  }

  // What commands do

  #execute(command: SchedulerCommand): void {
    switch (command.type) {
      case "grant-lease":
        return this.#grantLease(command);
      case "cancel-attempt":
        return this.#cancelAttempt(command);
      case "store-block":
        return this.#storeBlock(command);
      case "release-blocks":
        this.#workers
          .get(command.worker)
          ?.send({ type: "release-blocks", blocks: [...command.blocks] });
        return undefined;
      case "end-incarnation":
        this.#portOf(command)?.end(
          "silent",
          "The coordinator lost touch with this page for a while.",
        );
        return undefined;
      case "worker-retired":
        this.#retirements.letGo(this.#portOf(command));
        return undefined;
      case "record-result":
        return this.#records.resultAccepted(command, this.#workers.get(command.worker)?.record);
      case "announce-target":
        return this.#records.targetReady(command.job, command);
      case "announce-failure":
        return this.#records.targetFailed(command);
      case "record-retry":
        return this.#records.targetsRetried(command);
      case "drop-tasks":
        return this.#records.tasksDropped(command);
      case "finish-job":
        return this.#records.finishJob(
          command.job,
          command.state,
          command.failure ?? null,
          command.failedOn ?? [],
        );
    }
  }

  /** The worker's port, unless another incarnation has taken its place. */
  #portOf(of: { worker: WorkerId; incarnation: number }): WorkerPort | undefined {
    const port = this.#workers.get(of.worker);
    return port?.incarnation === of.incarnation ? port : undefined;
  }

  #grantLease(command: Command<"grant-lease">): void {
    const { attempt, job, task, isSpeculative, expectedMs } = command;
    this.#reserveAttempts(attempt);
    const port = this.#portOf(command);
    const active = this.#options.book.active(job);
    const work = active?.tasks.get(task);
    if (port === undefined || active === undefined || work === undefined) return;
    this.#options.book.attemptGranted(job);
    this.#options.activity.granted({
      attempt,
      job,
      task,
      worker: port.worker,
      workerName: port.record.name,
      kernel: work.kernel,
      group: groupOf(work),
      isSpeculative,
    });
    port.record.leased.add(attempt);
    const given = port.record.given;
    port.send({
      type: "lease",
      attempt,
      task,
      job,
      title: active.head.title,
      kernel: work.kernel,
      params: work.params,
      inputs: command.inputs.map((input) => {
        const located = this.#sources.located(input, input.holders, port.peer);
        return given.remembers(input) ? located : this.#sources.withBytes(located);
      }),
      limitMs: work.limitMs ?? null,
      leaseMs: Math.max(0, command.deadlineMs - this.#options.nowMs()),
      isSpeculative,
      expectedMs,
    });
    this.#options.onChange();
  }

  /** Keeps the journal's mark ahead of the numbers in use. */
  #reserveAttempts(attempt: number): void {
    if (attempt < this.#attemptsReservedTo) return;
    this.#records.write("reserve attempt numbers", () => {
      const first = this.#options.journal.reserve("attempt", ATTEMPTS_RESERVED);
      this.#attemptsReservedTo = first + ATTEMPTS_RESERVED - 1;
    });
  }

  #cancelAttempt(command: Command<"cancel-attempt">): void {
    const port = this.#portOf(command);
    if (port === undefined) return;
    this.#endAttempt(port, command.attempt, { outcome: "cancelled" });
    port.send({ type: "cancel-attempt", attempt: command.attempt, reason: command.reason });
  }

  /** Does nothing when it has ended before. */
  #endAttempt(port: WorkerPort, attempt: AttemptId, end: AttemptEnd): void {
    const { activity, book } = this.#options;
    const granted = port.record.leased.delete(attempt) ? activity.ended(attempt, end) : undefined;
    if (granted !== undefined) book.attemptEnded(granted.job);
    this.#options.onChange();
  }

  /** Ends a job that the scheduler does not know. */
  finishJob(job: JobId, state: FinalJobState): void {
    this.#records.finishJob(job, state, null);
  }

  #storeBlock({ holder, block }: Command<"store-block">): void {
    const stored = this.#options.store.get(block);
    if (stored === undefined) this.#sources.requestUpload(holder, block);
    else this.dispatch({ type: "blocks-held", holder: "store", blocks: [stored] });
  }

  // Time and records

  #tick(): void {
    this.dispatch({ type: "ticked" });
    this.#retirements.endLate(this.workers);
    this.#tickCount += 1;
    if (this.#tickCount % TICKS_PER_SAVE === 0) this.#records.saveProgress();
  }
}

const identity = (port: WorkerPort): Pick<WorkerPort, "worker" | "incarnation"> => ({
  worker: port.worker,
  incarnation: port.incarnation,
});
