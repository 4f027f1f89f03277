// What a client wants of its open job, lets go and tries again, sent in one request a tick. A job that
// was closed or ended by others is followed by another one.
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

/** The answers that tell that the job was deleted, and that it is closed. */
const [IS_DELETED, IS_CLOSED] = [404, 410];

export interface SessionParts {
  readonly client: ClusterClient;
  readonly tools: Pick<ClusterTools, "clock">;
  readonly priority: number;
  readonly title: string;
}

/** What a request changes beside adding work. */
interface Changes {
  readonly released: readonly TaskKey[];
  readonly retried: readonly TaskKey[];
}

const NO_CHANGES: Changes = { released: [], retried: [] };

/** The open job, for as long as it can be extended; another one follows when there is more to do. */
interface OpenJob {
  readonly id: JobId;
  readonly unfollow: () => void;
}

export class Session implements TargetOwner {
  readonly #parts: SessionParts;
  /** Those that futures want, of this job or of the next. */
  readonly #targets = new Map<TaskKey, Target>();
  /** Of these, those that are to be sent. */
  readonly #queued = new Map<TaskKey, Target>();
  /** Those that nobody wants any more, and that the coordinator does not know of yet. */
  readonly #released = new Map<TaskKey, Target>();
  readonly #retried = new Set<TaskKey>();
  /** The targets that the job has, or that are being sent. */
  #there = new Set<TaskKey>();
  /** The targets that a request is about which was not answered yet. */
  readonly #asked = new Set<TaskKey>();
  #job: OpenJob | null = null;
  /** Jobs that cannot be extended any more, whose end was not told yet, and the targets that they have. */
  readonly #closed = new Map<JobId, Pick<OpenJob, "unfollow"> & { readonly had: Set<TaskKey> }>();
  #sending: Promise<void> | null = null;
  #isClosing = false;
  /** Why nothing can be wanted any more. */
  #ending: Error | null = null;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  want(node: TaskNode): Target {
    if (this.#ending !== null) throw this.#ending;
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
    if (before === undefined) this.#queue(target);
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
    target.end(new CancelledError("It was let go before it was done."));
    if (this.#queued.delete(key) || !this.#there.has(key)) return;
    this.#released.set(key, target);
    this.#wake();
  }

  retry(target: Target): Target {
    if (target.status !== "failed" && target.status !== "cancelled") return target;
    // What was told of a job that has ended since stays as it is for those who still hold it.
    if (this.#targets.get(target.key) !== target) {
      this.release(target);
      return this.again(target);
    }
    target.restart();
    if (this.#there.has(target.key)) {
      this.#retried.add(target.key);
      this.#wake();
    } else this.#queue(target);
    return target;
  }

  again({ node }: Target): Target {
    return this.want(present(node, "the task of a session's target"));
  }

  /** Ends it for this client. What is wanted of it is still finished, and kept by the coordinator. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#sending;
    if (this.#ending !== null) return;
    const job = this.#job;
    const isEmpty = this.#targets.size === 0;
    this.end(new ClusterError("This connection was closed.", 0, { isFinal: true }));
    if (job === null) return;
    const { client } = this.#parts;
    await (isEmpty ? client.forget(job.id) : client.closeJob(job.id));
  }

  /** No result will come any more: those that are waited for end with `error`. */
  end(error: Error): void {
    this.#ending ??= error;
    this.#giveUp(error);
  }

  /** Whatever is wanted and not there yet ends with `error`. */
  #giveUp(error: Error): void {
    const targets = [...this.#targets.values()];
    for (const all of [this.#targets, this.#queued, this.#asked]) all.clear();
    this.#leaveJob();
    for (const { unfollow } of this.#closed.values()) unfollow();
    this.#closed.clear();
    for (const target of targets) target.end(error);
  }

  #queue(target: Target): void {
    const add = (): void => {
      if (this.#targets.get(target.key) !== target || target.status !== "pending") return;
      this.#queued.set(target.key, target);
      this.#wake();
    };
    const ready = target.node?.ready ?? null;
    if (ready === null) add();
    else ready.then(add, (error: Error) => target.fail(error));
  }

  #wake(): void {
    if (this.#sending !== null || this.#ending !== null) return;
    // At the end of this tick, so that all that is said in it goes together.
    this.#sending = Promise.resolve().then(() => this.#sendAll());
  }

  async #sendAll(): Promise<void> {
    try {
      while (this.#ending === null && this.#hasWork()) {
        this.#job ??= await this.#openJob();
        await this.#sendSome(this.#job.id);
      }
    } catch (error) {
      this.#giveUp(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#sending = null;
    }
  }

  #hasWork(): boolean {
    return this.#queued.size + this.#released.size + this.#retried.size > 0;
  }

  async #openJob(): Promise<OpenJob> {
    const { client, priority, title } = this.#parts;
    const id = await this.#patiently(() =>
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
    if (this.#ending !== null) throw this.#ending;
    const unfollow = client.follow(id, {
      onResults: (results) => this.#receive(results),
      onFailures: (failures) => this.#fail(id, failures),
      onEnd: () => this.#jobEnded(id),
    });
    return { id, unfollow };
  }

  /**
   * Nothing can be added to the job any more. What it had and is not there yet was cancelled or deleted
   * by somebody; what it was not given yet goes into another one.
   */
  #jobEnded(id: JobId): void {
    const closed = this.#closed.get(id);
    if (closed !== undefined) {
      this.#closed.delete(id);
      closed.unfollow();
      for (const key of closed.had) this.#cancelUnlessAskedAgain(key);
    }
    if (this.#job?.id !== id) return;
    const again = this.#retriedTargets();
    for (const [key, target] of this.#targets) {
      if (!this.#there.has(key) || this.#retried.has(key) || this.#asked.has(key)) continue;
      this.#cancel(target);
    }
    this.#leaveJob();
    for (const target of again) this.#queue(target);
  }

  /**
   * The coordinator has closed the job, as when nobody followed it for long. What it had is there, or
   * is being told: only what comes now goes into another one.
   */
  #jobClosed(id: JobId): void {
    if (this.#job?.id !== id) return;
    const again = this.#retriedTargets();
    this.#closed.set(id, { unfollow: this.#job.unfollow, had: this.#there });
    this.#forgetJob();
    for (const target of again) this.#queue(target);
  }

  #retriedTargets(): Target[] {
    return [...this.#retried].flatMap((key) => this.#targets.get(key) ?? []);
  }

  #cancelUnlessAskedAgain(key: TaskKey): void {
    const target = this.#targets.get(key);
    if (target !== undefined && !this.#isAsked(key)) this.#cancel(target);
  }

  /** The present job has it, or will be given it. */
  #isAsked(key: TaskKey): boolean {
    return this.#there.has(key) || this.#queued.has(key) || this.#asked.has(key);
  }

  #cancel(target: Target): void {
    this.#targets.delete(target.key);
    target.end(new CancelledError("The job was ended: somebody cancelled or deleted it."));
  }

  #leaveJob(): void {
    this.#job?.unfollow();
    this.#forgetJob();
  }

