// A worker in this process that runs functions of users, for tests of the client: no sandbox, no browser.
import { runInThisContext } from "node:vm";
import { createBLAKE3 } from "hash-wasm";
import { decodeBase64, encodeBase64 } from "../../shared/codecs/base64.ts";
import { FUNCTION_KERNEL } from "../../shared/graph/task.ts";
import { remoteError } from "../../shared/graph/remote-error.ts";
import { asBlockId, type BlockId, type WorkerId } from "../../shared/ids.ts";
import { SMALL_BLOCK_BYTES_MAX } from "../../shared/limits.ts";
import { httpPaths } from "../../shared/protocol/http.ts";
import type { CoordinatorMessage } from "../../shared/protocol/messages.ts";
import { decodeValue } from "../../shared/values/decode-value.ts";
import { encodeValue } from "../../shared/values/encode-value.ts";
import { freshWorkerId, httpOf, ScriptedSocket, workerHello } from "../scripted-pages.ts";
import type { Coordinator } from "../start-coordinator.ts";

type Lease = Extract<CoordinatorMessage, { type: "lease" }>;

/** What goes wrong with a lease; "vanish" is a machine that loses its power. */
export type Fault = "none" | "vanish" | "lose-input" | "out-of-memory" | "return";

interface Params {
  readonly name: string;
  readonly batch: number | null;
  readonly retries: number;
}

const hasher = await createBLAKE3();
const encodeText = (text: string): Uint8Array => new TextEncoder().encode(text);
const decodeText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

export interface FunctionWorkerOptions {
  readonly worker?: WorkerId;
  /** Asked at each lease. */
  readonly fault?: (lease: Lease) => Fault;
  /** After a fault of that kind. */
  readonly onVanished?: () => void;
}

export class FunctionWorker {
  readonly worker: WorkerId;
  readonly socket: ScriptedSocket;
  readonly #http: ReturnType<typeof httpOf>;
  readonly #fault: (lease: Lease) => Fault;
  readonly #onVanished: (() => void) | undefined;
  /** Large results, which stay here until somebody asks for them. */
  readonly #held = new Map<BlockId, Uint8Array<ArrayBuffer>>();
  /** Inputs that came: the coordinator sends small ones once. */
  readonly #seen = new Map<BlockId, Uint8Array>();
  /** Calls made, by the name of their module's block and their arguments' block. */
  readonly calls: unknown[][] = [];
  #isGone = false;

  private constructor(coordinator: Coordinator, worker: WorkerId, options: FunctionWorkerOptions) {
    this.worker = worker;
    this.socket = new ScriptedSocket(coordinator.port);
    this.#http = httpOf(coordinator, coordinator.joinToken);
    this.#fault = options.fault ?? (() => "none");
    this.#onVanished = options.onVanished;
    this.socket.onMessage = (message) => this.#handle(message);
  }

  static async join(
    coordinator: Coordinator,
    options: FunctionWorkerOptions = {},
  ): Promise<FunctionWorker> {
    const { worker = freshWorkerId() } = options;
    const page = new FunctionWorker(coordinator, worker, options);
    await page.socket.opened();
    page.socket.send({ ...workerHello(coordinator.joinToken, worker), runsFunctions: true });
    await page.socket.next("welcome");
    return page;
  }

  /** The machine is gone, with all that it held. */
  async vanish(): Promise<void> {
    this.#isGone = true;
    await this.socket.close();
  }

  #handle(message: CoordinatorMessage): void {
    if (this.#isGone) return;
    if (message.type === "store-blocks") void this.#store(message.blocks);
    else if (message.type === "release-blocks") {
      for (const block of message.blocks) this.#held.delete(block);
    } else if (message.type === "lease") void this.#run(message);
  }

