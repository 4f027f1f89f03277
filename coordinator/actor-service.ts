// The cluster's actors: runs the machine that places them, speaks with workers and clients about them,
// and keeps what must survive.
import { randomBytes } from "node:crypto";
import type { ActorCommand, ActorEvent, Life } from "../shared/actors/actor-events.ts";
import { actorStep } from "../shared/actors/actor-machine.ts";
import { type ActorRecord, createActorsState } from "../shared/actors/actor-state.ts";
import { decodeBase64 } from "../shared/codecs/base64.ts";
import type { BlockRef } from "../shared/graph/task.ts";
import { type ActorId, asActorId, type BlockId, randomText, type WorkerId } from "../shared/ids.ts";
import { ACTORS_MAX } from "../shared/limits.ts";
import type { ActorView, HeardValue } from "../shared/protocol/actor-messages.ts";
import type { ClientMessage } from "../shared/protocol/messages.ts";
import type { SaidValue } from "../shared/protocol/actor-messages.ts";
import type { LocatedBlock, WorkerMessage } from "../shared/protocol/messages.ts";
import type { BlockSources } from "./block-sources.ts";
import type { BlockStore } from "./block-store.ts";
import type { ActorRow, Journal } from "./journal.ts";
import type { ClientPort, WorkerPort } from "./ports.ts";

/** How often the machine learns that time has passed. */
const TICK_MS = 500;
/** Rows wait this long for others, to be written together: it is what a power failure may cost. */
const WRITE_DELAY_MS = 50;

type Said<Type> = Extract<WorkerMessage, { type: Type }>;
type Asked<Type> = Extract<ClientMessage, { type: Type }>;
type Command<Type> = Extract<ActorCommand, { type: Type }>;
export type WorkerActorMessage = Said<
  "actor-started" | "actor-ended" | "actor-checkpointed" | "actor-returned" | "line-admitted"
>;
export type ClientActorMessage = Asked<
  "create-actor" | "attach-actor" | "release-actor" | "list-actors" | "reach-actor" | "call-actor"
>;

export interface ActorServiceParts {
  /** Classes of users may run here, on workers that agreed. */
  readonly allowsFunctions: boolean;
  readonly journal: Journal;
  readonly store: BlockStore;
  readonly sources: BlockSources;
  /** The store let these go. */
  readonly onDropped: (blocks: readonly BlockId[]) => void;
  /** Monotonic time. */
  readonly nowMs: () => number;
  /** Time of day, in Unix milliseconds. */
  readonly nowUnixMs: () => number;
  readonly log: (line: string) => void;
}

export class ActorService {
  readonly #parts: ActorServiceParts;
  readonly #state = createActorsState();
  readonly #rows = new Map<ActorId, ActorRow>();
  /** Changed since they were written. */
  readonly #unwritten = new Set<ActorId>();
  readonly #workers = new Map<WorkerId, WorkerPort>();
  readonly #clients = new Map<number, ClientPort>();
  readonly #callers = new Map<ClientPort, number>();
  /** Who hears of an actor's changes. */
  readonly #followers = new Map<ActorId, Set<ClientPort>>();
  #lastCaller = 0;
  #isClosed = false;
  #tickTimer: NodeJS.Timeout | undefined;
  #writeTimer: NodeJS.Timeout | undefined;

  constructor(parts: ActorServiceParts) {
    this.#parts = parts;
  }

  /** Takes up the actors of an earlier process and begins to tick. */
  start(): void {
    for (const row of this.#parts.journal.actors()) {
      this.#rows.set(row.actor, row);
      const { actor, life, checkpoint } = row;
      const known = { actor, life, hasCheckpoint: checkpoint !== null };
      this.#dispatch({ type: "actor-restored", ...known, ...factsOf(row) });
    }
    this.#tickTimer = setInterval(() => this.#dispatch({ type: "ticked" }), TICK_MS);
    this.#tickTimer.unref();
  }

