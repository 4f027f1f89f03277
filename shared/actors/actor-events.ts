// What can happen to actors at the coordinator, and what the machine then asks its host to do.
import type { RemoteError } from "../graph/task.ts";
import type { ActorId, Incarnation, WorkerId } from "../ids.ts";
import type { ActorFailure, SaidValue } from "../protocol/actor-messages.ts";

/** One connection of a worker. */
export interface WorkerIdentity {
  readonly worker: WorkerId;
  readonly incarnation: Incarnation;
}

/** One start of an actor in a thread. */
export interface Life {
  readonly actor: ActorId;
  readonly life: number;
}

/** What decides over which actors a worker may have. */
export interface ActorAbility {
  readonly threads: number;
  readonly paused: boolean;
  /** Functions of users may run there; false wherever the coordinator forbids them. */
  readonly runsFunctions: boolean;
}

/** A call: the client's connection, and its number there, which grows. */
export interface CallName {
  readonly caller: number;
  readonly call: number;
}

export interface ActorFacts {
  readonly actor: ActorId;
  /** Its class came from a user: only workers that run functions may have it. */
  readonly needsFunctions: boolean;
  readonly isRestartable: boolean;
}

/** How a call ended; the machine does not look at values. */
export type CallOutcome = { readonly ok: true; readonly value: SaidValue } | ActorFailure;

export type ActorEvent =
  | (WorkerIdentity &
      ActorAbility & {
        readonly type: "worker-joined";
        /** Lives whose threads are still there from before the connection was lost. */
        readonly held: readonly Life[];
      })
  | (WorkerIdentity & ActorAbility & { readonly type: "worker-changed" })
  /** `mayReturn`: it did not say goodbye, so its threads may live on. */
  | (WorkerIdentity & { readonly type: "worker-left"; readonly mayReturn: boolean })
  | (ActorFacts & { readonly type: "actor-created" })
  /** The journal knows it from an earlier process; its life may still be alive somewhere. */
  | (ActorFacts & {
      readonly type: "actor-restored";
      readonly life: number;
      readonly hasCheckpoint: boolean;
    })
  | { readonly type: "actor-released"; readonly actor: ActorId }
  | (WorkerIdentity & Life & { readonly type: "actor-started" })
  | (WorkerIdentity &
      Life & {
        readonly type: "actor-ended";
        readonly reason: "failed" | "thread-died";
        readonly message: string;
        readonly error: RemoteError | null;
      })
  /** The host has kept the checkpoint. */
  | (WorkerIdentity & Life & { readonly type: "actor-checkpointed" })
  /** A client would call the actor past the coordinator. */
  | { readonly type: "line-asked"; readonly caller: number; readonly actor: ActorId }
  | (CallName & {
      readonly type: "call-made";
      readonly actor: ActorId;
      readonly method: string;
      readonly args: SaidValue;
      /** Bytes of the arguments inside the message. */
      readonly sizeBytes: number;
      readonly deadlineMs: number;
      /** Null for one that may run on. */
      readonly limitMs: number | null;
      readonly retries: number;
    })
  | (WorkerIdentity &
      Life &
      CallName & { readonly type: "call-returned"; readonly outcome: CallOutcome })
  | { readonly type: "caller-left"; readonly caller: number }
  /** Time has passed. */
  | { readonly type: "ticked" };

export type ActorCommand =
  | (WorkerIdentity & Life & { readonly type: "start-actor"; readonly isResumed: boolean })
  | (WorkerIdentity & Life & { readonly type: "stop-actor" })
  /** The client may open a line to this life; both are told the key. */
  | (WorkerIdentity & Life & { readonly type: "admit-line"; readonly caller: number })
  | (WorkerIdentity &
      Life &
      CallName & {
        readonly type: "send-call";
        readonly method: string;
        readonly args: SaidValue;
        readonly deadlineMs: number;
        readonly limitMs: number | null;
      })
  | (CallName & { readonly type: "answer-call"; readonly outcome: CallOutcome })
  /** Something that views or the journal show is different now. */
  | { readonly type: "actor-changed"; readonly actor: ActorId };
