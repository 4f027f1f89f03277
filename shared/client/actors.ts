// Actors from a client's side: making, finding, calling and releasing them.
import { assert } from "../assert.ts";
import { type ActorId, asActorId } from "../ids.ts";
import type { ActorOutcome, ActorSpec, ActorView, HeardValue } from "../protocol/actor-messages.ts";
import type { CoordinatorMessage } from "../protocol/messages.ts";
import { encodeValue } from "../values/encode-value.ts";
import { type ActorCall, ActorCalls } from "./actor-calls.ts";
import { asClassRef } from "./actor-class.ts";
import { ActorLine } from "./actor-line.ts";
import { ActorDeadlineError, ActorError, ActorLostError } from "./actor-errors.ts";
import { type Actor, type ActorCallOptions, createActorProxy } from "./actor-proxy.ts";
import { ActorRequests } from "./actor-requests.ts";
import type { BlockShelf, ShelvedBlock } from "./block-shelf.ts";
import { ClusterError, type ClusterClient } from "./cluster-client.ts";
import type { ClusterTools } from "./cluster-tools.ts";

/** A worker is there and has made the actor within a minute, or says why not. */
const START_DEADLINE_MS = 60_000;

/** How an actor is made; the options of calls are those of all its calls, unless `$with` changes them. */
export interface ActorOptions extends ActorCallOptions {
  /** What lists call it; the class's name when absent. */
  readonly name?: string;
  /**
   * Keeps the state after so many calls, for classes with `checkpoint()` and `restore(value)`. With 1
   * every call is answered after its checkpoint: what was answered is never undone.
   */
  readonly checkpointEveryCalls?: number;
  /** Keeps the state so long after the first call that may have changed it; 1,000 when both are absent. */
  readonly checkpointEveryMs?: number;
  /** Lost without a checkpoint, it begins anew from `init` instead of being lost for good. */
  readonly restartable?: boolean;
}

/** What the actors need of a connected client. */
export type ActorsClient = Pick<
  ClusterClient,
  | "say"
  | "onMessage"
  | "connection"
  | "onConnection"
  | "keepBlock"
  | "dropBlock"
  | "fetchBlock"
  | "openLine"
>;

interface Handle {
  view: ActorView;
  readonly calls: ActorCalls;
  readonly line: ActorLine;
  /** How many calls the coordinator has not answered, with those for which nobody waits any more. */
  atCoordinator: number;
  /** Told at each change of the view. */
  readonly watchers: Set<() => void>;
}

interface SaidCall {
  readonly call: ActorCall;
  readonly handle: Handle;
  readonly isOverLine: boolean;
  /** It was said before, too. */
  readonly mayHaveRunBefore: boolean;
}

export class Actors {
  readonly #client: ActorsClient;
  readonly #tools: ClusterTools;
  readonly #shelf: Pick<BlockShelf, "put">;
  readonly #requests: ActorRequests;
  readonly #handles = new Map<ActorId, Handle>();
  /** Calls that were said and not answered, by number: both ways count as one. */
  readonly #said = new Map<number, SaidCall>();
  readonly #stops: readonly (() => void)[];
  #lastCall = 0;
  #isConnected: boolean;

