// An actor as programs see it: its methods, each answering with a promise, and a few members with "$".
import type { ActorId } from "../ids.ts";
import type { ActorView } from "../protocol/actor-messages.ts";
import type { Arguments } from "./argument-types.ts";

/** How calls are made, from `actor.$with` on. */
export interface ActorCallOptions {
  /** Milliseconds after which a call rejects with ActorDeadlineError; 60,000 is normal. */
  readonly deadlineMs?: number;
  /**
   * Milliseconds that the method may run. A call that runs longer rejects with ActorLostError, and its
   * thread is ended: the actor comes back from its last checkpoint. None is normal: it may run on.
   */
  readonly limitMs?: number;
  /**
   * How often a call is sent again when its worker was lost, though it may have run: for methods that
   * may run twice. None is normal: a call then runs once or not at all.
   */
  readonly retries?: number;
}

/** The methods of `T`, answering from afar. Futures may be arguments: their values are sent. */
export type ActorMethods<T extends object> = {
  readonly [K in keyof T as T[K] extends (...args: never[]) => unknown ? K : never]: T[K] extends (
    ...args: infer A
  ) => infer R
    ? (...args: Arguments<A>) => Promise<Awaited<R>>
    : never;
};

/** What every actor has beside its own methods; the sign keeps the names apart. */
export interface ActorControls<T extends object> {
  /** For `cluster.attachActor`, from any client. */
  readonly $id: ActorId;
  /** Where it is and how it is, as the coordinator last told. */
  readonly $view: ActorView;
  /** How calls go now: over a direct channel to its page, or through the coordinator. */
  readonly $way: "direct" | "coordinator";
  /** The same actor, whose calls have other options. Calls keep their order over all of them. */
  $with(options: ActorCallOptions): Actor<T>;
  /** Ends the actor for everybody. Calls that have not run reject. */
  $release(): Promise<void>;
}

/** An object that lives elsewhere: its methods, each answering with a promise, and its controls. */
export type Actor<T extends object> = ActorMethods<T> & ActorControls<T>;

/** What the proxy stands for. */
export interface ActorTarget {
  readonly id: ActorId;
  readonly view: ActorView;
  readonly way: "direct" | "coordinator";
  call(method: string, args: readonly unknown[], options: ActorCallOptions): Promise<unknown>;
  release(): Promise<void>;
}

export function createActorProxy<T extends object>(
  target: ActorTarget,
  options: ActorCallOptions = {},
): Actor<T> {
  const methods = new Map<string, (...args: unknown[]) => Promise<unknown>>();
  const controls: ActorControls<T> = {
    get $id() {
      return target.id;
    },
    get $view() {
      return target.view;
    },
    get $way() {
      return target.way;
    },
    $with: (more) => createActorProxy<T>(target, { ...options, ...more }),
    $release: () => target.release(),
  };
  const get = (_: object, name: string | symbol): unknown => {
    // Promises would take an object with "then" for one of theirs.
    if (typeof name === "symbol" || name === "then" || name === "toJSON") return undefined;
    if (Object.hasOwn(controls, name)) return controls[name as keyof ActorControls<T>];
    let method = methods.get(name);
    if (method === undefined) {
      method = (...args) => target.call(name, args, options);
      methods.set(name, method);
    }
    return method;
  };
  return new Proxy({}, { get }) as Actor<T>;
}
