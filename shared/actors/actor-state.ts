// Everything that the actor machine knows, as plain data.
import type { RemoteError } from "../graph/task.ts";
import type { ActorId, WorkerId } from "../ids.ts";
import type { SaidValue } from "../protocol/actor-messages.ts";
import type { ActorAbility, ActorFacts, CallName, WorkerIdentity } from "./actor-events.ts";

export interface ActorHost extends WorkerIdentity {
  ability: ActorAbility;
  /** Actors whose present life is there. */
  readonly actors: Set<ActorId>;
}

export interface ActorCall extends CallName {
  readonly method: string;
  readonly args: SaidValue;
  readonly sizeBytes: number;
  readonly deadlineAtMs: number;
  readonly limitMs: number | null;
  retriesLeft: number;
  /** It is at the worker: whether it ran is not known. */
  isSent: boolean;
  /** It was at a worker at some time. */
  mayHaveRun: boolean;
  /** Its deadline passed while it was at the worker: the answer that still comes goes nowhere. */
  isAnswered: boolean;
}

export interface ActorRecord extends ActorFacts {
  phase: "waiting" | "starting" | "running" | "lost";
  /** The number of its newest start; 0 before the first. */
  life: number;
  place: WorkerIdentity | null;
  hasCheckpoint: boolean;
  /** Calls came since the state was last kept, so this life knows more than any other could. */
  isDirty: boolean;
  /** Clients may call this life past the coordinator: what it does not see makes it dirty at any moment. */
  hasLines: boolean;
  /** Only while waiting: its newest life may still be alive at a worker that may come back. */
  isAdoptable: boolean;
  /** Only while waiting: not placed, or not given up, before. */
  waitUntilMs: number;
  /** Only while waiting: what follows when nobody brings it back; "give-up" ends it as lost. */
  afterWait: "place" | "give-up";
  /** Deaths of its thread in a row, without an answered call between them. */
  deaths: number;
  why: string | null;
  error: RemoteError | null;
  /** In the order of their coming; those that were sent are the first. */
  readonly calls: Map<string, ActorCall>;
  callBytes: number;
}

export interface ActorsState {
  nowMs: number;
  /** What waits for a time is looked at then. */
  tickedAtMs: number;
  readonly workers: Map<WorkerId, ActorHost>;
  readonly actors: Map<ActorId, ActorRecord>;
  /** The newest call of each client's connection: an older one is a repetition. */
  readonly lastCalls: Map<number, number>;
  /** Events that were stale, unknown or repeated, and changed nothing. */
  dropped: number;
}

export const createActorsState = (): ActorsState => ({
  nowMs: 0,
  tickedAtMs: 0,
  workers: new Map(),
  actors: new Map(),
  lastCalls: new Map(),
  dropped: 0,
});

export const callKey = ({ caller, call }: CallName): string => `${caller}:${call}`;