  /** Writes what is unwritten; whatever is heard later changes nothing. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#tickTimer);
    this.#write();
  }

  // Workers

  workerJoined(port: WorkerPort, held: readonly Life[]): void {
    this.#workers.set(port.worker, port);
    this.#dispatch({ type: "worker-joined", ...identity(port), ...this.#abilityOf(port), held });
  }

  workerChanged(port: WorkerPort): void {
    this.#dispatch({ type: "worker-changed", ...identity(port), ...this.#abilityOf(port) });
  }

  /** `saidGoodbye`: its threads ended with it. */
  workerLeft(port: WorkerPort, saidGoodbye: boolean): void {
    if (this.#workers.get(port.worker) === port) this.#workers.delete(port.worker);
    this.#dispatch({ type: "worker-left", ...identity(port), mayReturn: !saidGoodbye });
  }

  workerSaid(port: WorkerPort, message: WorkerActorMessage): void {
    const { actor, life } = message;
    const of = { ...identity(port), actor, life };
    switch (message.type) {
      case "actor-started":
        return this.#dispatch({ type: "actor-started", ...of });
      case "actor-ended": {
        const { reason, error = null } = message;
        this.#parts.log(
          `${port.record.name}: actor ${actor} ended (${reason}): ${message.message}`,
        );
        return this.#dispatch({
          ...of,
          type: "actor-ended",
          reason,
          message: message.message,
          error,
        });
      }
      case "actor-checkpointed":
        return this.#keepCheckpoint(port, message);
      case "line-admitted": {
        // Only now: the line would be refused by a worker that does not know the key yet.
        const { caller, key } = message;
        const { peer } = port;
        return this.#clients.get(caller)?.send({ type: "actor-line", actor, life, peer, key });
      }
      case "actor-returned": {
        const { caller, call, outcome } = message;
        return this.#dispatch({ type: "call-returned", ...of, caller, call, outcome });
      }
    }
  }

  #abilityOf({
    record,
  }: WorkerPort): Pick<
    Extract<ActorEvent, { type: "worker-changed" }>,
    "threads" | "paused" | "runsFunctions"
  > {
    const { threads, paused, runsFunctions } = record.status;
    return { threads, paused, runsFunctions: runsFunctions && this.#parts.allowsFunctions };
  }

  // Clients

  clientJoined(port: ClientPort): void {
    this.#lastCaller += 1;
    this.#clients.set(this.#lastCaller, port);
    this.#callers.set(port, this.#lastCaller);
  }

  clientLeft(port: ClientPort): void {
    const caller = this.#callers.get(port);
    if (caller === undefined) return;
    this.#callers.delete(port);
    this.#clients.delete(caller);
    for (const [actor, ports] of this.#followers) {
      ports.delete(port);
      if (ports.size === 0) this.#followers.delete(actor);
    }
    this.#dispatch({ type: "caller-left", caller });
  }

  clientSaid(port: ClientPort, message: ClientActorMessage): void {
    switch (message.type) {
      case "call-actor":
        return this.#call(port, message);
      case "create-actor":
        return this.#create(port, message);
      case "reach-actor": {
        const caller = this.#callers.get(port);
        if (caller === undefined) return;
        return this.#dispatch({ type: "line-asked", caller, actor: message.actor });
      }
      case "attach-actor":
        if (this.#rows.has(message.actor)) this.#follow(port, message.actor);
        return this.#reply(port, message.request, message.actor);
      case "release-actor":
        // Released already is as good as released.
        if (this.#rows.has(message.actor)) {
          this.#dispatch({ type: "actor-released", actor: message.actor });
        }
        return port.send({
          type: "actor-reply",
          request: message.request,
          actors: [],
          refusal: null,
        });
      case "list-actors": {
        const actors = [...this.#rows.keys()].map((actor) => this.#viewOf(actor));
        return port.send({
          type: "actor-reply",
          request: message.request,
          actors: actors.filter((view) => view !== undefined),
          refusal: null,
        });
      }
    }
  }

  #call(port: ClientPort, message: Asked<"call-actor">): void {
    const caller = this.#callers.get(port);
    if (caller === undefined) return;
    const { call, actor, method, args, deadlineMs, limitMs = null, retries } = message;
    const sizeBytes = "bytes" in args ? args.bytes.length : 0;
    this.#dispatch({
      type: "call-made",
      caller,
      call,
      actor,
      method,
      args,
      sizeBytes,
      deadlineMs,
      limitMs,
      retries,
    });
  }

  #create(port: ClientPort, { request, spec, blocks }: Asked<"create-actor">): void {
    const refusal = this.#whyNot(spec, blocks);
    if (refusal !== null) {
      return port.send({ type: "actor-reply", request, actors: [], refusal });
    }
    const actor = asActorId(`a_${randomText(randomBytes(16))}`);
    const createdAtMs = this.#parts.nowUnixMs();
    const row: ActorRow = { actor, spec, life: 0, checkpoint: null, createdAtMs };
    this.#rows.set(actor, row);
    this.#follow(port, actor);
    this.#dispatch({ type: "actor-created", actor, ...factsOf(row) });
    this.#reply(port, request, actor);
  }

  /** Why an actor cannot be made; its small blocks are kept on the way. */
  #whyNot(
    spec: Asked<"create-actor">["spec"],
    blocks: Asked<"create-actor">["blocks"],
  ): string | null {
    const { allowsFunctions, store } = this.#parts;
    if (spec.kind.type === "class" && !allowsFunctions) {
      return "This coordinator does not run functions of users, so it makes no actors of their classes.";
    }
    if (this.#rows.size >= ACTORS_MAX) {
      return `This cluster has ${ACTORS_MAX} actors already. Release some that are not needed.`;
    }
    try {
      for (const { block, bytes } of blocks) store.putSmall(block, decodeBase64(bytes));
    } catch (error) {
      return `The actor could not be kept: ${(error as Error).message}`;
    }
    const isMissing = refsOf(spec).some(({ block }) => store.get(block) === undefined);
    return isMissing ? "The actor's module or first value is not in the store." : null;
  }

  #follow(port: ClientPort, actor: ActorId): void {
    const ports = this.#followers.get(actor) ?? new Set();
    this.#followers.set(actor, ports.add(port));
  }

  #reply(port: ClientPort, request: number, actor: ActorId): void {
    const view = this.#viewOf(actor);
    port.send({
      type: "actor-reply",
      request,
      actors: view === undefined ? [] : [view],
      refusal: view === undefined ? "There is no such actor; it may have been released." : null,
    });
  }

  #viewOf(actor: ActorId): ActorView | undefined {
    const record = this.#state.actors.get(actor);
    const row = this.#rows.get(actor);
    if (record === undefined || row === undefined) return undefined;
    const { name, kind } = row.spec;
    const worker = record.place?.worker ?? null;
    return {
      actor,
      name,
      kind: kind.type === "class" ? kind.export : kind.name,
      state: record.phase,
      life: record.life,
      worker,
      peer: worker === null ? null : (this.#workers.get(worker)?.peer ?? null),
      calls: record.calls.size,
      hasCheckpoint: record.hasCheckpoint,
      why: record.why,
      error: record.error,
    };
  }

  // Commands

  #dispatch(event: ActorEvent): void {
    if (this.#isClosed) return;
    for (const command of actorStep(this.#state, event, this.#parts.nowMs()))
      this.#execute(command);
  }

  #execute(command: ActorCommand): void {
    switch (command.type) {
      case "answer-call": {
        const { caller, call, outcome } = command;
        const heard = outcome.ok
          ? { ok: true as const, value: this.#heard(outcome.value) }
          : outcome;
        return this.#clients.get(caller)?.send({ type: "actor-returned", call, outcome: heard });
      }
      case "send-call": {
        const { actor, life, caller, call, method, deadlineMs, limitMs } = command;
        const args = this.#heard(command.args);
        return this.#portOf(command)?.send({
          type: "call-actor",
          actor,
          life,
          caller,
          call,
          method,
          args,
          deadlineMs,
          ...(limitMs === null ? {} : { limitMs }),
        });
      }
      case "admit-line": {
        const { actor, life, caller } = command;
        // The client's word to the worker that the coordinator knows it.
        const key = randomBytes(16).toString("hex");
        return this.#portOf(command)?.send({ type: "admit-line", actor, life, caller, key });
      }
      case "start-actor":
        return this.#startActor(command);
      case "stop-actor": {
        const { actor, life } = command;
        return this.#portOf(command)?.send({ type: "stop-actor", actor, life });
      }
      case "actor-changed":
        return this.#changed(command.actor);
    }
  }

  #startActor(command: Command<"start-actor">): void {
    const { actor, life, isResumed } = command;
    const row = this.#rows.get(actor);
    if (row === undefined) return;
    const { spec, checkpoint } = row;
    const { kind } = spec;
    this.#portOf(command)?.send({
      type: "start-actor",
      actor,
      life,
      isResumed,
      kind: kind.type === "built-in" ? kind : { ...kind, module: this.#located(kind.module) },
      init: this.#located(spec.init),
      // A thread that lives has its state.
      checkpoint: checkpoint === null || isResumed ? null : this.#heard(checkpoint),
      checkpoints: spec.checkpoints,
    });
  }

  #portOf(of: { worker: WorkerId; incarnation: number }): WorkerPort | undefined {
    const port = this.#workers.get(of.worker);
    return port?.incarnation === of.incarnation ? port : undefined;
  }

  #heard(value: SaidValue): HeardValue {
    return "bytes" in value ? value : this.#located(value);
  }

  #located(ref: BlockRef): LocatedBlock {
    const { sources } = this.#parts;
    const [located = { ...ref, peers: [], stored: false }] = sources.locate([ref.block]);
    return sources.withBytes(located);
  }

  #changed(actor: ActorId): void {
    const record = this.#state.actors.get(actor);
    const row = this.#rows.get(actor);
    if (row === undefined) return;
    if (record === undefined) this.#forget(row);
    else if (record.life !== row.life) this.#save({ ...row, life: record.life });
    else this.#save(row);
    const followers = this.#followers.get(actor);
    if (followers === undefined) return;
    const view = record === undefined ? releasedView(row) : this.#viewOf(actor);
    if (view === undefined) return;
    for (const port of followers) port.send({ type: "actor-changed", view });
    if (record === undefined) this.#followers.delete(actor);
  }

  // What is kept

  #keepCheckpoint(port: WorkerPort, message: Said<"actor-checkpointed">): void {
    const { actor, life, checkpoint } = message;
    const record: ActorRecord | undefined = this.#state.actors.get(actor);
    const row = this.#rows.get(actor);
    const isPresent =
      record?.life === life &&
      record.place?.worker === port.worker &&
      record.place.incarnation === port.incarnation;
    const isThere = "bytes" in checkpoint || this.#parts.store.get(checkpoint.block) !== undefined;
    const isKept = isPresent && isThere && row !== undefined;
    if (isKept) {
      this.#dropCheckpoint(row, checkpoint);
      this.#save({ ...row, checkpoint });
      this.#dispatch({ type: "actor-checkpointed", ...identity(port), actor, life });
    }
    port.send({ type: "checkpoint-kept", actor, life, isKept });
  }

  /** Checkpoints carry a mark that makes their blocks their own: nobody else can need this one. */
  #dropCheckpoint({ checkpoint }: ActorRow, next: SaidValue | null): void {
    if (checkpoint === null || "bytes" in checkpoint) return;
    const { block } = checkpoint;
    if (next !== null && "block" in next && next.block === block) return;
    this.#parts.store.delete(block).then(
      () => this.#parts.onDropped([block]),
      (error: unknown) => this.#parts.log(`An old checkpoint stays: ${String(error)}`),
    );
  }

  #save(row: ActorRow): void {
    this.#rows.set(row.actor, row);
    this.#writeSoon(row.actor);
  }

  #forget(row: ActorRow): void {
    this.#rows.delete(row.actor);
    this.#dropCheckpoint(row, null);
    this.#writeSoon(row.actor);
  }

  #writeSoon(actor: ActorId): void {
    this.#unwritten.add(actor);
    this.#writeTimer ??= setTimeout(() => this.#write(), WRITE_DELAY_MS);
  }

  #write(): void {
    clearTimeout(this.#writeTimer);
    this.#writeTimer = undefined;
    const changed = [...this.#unwritten].map((actor) => ({ actor, row: this.#rows.get(actor) }));
    if (changed.length === 0) return;
    try {
      this.#parts.journal.saveActors(changed);
      this.#unwritten.clear();
    } catch (error) {
      // Written with the next change.
      this.#parts.log(`The journal could not record actors: ${(error as Error).message}`);
    }
  }
}

const identity = (port: WorkerPort): Pick<WorkerPort, "worker" | "incarnation"> => ({
  worker: port.worker,
  incarnation: port.incarnation,
});

const factsOf = ({ spec }: ActorRow): { needsFunctions: boolean; isRestartable: boolean } => ({
  needsFunctions: spec.kind.type === "class",
  isRestartable: spec.isRestartable,
});

/** The blocks that making it needs. */
const refsOf = ({ kind, init }: ActorRow["spec"]): BlockRef[] =>
  kind.type === "class" ? [kind.module, init] : [init];

/** The blocks that an actor needs to be made again. */
export function blocksOfActor({ spec, checkpoint }: ActorRow): BlockId[] {
  const refs = refsOf(spec);
  if (checkpoint !== null && "block" in checkpoint) refs.push(checkpoint);
  return refs.map(({ block }) => block);
}

const releasedView = ({ actor, spec }: ActorRow): ActorView => ({
  actor,
  name: spec.name,
  kind: spec.kind.type === "class" ? spec.kind.export : spec.kind.name,
  state: "lost",
  life: 0,
  worker: null,
  peer: null,
  calls: 0,
  hasCheckpoint: false,
  why: "The actor was released.",
  error: null,
});
