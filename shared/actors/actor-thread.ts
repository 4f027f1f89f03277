// What a worker needs of a thread that has one actor. Values are bytes here: nobody outside looks in.
import type { RemoteError } from "../graph/task.ts";

export type ThreadKind =
  /** `module`: the bytes of a string value, the text whose completion value has the exports. */
  | { readonly type: "class"; readonly module: Uint8Array; readonly export: string }
  | { readonly type: "built-in"; readonly name: string };

export interface ActorThreadStart {
  readonly kind: ThreadKind;
  readonly init: Uint8Array;
  /** A value that `checkpoint` gave, of an earlier life. */
  readonly checkpoint: Uint8Array | null;
}

/** What a value was, or what was thrown instead. */
export type ThreadOutcome<Value = Uint8Array> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: RemoteError };

/** What a started actor can do. */
export interface ActorTraits {
  readonly hasCheckpoint: boolean;
}

/** One thread for one actor. The promises may never settle once it died: `onDeath` is the word on that. */
export interface ActorThread {
  start(start: ActorThreadStart): Promise<ThreadOutcome<ActorTraits>>;
  /** `args` is an array value. Calls are not given before the one before has settled. */
  call(method: string, args: Uint8Array): Promise<ThreadOutcome>;
  /** The value of the instance's `checkpoint()`. */
  checkpoint(): Promise<ThreadOutcome>;
  /** Ends the thread now, whatever it does. */
  terminate(): void;
}

/** Starts a thread; `onDeath` is called when it cannot go on, with the reason in plain words. */
export type StartActorThread = (onDeath: (why: string) => void) => ActorThread;

/** Threads for classes of users are sandboxed; those for kinds that came with the page are not. */
export interface ActorThreads {
  /** Null where functions of users cannot run at all. */
  readonly forClasses: StartActorThread | null;
  readonly forBuiltIns: StartActorThread;
}