  #forgetJob(): void {
    this.#job = null;
    this.#released.clear();
    this.#retried.clear();
    this.#there = new Set();
  }

  #receive(results: readonly JobResult[]): void {
    for (const { task, outputs } of results) this.#targets.get(task)?.succeed(outputs);
  }

  #fail(id: JobId, failures: readonly TargetFailure[]): void {
    for (const failure of failures) {
      // Told before the coordinator hears that it is to be tried again, or of a job before this one.
      if (this.#retried.has(failure.task)) continue;
      if (this.#job?.id !== id && this.#isAsked(failure.task)) continue;
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
    const outcome = await this.#ask([...targets, ...changes.retried], job, () =>
      this.#parts.client.extend(job, { ...changes, tasks, targets }, blocks),
    );
    if (outcome === null) return;
    const [first] = wanted;
    if (first === undefined) throw outcome;
    for (const key of targets) this.#there.delete(key);
    if (wanted.length === 1) {
      first.fail(outcome);
      if (changes.released.length + changes.retried.length > 0) await this.#send(job, changes, []);
      return;
    }
    const half = wanted.length >> 1;
    await this.#send(job, changes, wanted.slice(0, half));
    await this.#send(job, NO_CHANGES, wanted.slice(half));
  }

  /**
   * Makes a request about these targets. Null when it was answered, or when the job turned out to be
   * over; the error when it was refused. Rejects with every other failure.
   */
  async #ask(
    keys: readonly TaskKey[],
    job: JobId,
    request: () => Promise<void>,
  ): Promise<ClusterError | null> {
    for (const key of keys) this.#asked.add(key);
    try {
      await this.#patiently(request);
      if (this.#job?.id !== job) this.#endedMeanwhile(keys);
      return null;
    } catch (error) {
      if (!(error instanceof ClusterError) || error.status < 400) throw error;
      if (error.status === IS_DELETED) this.#jobEnded(job);
      else if (error.status === IS_CLOSED) this.#jobClosed(job);
      else return error;
      for (const key of keys) {
        this.#there.delete(key);
        const target = this.#targets.get(key);
        if (target !== undefined) this.#queue(target);
      }
      return null;
    } finally {
      for (const key of keys) this.#asked.delete(key);
    }
  }

  /** The job had these targets when it ended, as it turns out only now. */
  #endedMeanwhile(keys: readonly TaskKey[]): void {
    for (const key of keys) {
      this.#there.delete(key);
      const target = this.#targets.get(key);
      if (target === undefined || this.#queued.has(key)) continue;
      this.#cancel(target);
    }
  }

  #patiently<T>(request: () => Promise<T>): Promise<T> {
    const { tools, client } = this.#parts;
    // Whoever closes does not wait for a coordinator that is away.
    const isWanted = (): boolean =>
      this.#ending === null && (!this.#isClosing || client.connection.state === "connected");
    return patiently(request, tools.clock, { tries: Infinity, isWanted });
  }
}
