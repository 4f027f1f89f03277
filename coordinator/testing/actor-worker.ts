// A worker in this process that has actors, for tests: the real host and the thread's side, no browser.
import { runInThisContext } from "node:vm";
import { createBLAKE3 } from "hash-wasm";
import { type ActorHost, createActorHost, isActorOrder } from "../../shared/actors/actor-host.ts";
import { builtInActor } from "../../shared/actors/actor-kinds.ts";
import { actorThreadOver, createActorTasks } from "../../shared/actors/actor-tasks.ts";
import type { StartActorThread } from "../../shared/actors/actor-thread.ts";
import type { PeerId, WorkerId } from "../../shared/ids.ts";
import { httpPaths } from "../../shared/protocol/http.ts";
import type { CoordinatorMessage } from "../../shared/protocol/messages.ts";
import { nodeClock } from "../node-client.ts";
import { freshWorkerId, httpOf, ScriptedSocket, workerHello } from "../scripted-pages.ts";
import type { Coordinator } from "../start-coordinator.ts";

const hasher = await createBLAKE3();
const encodeText = (text: string): Uint8Array => new TextEncoder().encode(text);
const decodeText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

export interface ActorWorkerOptions {
  readonly worker?: WorkerId;
  readonly threads?: number;
  readonly runsFunctions?: boolean;
}

export class ActorWorker {
  readonly worker: WorkerId;
  readonly host: ActorHost;
  /** Where others reach it directly: another address at each welcome. */
  peer: PeerId | null = null;
  readonly #coordinator: Coordinator;
  readonly #options: ActorWorkerOptions;
  #socket: ScriptedSocket;
  /** What the coordinator says arrives so much later, in order. */
  inboxDelayMs = 0;
  /** Ends the thread of each actor that was started here, as if it had died. */
  readonly kills: ((why: string) => void)[] = [];

  private constructor(coordinator: Coordinator, options: ActorWorkerOptions) {
    this.#coordinator = coordinator;
    this.#options = options;
    this.worker = options.worker ?? freshWorkerId();
    const http = httpOf(coordinator, coordinator.joinToken);
    const startThread: StartActorThread = (onDeath) => {
      this.kills.push(onDeath);
      const loadModule = (text: string): unknown => runInThisContext(text);
      const parts = { encodeText, decodeText, loadModule, builtIn: builtInActor };
      const tasks = createActorTasks(parts);
      return actorThreadOver({
        async run({ params, inputs }) {
          const bytes = inputs.map((input) => input.bytes);
          const outcome = await tasks.run(params, bytes);
          return outcome.ok ? { ok: true, outputs: [{ bytes: outcome.output }] } : outcome;
        },
        terminate: () => undefined,
      });
    };
    this.#socket = new ScriptedSocket(coordinator.port);
    this.host = createActorHost({
      clock: nodeClock,
      threads: { forClasses: startThread, forBuiltIns: startThread },
      encode: encodeText,
      decode: decodeText,
      hash: (bytes) => hasher.init().update(bytes).digest(),
      send: (message) => this.#socket.send(message),
      fetch: async ({ block }) => {
        const response = await http("GET", httpPaths.block(block));
        if (!response.ok) throw new Error(`The block did not come (${response.status}).`);
        return new Uint8Array(await response.arrayBuffer());
      },
      upload: async (block, bytes) => {
        const response = await http("PUT", httpPaths.block(block), bytes);
        if (!response.ok) throw new Error(`The block was not taken (${response.status}).`);
      },
    });
  }

  static async join(
    coordinator: Coordinator,
    options: ActorWorkerOptions = {},
  ): Promise<ActorWorker> {
    const page = new ActorWorker(coordinator, options);
    await page.#sayHello(page.#socket);
    return page;
  }

  /** The connection breaks, and nothing else. */
  async disconnect(): Promise<void> {
    await this.#socket.close();
    this.host.connectionLost();
  }

  /** Joins again with the actors that it still has, at the same or another coordinator. */
  async rejoin(coordinator: Coordinator = this.#coordinator): Promise<void> {
    this.#socket = new ScriptedSocket(coordinator.port);
    await this.#sayHello(this.#socket);
  }

  /** The machine is gone, with all that it had. */
  async vanish(): Promise<void> {
    this.host.close();
    await this.#socket.close();
  }

  async leave(): Promise<void> {
    await this.host.prepareToLeave();
    this.#socket.send({ type: "leave" });
    this.host.close();
    await this.#socket.close();
  }

  setRunsFunctions(runsFunctions: boolean): void {
    const { threads = 2 } = this.#options;
    const rest = { name: "Test machine", threads, paused: false, hidden: false };
    this.#socket.send({ type: "status", ...rest, runsFunctions, running: [], cacheBytes: 0 });
  }

  async #sayHello(socket: ScriptedSocket): Promise<void> {
    socket.onMessage = (message) => {
      if (this.inboxDelayMs === 0) return this.#receive(message);
      setTimeout(() => this.#receive(message), this.inboxDelayMs);
    };
    await socket.opened();
    const { threads = 2, runsFunctions = true } = this.#options;
    const hello = workerHello(this.#coordinator.joinToken, this.worker);
    socket.send({ ...hello, threads, runsFunctions, actors: this.host.held() });
    const { peer } = await socket.next("welcome");
    this.peer = peer;
  }

  #receive(message: CoordinatorMessage): void {
    if (isActorOrder(message)) this.host.receive(message);
    // Functions are for others: it has threads for actors only.
    if (message.type === "lease") {
      this.#socket.send({ type: "attempts-returned", attempts: [message.attempt] });
    }
  }
}
