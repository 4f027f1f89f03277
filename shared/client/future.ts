// A result that will be there: what `submit` and `map` return at once.
import { present } from "../assert.ts";
import type { TaskKey } from "../ids.ts";
import type { Outcome, ResultReader } from "./result-reader.ts";
import type { Target, TargetStatus } from "./target.ts";
import type { Source } from "./task-builder.ts";
import { CancelledError, TaskError } from "./task-error.ts";

/** Futures that nobody refers to any more let their results go, once these are there. */
const forgotten = new FinalizationRegistry<Target>((target) => {
  void target.settled().then(() => target.owner.release(target));
});

/** Futures whose results are being waited for. */
const inUse = new Set<Future>();

export interface FutureParts {
  readonly target: Target;
  readonly reader: ResultReader;
  /** Of a batch: which of its items, and how to run that one anew, alone. */
  readonly item?: { readonly index: number; readonly rerun: () => Target };
}

/**
 * The result of one call on the cluster. The call runs whether or not anybody waits for it, and the
 * result is kept, on the machine that made it, until `release` is called (or `using` ends).
 *
 * Futures can be arguments of further calls, also within arrays and objects: the result then goes from
 * worker to worker, and not by way of this program.
 */
export class Future<T = unknown> {
  readonly #reader: ResultReader;
  #target: Target;
  #item: FutureParts["item"];
  /** Set when this future was cancelled or released. */
  #ending: CancelledError | null = null;
  readonly #listeners = new Set<() => void>();

  /** Not for users: futures come from a cluster's methods. */
  constructor({ target, reader, item }: FutureParts) {
    this.#target = target;
    this.#reader = reader;
    this.#item = item;
    forgotten.register(this, target, this);
  }

  /** The task's key. Equal work has an equal key, and is done once for all who want it. */
  get key(): TaskKey {
    return this.#target.key;
  }

  /** Bytes of each block that the task made; empty until it is done. */
  get sizes(): readonly number[] {
    return this.#target.outputs.map(({ sizeBytes }) => sizeBytes);
  }

  /**
   * "pending" until the result is there. Of an item of a large batch it is known only after the first
   * `result()` whether it failed; until then its status is that of the batch. What is "done" is "failed"
   * when its result was lost with its machine and could not be made again.
   */
  get status(): TargetStatus {
    if (this.#ending !== null && this.#target.status !== "done") return "cancelled";
    if (this.#target.status !== "done" || this.#item === undefined) return this.#target.status;
    const outcome = this.#reader.outcomesNow(this.#target)?.[this.#item.index];
    return outcome !== undefined && "error" in outcome ? "failed" : "done";
  }

  /**
   * The value. Rejects with TaskError when the call failed, CancelledError when it was cancelled or let
   * go, and ClusterError when the connection ended. Arrays may be shared between calls: do not write
   * into them. A rejection that nobody looks at does no harm.
   */
  result(): Promise<T> {
    const result = this.#result();
    // Whoever waits for a result wants it, even when nothing else refers to its future.
    inUse.add(this);
    result.catch(() => undefined).finally(() => inUse.delete(this));
    return result;
  }

  async #result(): Promise<T> {
    const target = await this.#done();
    if (this.#item !== undefined) return this.#itemResult(target, this.#item.index);
    const { length } = target.outputs;
    // A kernel may have several outputs; a function has one.
    const value =
      length === 1
        ? await this.#reader.read(target, 0)
        : await Promise.all(target.outputs.map((_, i) => this.#reader.read(target, i)));
    return value as T;
  }

  async #itemResult(target: Target, index: number): Promise<T> {
    const outcome: Outcome | undefined = (await this.#reader.outcomes(target))[index];
    if (outcome === undefined) throw new RangeError(`The batch has no item ${index}.`);
    if ("error" in outcome) throw TaskError.ofItem(target.key, index, outcome.error);
    return outcome.ok as T;
  }

  async #done(): Promise<Target> {
    await this.settled();
    const target = this.#target;
    if (this.#ending !== null) throw this.#ending;
    if (target.status !== "done") throw present(target.error, "error");
    return target;
  }

  /** Bytes of the blocks that the task made, in NPY format, as the workers stored them. */
  async blocks(): Promise<readonly Uint8Array[]> {
    const target = await this.#done();
    return Promise.all(target.outputs.map((_, i) => this.#reader.bytes(target, i)));
  }

  /** Resolves when the status is no longer "pending"; never rejects. */
  settled(): Promise<void> {
    const isSettled = (): boolean => this.#ending !== null || this.#target.status !== "pending";
    if (isSettled()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isSettled()) return;
        stop();
        this.#listeners.delete(look);
        resolve();
      };
      const stop = this.#target.onChange(look);
      this.#listeners.add(look);
    });
  }

  /**
   * Says that the result is not wanted. The call is ended wherever it runs, unless another future or
   * another client wants the same. Without effect on what is done.
   */
  cancel(): void {
    if (this.#target.status !== "pending") return;
    this.#letGo("It was cancelled.");
  }

  /** Tries a failed or cancelled call again; `status` is "pending" then. Without effect on others. */
  retry(): void {
    const { status } = this;
    if (status !== "failed" && status !== "cancelled") return;
    const before = this.#target;
    if (this.#ending !== null) this.#target = before.owner.again(before);
    else if (this.#item !== undefined && before.status === "done") {
      // The batch is done but for this item, which runs alone now.
      this.#target = this.#item.rerun();
      this.#item = undefined;
      before.owner.release(before);
    } else this.#target = before.owner.retry(before);
    this.#ending = null;
    forgotten.unregister(this);
    forgotten.register(this, this.#target, this);
  }

  /** Lets the result go: nothing of it is kept, here or on a worker. What has not run yet will not. */
  release(): void {
    this.#letGo("It was released.");
  }

  /** `using future = cluster.submit(…)` releases it at the end of the block. */
  [Symbol.dispose](): void {
    this.release();
  }

  #letGo(why: string): void {
    if (this.#ending !== null) return;
    this.#ending = new CancelledError(why);
    forgotten.unregister(this);
    this.#target.owner.release(this.#target);
    for (const listener of this.#listeners) listener();
  }

  /** What `future` stands for as an argument. Throws TypeError for one that was let go. */
  static sourceOf(future: Future): Source {
    const { key, node, status, outputs } = future.#target;
    if (future.#ending !== null) {
      throw new TypeError("A future that was released or cancelled cannot be an argument.");
    }
    const item = future.#item === undefined ? {} : { item: future.#item.index };
    if (node !== null) return { input: { task: key, output: 0 }, node, ...item };
    const [output] = outputs;
    if (status !== "done" || output === undefined) {
      throw new TypeError("A result of another client's job can be an argument once it is there.");
    }
    const { block, sizeBytes } = output;
    return { input: { block, sizeBytes }, node: null, ...item };
  }
}