  constructor(client: ActorsClient, tools: ClusterTools, shelf: Pick<BlockShelf, "put">) {
    this.#client = client;
    this.#tools = tools;
    this.#shelf = shelf;
    this.#requests = new ActorRequests(client);
    this.#isConnected = client.connection.state === "connected";
    this.#stops = [
      client.onMessage((message) => this.#receive(message)),
      client.onConnection(() => this.#followConnection()),
    ];
  }

  /**
   * Makes an actor on some worker and resolves when it is there. Rejects with what its constructor
   * threw, or with ActorDeadlineError when no worker took it in time. Throws TypeError and ValueError
   * for what cannot travel.
   */
  async create<T extends object>(
    kind: unknown,
    init: unknown,
    options: ActorOptions,
  ): Promise<Actor<T>> {
    const { spec, shelved } = this.#specOf(kind, init, options);
    const blocks = shelved.flatMap(({ small }) => (small === null ? [] : [small]));
    for (const { uploaded } of shelved) await uploaded;
    const views = await this.#requests.ask({ type: "create-actor", spec, blocks });
    const view = views[0];
    assert(view !== undefined, "a made actor has a view");
    const handle = this.#take(view);
    try {
      await this.#started(handle, options.deadlineMs ?? START_DEADLINE_MS);
    } catch (error) {
      // Nobody has its id, so nobody could release it later.
      this.#release(view.actor).catch(() => undefined);
      throw error;
    }
    return this.#proxyOf(handle, options);
  }

  /** An actor that this or another client made. Rejects with ActorError when there is none. */
  async attach<T extends object>(
    actor: ActorId | string,
    options: ActorCallOptions,
  ): Promise<Actor<T>> {
    const id = asActorId(actor);
    const known = this.#handles.get(id);
    if (known !== undefined) return this.#proxyOf(known, options);
    const [view] = await this.#requests.ask({ type: "attach-actor", actor: id });
    assert(view !== undefined, "an attached actor has a view");
    return this.#proxyOf(this.#take(view), options);
  }

  list(): Promise<readonly ActorView[]> {
    return this.#requests.ask({ type: "list-actors" });
  }

  /** The connection ends for good: whatever is waited for rejects. */
  close(error: ClusterError): void {
    for (const stop of this.#stops) stop();
    this.#requests.end(error);
    for (const { calls, line } of this.#handles.values()) {
      line.close();
      calls.end((call) => (call.mayHaveRun ? lostWithConnection(error) : error));
    }
    this.#handles.clear();
    this.#said.clear();
  }

  #specOf(
    kind: unknown,
    init: unknown,
    options: ActorOptions,
  ): { readonly spec: ActorSpec; readonly shelved: readonly ShelvedBlock[] } {
    const encodeText = this.#tools.encode;
    const first = this.#shelf.put(encodeValue(init, { encodeText, name: "init" }));
    const { checkpointEveryCalls: everyCalls = null, restartable = false } = options;
    const everyMs = options.checkpointEveryMs ?? (everyCalls === null ? 1_000 : null);
    const rest = {
      init: first.ref,
      checkpoints: { everyCalls, everyMs },
      isRestartable: restartable,
    };
    if (typeof kind === "string") {
      const name = options.name ?? kind;
      return { spec: { ...rest, name, kind: { type: "built-in", name: kind } }, shelved: [first] };
    }
    const { moduleText, exportName } = asClassRef(kind);
    const module = this.#shelf.put(encodeValue(moduleText, { encodeText, name: "the module" }));
    const name = options.name ?? (typeof kind === "function" ? kind.name : exportName);
    const spec: ActorSpec = {
      ...rest,
      name: name.slice(0, 200),
      kind: { type: "class", module: module.ref, export: exportName },
    };
    return { spec, shelved: [first, module] };
  }

  #take(view: ActorView): Handle {
    const known = this.#handles.get(view.actor);
    if (known !== undefined) return known;
    const { actor } = view;
    const { clock, encode, decode } = this.#tools;
    const handle: Handle = {
      view,
      watchers: new Set(),
      atCoordinator: 0,
      calls: new ActorCalls({
        actor,
        client: this.#client,
        tools: this.#tools,
        say: (call) => this.#say(handle, call),
      }),
      line: new ActorLine({
        openLine: this.#client.openLine,
        clock,
        encode,
        decode,
        ask: () => this.#client.say({ type: "reach-actor", actor }),
        onReady: () => handle.calls.pump(),
        onReturn: (number, outcome) => this.#lineReturned(handle, number, outcome),
        onEnd: (areUnbegun) => this.#lineEnded(handle, areUnbegun),
      }),
    };
    this.#handles.set(view.actor, handle);
    this.#see(view);
    return handle;
  }

