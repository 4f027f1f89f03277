// Reads results, wherever they are: waits for those that are lost to be made again.
import { present } from "../assert.ts";
import { decodeBase64 } from "../codecs/base64.ts";
import type { RemoteError } from "../graph/task.ts";
import { decodeValue } from "../values/decode-value.ts";
import { ErrorValue } from "../values/value-format.ts";
import { ClusterError, type ClusterClient } from "./cluster-client.ts";
import type { ClusterTools } from "./cluster-tools.ts";
import type { Target } from "./target.ts";
import { CancelledError, TaskError } from "./task-error.ts";

/** A result that cannot be had is asked for again after this time, or as soon as it is told of anew. */
const RETRY_MS = 500;
const RETRY_MS_MAX = 10_000;

const LOST_FOR_GOOD =
  "Its result was lost with its last holder, and its job is over, so it is not made again by itself.";

/** What one item of a batch came to. */
export type Outcome = { readonly ok: unknown } | { readonly error: RemoteError };

export class ResultReader {
  readonly #client: Pick<ClusterClient, "fetchBlock" | "connection">;
  readonly #tools: Pick<ClusterTools, "decode" | "clock">;
  /** By the very list of outputs, which is another one when the task ran again. */
  readonly #outcomes = new WeakMap<Target["outputs"], readonly Outcome[]>();

  constructor(
    client: Pick<ClusterClient, "fetchBlock" | "connection">,
    tools: Pick<ClusterTools, "decode" | "clock">,
  ) {
    this.#client = client;
    this.#tools = tools;
  }

  /** The value of an output. Rejects with the target's error, or with ClusterError when the connection ends. */
  read(target: Target, output: number): Promise<unknown> {
    const known = target.values.get(output);
    if (known !== undefined) return known;
    const reading = this.#read(target, output);
    target.values.set(output, reading);
    reading.catch(() => {
      if (target.values.get(output) === reading) target.values.delete(output);
    });
    return reading;
  }

  async #read(target: Target, output: number): Promise<unknown> {
    const value = decodeValue(await this.bytes(target, output), { decodeText: this.#tools.decode });
    if (value instanceof ErrorValue) throw new TaskError(target.key, "", value.error);
    return value;
  }

  /** The outcomes of a batch. */
  async outcomes(target: Target): Promise<readonly Outcome[]> {
    return this.outcomesNow(target) ?? this.#keep(target, await this.read(target, 0));
  }

  /** The outcomes of a batch, if they are here; undefined otherwise. */
  outcomesNow(target: Target): readonly Outcome[] | undefined {
    const known = this.#outcomes.get(target.outputs);
    if (known !== undefined) return known;
    const text = target.outputs[0]?.bytes;
    if (text === undefined) return undefined;
    const value = decodeValue(decodeBase64(text), { decodeText: this.#tools.decode });
    return this.#keep(target, value);
  }

  #keep(target: Target, value: unknown): readonly Outcome[] {
    const outcomes = value as readonly Outcome[];
    this.#outcomes.set(target.outputs, outcomes);
    return outcomes;
  }

  /** The bytes of an output's block. */
  async bytes(target: Target, output: number): Promise<Uint8Array> {
    for (let delayMs = RETRY_MS; ; delayMs = Math.min(RETRY_MS_MAX, delayMs * 2)) {
      await target.settled();
      if (target.status !== "done") throw present(target.error, "error");
      const located = target.outputs[output];
      if (located === undefined) {
        const count = target.outputs.length;
        throw new RangeError(`The task has ${count} outputs; there is no output ${output}.`);
      }
      const told = target.tellings;
      try {
        return await this.#client.fetchBlock(located);
      } catch (error) {
        if (this.#isOver(error)) throw error;
        if (target.wanted === 0) throw new CancelledError("It was released while it was read.");
        if (target.isOver && this.#client.connection.state === "connected") {
          target.fail(new TaskError(target.key, LOST_FOR_GOOD, null));
          continue;
        }
        // The holder went away. The coordinator has the task run again, and tells where it is then.
        await this.#tellingAfter(target, told, delayMs);
      }
    }
  }

  #isOver(error: unknown): boolean {
    if (this.#client.connection.state === "refused") return true;
    // The client was closed: nothing will be told any more.
    return error instanceof ClusterError && error.isFinal;
  }

  #tellingAfter(target: Target, told: number, delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        stopTimer();
        stopListening();
        resolve();
      };
      const stopTimer = this.#tools.clock.after(delayMs, end);
      const stopListening = target.onChange(() => {
        if (target.tellings !== told || target.status !== "done" || target.isOver) end();
      });
    });
  }
}