  async #run(lease: Lease): Promise<void> {
    const fault = this.#fault(lease);
    const { attempt } = lease;
    if (fault === "vanish") {
      await this.vanish();
      return this.#onVanished?.();
    }
    if (fault === "return") {
      this.socket.send({ type: "attempts-returned", attempts: [attempt] });
      return this.#sayStatus();
    }
    const fail = (reason: string, rest: object): void =>
      this.socket.send({ type: "attempt-failed", attempt, reason, message: reason, ...rest });
    if (fault === "out-of-memory") return fail("out-of-memory", {});
    let inputs: Uint8Array[];
    try {
      if (fault === "lose-input") throw new Error("lost");
      inputs = await Promise.all(lease.inputs.map((input) => this.#fetch(input)));
    } catch {
      fail("input-unavailable", { block: lease.inputs[0]?.block });
      return this.#sayStatus();
    }
    try {
      if (lease.kernel !== FUNCTION_KERNEL) throw new Error(`There is no kernel ${lease.kernel}.`);
      this.#finish(lease, await this.#call(lease.params as unknown as Params, inputs));
    } catch (error) {
      const described = remoteError(error);
      fail("kernel-error", { message: described.message, error: described });
    }
  }

  /** It can take the next lease. */
  #sayStatus(): void {
    const { name, threads, paused, hidden } = workerHello("", this.worker);
    const status = {
      name,
      threads,
      paused,
      hidden,
      runsFunctions: true,
      running: [],
      cacheBytes: 0,
    };
    this.socket.send({ type: "status", ...status });
  }

  #finish(lease: Lease, value: unknown): void {
    if (this.#isGone) return;
    const bytes = encodeValue(value, { encodeText });
    const block = asBlockId(hasher.init().update(bytes).digest());
    const isSmall = bytes.length <= SMALL_BLOCK_BYTES_MAX;
    if (!isSmall) this.#held.set(block, bytes);
    this.socket.send({
      type: "attempt-finished",
      attempt: lease.attempt,
      outputs: [
        { block, sizeBytes: bytes.length, ...(isSmall ? { bytes: encodeBase64(bytes) } : {}) },
      ],
      computeMs: 1,
      fetchMs: 0,
      waitMs: 0,
      bytesFetched: 0,
    });
  }

  async #call(
    params: Params,
    [module, args, ...references]: readonly Uint8Array[],
  ): Promise<unknown> {
    if (module === undefined || args === undefined) throw new Error("Inputs are missing.");
    const text = decodeValue(module, { decodeText }) as string;
    // As a browser names it in stacks, where this process does not.
    const filename = /^\/\/# sourceURL=(\S+)$/m.exec(text)?.[1] ?? "function.js";
    const exports = runInThisContext(text, { filename }) as Record<
      string,
      (...all: unknown[]) => unknown
    >;
    const fn = exports[params.name];
    if (fn === undefined) throw new Error(`The module has no export ${params.name}.`);
    const list = decodeValue(args, {
      decodeText,
      resolve: (ref, item) => this.#resolve(references[ref], item),
    }) as unknown[];
    this.calls.push(list);
    if (params.batch === null) return fn(...list);
    const outcomes: object[] = [];
    for (const item of list) outcomes.push(await this.#outcome(() => fn(item), params.retries));
    return outcomes;
  }

  #resolve(bytes: Uint8Array | undefined, item: number | undefined): unknown {
    if (bytes === undefined) throw new Error("A referenced input is missing.");
    const value = decodeValue(bytes, { decodeText });
    if (item === undefined) return value;
    const outcome = (value as readonly { ok?: unknown; error?: Error }[])[item];
    if (outcome?.error === undefined) return outcome?.ok;
    throw Object.assign(new Error(outcome.error.message), outcome.error);
  }

  async #outcome(call: () => unknown, retries: number): Promise<object> {
    for (let tried = 0; ; tried += 1) {
      try {
        return { ok: await call() };
      } catch (error) {
        if (tried >= retries) return { error: remoteError(error) };
      }
    }
  }

  async #fetch({ block, bytes: text }: Lease["inputs"][number]): Promise<Uint8Array> {
    const known = this.#held.get(block) ?? this.#seen.get(block);
    if (known !== undefined) return known;
    const bytes = text === undefined ? await this.#download(block) : decodeBase64(text);
    this.#seen.set(block, bytes);
    return bytes;
  }

  async #download(block: BlockId): Promise<Uint8Array> {
    const response = await this.#http("GET", httpPaths.block(block));
    if (!response.ok) throw new Error(`Block ${block} did not come.`);
    return new Uint8Array(await response.arrayBuffer());
  }

  async #store(blocks: readonly BlockId[]): Promise<void> {
    for (const block of blocks) {
      const bytes = this.#held.get(block);
      // A coordinator that is just being closed cannot take it.
      if (bytes !== undefined)
        await this.#http("PUT", httpPaths.block(block), bytes).catch(() => {});
    }
  }
}
