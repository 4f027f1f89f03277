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

/** What goes wrong with a call, or with what is said of it. */
export type Fault =
  | "none"
  /** A machine that loses its power. */
  | "vanish"
  /** The connection is lost; the machine comes back with what it holds, and answers then. */
  | "reconnect"
  /** The answer comes late. */
  | "late"
  | "twice"
  /** A large result is thrown away as soon as it was told of. */
  | "drop"
  | "throw"
  | "out-of-memory"
  | "lose-input"
  | "return";

const LATE_MS = 30;
/** Between two tries to come back. */
const REJOIN_MS = 20;

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
  /** Asked at each call, with its arguments. */
  readonly fault?: (args: readonly unknown[]) => Fault;
  /** After a fault of that kind. */
  readonly onVanished?: () => void;
  /** Comes back by itself to a coordinator that was started again at its port. */
  readonly comesBack?: boolean;
}

export class FunctionWorker {
  readonly worker: WorkerId;
  readonly #coordinator: Pick<Coordinator, "port" | "joinToken">;
  readonly #http: ReturnType<typeof httpOf>;
  readonly #options: FunctionWorkerOptions;
  #socket: ScriptedSocket;
  /** Large results, which stay here until somebody asks for them. */
  readonly #held = new Map<BlockId, Uint8Array<ArrayBuffer>>();
  /** Inputs that came: the coordinator sends small ones once to a connection. */
  #seen = new Map<BlockId, Uint8Array>();
  /** Calls made, by their arguments. */
  readonly calls: unknown[][] = [];
  #rejoining: Promise<void> | null = null;
  #isGone = false;

  private constructor(coordinator: Coordinator, options: FunctionWorkerOptions) {
    this.worker = options.worker ?? freshWorkerId();
    this.#coordinator = coordinator;
    this.#http = httpOf(coordinator, coordinator.joinToken);
    this.#options = options;
    this.#socket = this.#newSocket();
  }

  static async join(
    coordinator: Coordinator,
    options: FunctionWorkerOptions = {},
  ): Promise<FunctionWorker> {
    const page = new FunctionWorker(coordinator, options);
    await page.#hello(page.#socket);
    return page;
  }

  #newSocket(): ScriptedSocket {
    const socket = new ScriptedSocket(this.#coordinator.port);
    socket.onMessage = (message) => this.#handle(message);
    void socket.closed.then(() => {
      if (this.#options.comesBack === true && socket === this.#socket) void this.#comeBack();
    });
    return socket;
  }

  async #hello(socket: ScriptedSocket): Promise<void> {
    await socket.opened();
    socket.send({ ...workerHello(this.#coordinator.joinToken, this.worker), runsFunctions: true });
    await socket.next("welcome");
  }

  #comeBack(): Promise<void> {
    return (this.#rejoining ??= this.#rejoin().finally(() => (this.#rejoining = null)));
  }

  /** Tries again and again, until there is a coordinator. */
  async #rejoin(): Promise<void> {
    while (!this.#isGone) {
      this.#seen = new Map();
      const socket = this.#newSocket();
      this.#socket = socket;
      try {
        await this.#hello(socket);
        const blocks = Array.from(this.#held, ([block, { length }]) => ({
          block,
          sizeBytes: length,
        }));
        return socket.send({ type: "have", blocks });
      } catch {
        await sleep(REJOIN_MS);
      }
    }
  }

  /** The machine is gone, with all that it held. */
  async vanish(): Promise<void> {
    this.#isGone = true;
    await this.#socket.close();
  }

  #handle(message: CoordinatorMessage): void {
    if (this.#isGone) return;
    if (message.type === "store-blocks") void this.#store(message.blocks);
    else if (message.type === "release-blocks") {
      for (const block of message.blocks) this.#held.delete(block);
      // An answer that crosses this may have told of the same bytes.
      this.#say({ type: "dropped", blocks: message.blocks });
    } else if (message.type === "lease") void this.#run(message);
  }

  #say(message: object): void {
    if (!this.#isGone) this.#socket.send(message);
  }