  #proxyOf<T extends object>(handle: Handle, options: ActorCallOptions): Actor<T> {
    const { actor } = handle.view;
    const { deadlineMs, limitMs, retries } = options;
    return createActorProxy<T>(
      {
        id: actor,
        get view() {
          return handle.view;
        },
        get way() {
          return handle.line.isOpen ? "direct" : "coordinator";
        },
        call: (method, args, how) => handle.calls.make(method, args, how),
        release: () => this.#release(actor),
      },
      {
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
        ...(limitMs === undefined ? {} : { limitMs }),
        ...(retries === undefined ? {} : { retries }),
      },
    );
  }

  /** Until the actor runs. Rejects when it will not, or has not in time. */
  #started(handle: Handle, deadlineMs: number): Promise<void> {
    const { actor } = handle.view;
    return new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        stopTimer();
        handle.watchers.delete(look);
        act();
      };
      const fail = (error: Error): void => {
        finish(() => reject(error));
      };
      const look = (): void => {
        const { state, why, error } = handle.view;
        if (state === "running") finish(resolve);
        else if (state === "lost") {
          fail(new ActorLostError(why ?? "The actor was lost.", actor, false, error));
        }
      };
      const stopTimer = this.#tools.clock.after(deadlineMs, () => {
        const why = handle.view.why ?? "Its worker does not answer.";
        const text = `The actor was not there within ${deadlineMs / 1_000} s: ${why}`;
        fail(new ActorDeadlineError(text, actor, false));
      });
      handle.watchers.add(look);
      look();
    });
  }

  async #release(actor: ActorId): Promise<void> {
    await this.#requests.ask({ type: "release-actor", actor });
  }

  #say(handle: Handle, call: ActorCall): boolean {
    const { line } = handle;
    const isOverLine = line.isOpen;
    const { args, method, limitMs, retriesLeft: retries, mayHaveRun } = call;
    // None overtakes those that are under way on the other way.
    const isReady = isOverLine ? line.hasRoom && handle.atCoordinator === 0 : this.#isConnected;
    if (!isReady || args === null) return false;
    this.#lastCall += 1;
    const number = this.#lastCall;
    this.#said.set(number, { call, handle, isOverLine, mayHaveRunBefore: mayHaveRun });
    const said = {
      call: number,
      method,
      deadlineMs: Math.max(1, call.deadlineAtMs - this.#tools.clock.nowMs()),
      ...(limitMs === null ? {} : { limitMs }),
      args,
    };
    if (isOverLine) line.call(said);
    else {
      handle.atCoordinator += 1;
      this.#client.say({ type: "call-actor", actor: handle.view.actor, ...said, retries });
    }
    return true;
  }

  #receive(message: CoordinatorMessage): void {
    if (message.type === "actor-returned") {
      this.#returned(message);
    } else if (message.type === "actor-changed") {
      this.#see(message.view);
    } else if (message.type === "actor-line") {
      void this.#handles.get(message.actor)?.line.open(message);
    } else if (message.type === "actor-reply") {
      this.#requests.receive(message);
      for (const view of message.actors) this.#see(view);
    }
  }

  #returned({
    call: number,
    outcome,
  }: Extract<CoordinatorMessage, { type: "actor-returned" }>): void {
    const said = this.#said.get(number);
    if (said === undefined || said.isOverLine) return;
    const { call, handle } = said;
    this.#said.delete(number);
    handle.atCoordinator -= 1;
    call.settle(outcome);
    if (outcome.ok || outcome.code === "threw") handle.line.seek();
    // These wait while the way changes.
    if (handle.atCoordinator === 0) handle.calls.pump();
  }

  #lineReturned(handle: Handle, number: number, outcome: ActorOutcome<HeardValue>): void {
    const said = this.#said.get(number);
    if (said?.handle !== handle || !said.isOverLine) return;
    this.#said.delete(number);
    said.call.settle(outcome);
  }

  #lineEnded(handle: Handle, areUnbegun: boolean): void {
    const ended = [...this.#said].filter(([, said]) => said.handle === handle && said.isOverLine);
    for (const [number, { call, mayHaveRunBefore }] of ended) {
      this.#said.delete(number);
      if (areUnbegun) call.mayHaveRun = mayHaveRunBefore;
    }
    const calls = ended.map(([, { call }]) => call);
    if (areUnbegun) handle.calls.unbegun(calls);
    else handle.calls.lost(calls, "The direct connection to the actor's machine was lost.");
    handle.calls.pump();
  }

  #see(view: ActorView): void {
    const handle = this.#handles.get(view.actor);
    if (handle === undefined) return;
    handle.view = view;
    handle.line.follow(view.state === "running" ? view.life : null);
    for (const watcher of handle.watchers) watcher();
  }

  #followConnection(): void {
    const { connection } = this.#client;
    const wasConnected = this.#isConnected;
    this.#isConnected = connection.state === "connected";
    if (connection.state === "refused") {
      return this.close(new ClusterError(connection.message, 0, { isFinal: true }));
    }
    if (wasConnected && !this.#isConnected) this.#disconnected();
    if (!wasConnected && this.#isConnected) this.#connected();
  }

  #disconnected(): void {
    this.#requests.disconnected();
    const lost = new Map<Handle, ActorCall[]>();
    for (const { handle, call } of this.#said.values()) {
      const calls = lost.get(handle) ?? [];
      lost.set(handle, calls);
      calls.push(call);
    }
    this.#said.clear();
    for (const handle of this.#handles.values()) {
      handle.line.close();
      handle.atCoordinator = 0;
    }
    for (const [handle, calls] of lost) {
      handle.calls.lost(calls, "The connection to the coordinator was lost.");
    }
  }

  #connected(): void {
    this.#requests.connected();
    for (const handle of this.#handles.values()) {
      const { actor } = handle.view;
      // A new connection follows nothing yet.
      this.#requests.ask({ type: "attach-actor", actor }).catch((error: unknown) => {
        if (error instanceof ActorError)
          this.#see({ ...handle.view, state: "lost", why: error.message });
      });
      handle.calls.pump();
    }
  }
}

const lostWithConnection = (cause: ClusterError): ActorLostError =>
  new ActorLostError(`${cause.message} The call may or may not have run.`, null, true);
