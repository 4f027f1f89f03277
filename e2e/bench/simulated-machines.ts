// Machines that only seem to compute: real sockets and messages, but a task is a wait and its result a number.
import { setTimeout as delay } from "node:timers/promises";
import { createBLAKE3 } from "hash-wasm";
import { freshWorkerId, ScriptedSocket, workerHello } from "../../coordinator/scripted-pages.ts";
import { encodeBase64 } from "../../shared/codecs/base64.ts";
import { encodeNpy } from "../../shared/codecs/npy.ts";
import { asBlockId, type AttemptId } from "../../shared/ids.ts";
import { createPrng, nextFloat } from "../../shared/prng.ts";
import type { CoordinatorMessage } from "../../shared/protocol/messages.ts";

type Lease = Extract<CoordinatorMessage, { type: "lease" }>;

export interface SimulatedMachinesOptions {
  readonly port: number;
  readonly joinToken: string;
  readonly machines: number;
  readonly threads: number;
  /** Mean time of a task in a thread; each takes from half of it to one and a half. */
  readonly taskMs: number;
  readonly seed: number;
}

const STATUS_MS = 500;
const hasher = await createBLAKE3();

/** Resolves when all have joined; what it returns closes their sockets. */
export async function joinSimulatedMachines(
  options: SimulatedMachinesOptions,
): Promise<() => Promise<void>> {
  const machines = Array.from(
    { length: options.machines },
    (_, index) => new SimulatedMachine(options, index),
  );
  await Promise.all(machines.map((machine) => machine.join()));
  return async () => {
    await Promise.all(machines.map((machine) => machine.close()));
  };
}

class SimulatedMachine {
  readonly #options: SimulatedMachinesOptions;
  readonly #socket: ScriptedSocket;
  readonly #hello;
  readonly #prng;
  readonly #waiting: { readonly lease: Lease; readonly cameMs: number }[] = [];
  /** By thread: the attempt that it seems to compute. */
  readonly #running: (AttemptId | null)[];
  readonly #closing = new AbortController();
  #toldRunning = "";

  constructor(options: SimulatedMachinesOptions, index: number) {
    this.#options = options;
    this.#socket = new ScriptedSocket(options.port);
    this.#prng = createPrng(options.seed + index);
    this.#running = Array.from({ length: options.threads }, () => null);
    const { threads } = options;
    const name = `Machine ${index + 1}`;
    const hello = workerHello(options.joinToken, freshWorkerId());
    this.#hello = { ...hello, name, threads, threadsMax: threads };
    this.#socket.onMessage = (message) => this.#hear(message);
  }

  async join(): Promise<void> {
    await this.#socket.opened();
    this.#socket.send(this.#hello);
    await this.#socket.next("welcome");
    void this.#tellStatus();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#socket.close();
  }

  #hear(message: CoordinatorMessage): void {
    // A test would look at what was heard; here it would only grow.
    this.#socket.heard.length = Math.min(this.#socket.heard.length, 8);
    if (message.type === "lease") {
      this.#waiting.push({ lease: message, cameMs: performance.now() });
      this.#startReady();
    } else if (message.type === "cancel-attempt") {
      const at = this.#waiting.findIndex(({ lease }) => lease.attempt === message.attempt);
      if (at !== -1) this.#waiting.splice(at, 1);
    }
  }

  #startReady(): void {
    for (const [thread, attempt] of this.#running.entries()) {
      const next = attempt === null ? this.#waiting.shift() : undefined;
      if (next === undefined) continue;
      this.#running[thread] = next.lease.attempt;
      void this.#run(next.lease, performance.now() - next.cameMs, thread);
    }
  }

  async #run({ attempt }: Lease, waitMs: number, thread: number): Promise<void> {
    const computeMs = this.#options.taskMs * (0.5 + nextFloat(this.#prng));
    try {
      await delay(computeMs, undefined, { signal: this.#closing.signal });
    } catch {
      return;
    }
    const bytes = encodeNpy({ shape: [], data: Float64Array.of(attempt) });
    const block = asBlockId(hasher.init().update(bytes).digest());
    this.#socket.send({
      type: "attempt-finished",
      attempt,
      outputs: [{ block, sizeBytes: bytes.length, bytes: encodeBase64(bytes) }],
      thread,
      computeMs,
      fetchMs: 0,
      waitMs,
      bytesFetched: 0,
    });
    this.#running[thread] = null;
    this.#startReady();
  }

  /** As pages do: twice a second at most, when something changed. */
  async #tellStatus(): Promise<void> {
    const { name, threads, paused, hidden, runsFunctions } = this.#hello;
    const status = { name, threads, paused, hidden, runsFunctions, cacheBytes: 0 };
    while (!this.#closing.signal.aborted) {
      const running = this.#running.filter((attempt) => attempt !== null);
      const text = JSON.stringify(running);
      if (text !== this.#toldRunning) this.#socket.send({ type: "status", ...status, running });
      this.#toldRunning = text;
      await delay(STATUS_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }
}