  async #run(lease: Lease): Promise<void> {
    const { attempt } = lease;
    const fail = (reason: string, rest: object): void =>
      this.#say({ type: "attempt-failed", attempt, reason, message: reason, ...rest });
    let inputs: Uint8Array[];
    try {
      inputs = await Promise.all(lease.inputs.map((input) => this.#fetch(input)));
    } catch {
      return this.#failForInput(lease);
    }
    let fault: Fault = "none";
    try {
      if (lease.kernel !== FUNCTION_KERNEL) throw new Error(`There is no kernel ${lease.kernel}.`);
      const args = argumentsOf(inputs);
      fault = this.#options.fault?.(args) ?? "none";
      if (await this.#failInstead(lease, fault)) return;
      this.calls.push(args as unknown[]);
      const value = await this.#call(lease.params as unknown as Params, inputs, args);
      await this.#finish(lease, value, fault);
    } catch (error) {
      const described = remoteError(error);
      fail("kernel-error", { message: described.message, error: described });
    }
  }

  #failForInput({ attempt, inputs }: Lease): void {
    const block = inputs[0]?.block;
    const [reason, message] = ["input-unavailable", "lost"];
    this.#say({ type: "attempt-failed", attempt, reason, message, block });
    this.#sayStatus();
  }

  /** True when the fault is one in which the function does not run. */
  async #failInstead(lease: Lease, fault: Fault): Promise<boolean> {
    const { attempt } = lease;
    if (fault === "throw") throw new InjectedError("injected");
    if (fault === "vanish") {
      if (!this.#isGone) this.#options.onVanished?.();
      await this.vanish();
    } else if (fault === "return") {
      this.#say({ type: "attempts-returned", attempts: [attempt] });
      this.#sayStatus();
    } else if (fault === "lose-input") this.#failForInput(lease);
    else if (fault === "out-of-memory") {
      this.#say({ type: "attempt-failed", attempt, reason: fault, message: fault });
    } else return false;
    return true;
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
    this.#say({ type: "status", ...status });
  }

  async #finish(lease: Lease, value: unknown, fault: Fault): Promise<void> {
    const bytes = encodeValue(value, { encodeText });
    const block = asBlockId(hasher.init().update(bytes).digest());
    const isSmall = bytes.length <= SMALL_BLOCK_BYTES_MAX;
    if (fault === "late") await sleep(LATE_MS);
    if (fault === "reconnect") {
      await this.#socket.close();
      await this.#comeBack();
    }
    if (!isSmall && !this.#isGone) this.#held.set(block, bytes);
    const finished = {
      type: "attempt-finished",
      attempt: lease.attempt,
      outputs: [
        { block, sizeBytes: bytes.length, ...(isSmall ? { bytes: encodeBase64(bytes) } : {}) },
      ],
      computeMs: 1,
      fetchMs: 0,
      waitMs: 0,
      bytesFetched: 0,
    };
    this.#say(finished);
    if (fault === "twice") this.#say(finished);
    if (fault === "drop" && this.#held.delete(block)) {
      this.#say({ type: "dropped", blocks: [block] });
    }
  }

  async #call(
    params: Params,
    [module]: readonly Uint8Array[],
    list: readonly unknown[],
  ): Promise<unknown> {
    if (module === undefined) throw new Error("The module is missing.");
    const text = decodeValue(module, { decodeText }) as string;
    // As a browser names it in stacks, where this process does not.
    const filename = /^\/\/# sourceURL=(\S+)$/m.exec(text)?.[1] ?? "function.js";
    const exports = runInThisContext(text, { filename }) as Record<
      string,
      (...all: readonly unknown[]) => unknown
    >;
    const fn = exports[params.name];
    if (fn === undefined) throw new Error(`The module has no export ${params.name}.`);
    if (params.batch === null) return fn(...list);
    const outcomes: object[] = [];
    for (const item of list) outcomes.push(await this.#outcome(() => fn(item), params.retries));
    return outcomes;
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
      if (bytes === undefined) this.#say({ type: "dropped", blocks: [block] });
      // A coordinator that is just being closed cannot take it.
      else await this.#http("PUT", httpPaths.block(block), bytes).catch(() => {});
    }
  }
}

/** What a test asked to be thrown. */
class InjectedError extends Error {
  override name = "InjectedError";
}

const sleep = (durationMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, durationMs));

/** The arguments of a call, or the items of a batch. */
function argumentsOf([, args, ...references]: readonly Uint8Array[]): readonly unknown[] {
  if (args === undefined) throw new Error("The arguments are missing.");
  return decodeValue(args, {
    decodeText,
    resolve: (ref, item) => resolved(references[ref], item),
  }) as unknown[];
}

function resolved(bytes: Uint8Array | undefined, item: number | undefined): unknown {
  if (bytes === undefined) throw new Error("A referenced input is missing.");
  const value = decodeValue(bytes, { decodeText });
  if (item === undefined) return value;
  const outcome = (value as readonly { ok?: unknown; error?: Error }[])[item];
  if (outcome?.error === undefined) return outcome?.ok;
  throw Object.assign(new Error(outcome.error.message), outcome.error);
}
