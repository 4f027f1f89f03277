// The thread's side of an actor: makes the instance, calls its methods, takes its checkpoints.
import type { EncodeText } from "../graph/task-key.ts";
import { remoteError } from "../graph/remote-error.ts";
import { decodeValue } from "../values/decode-value.ts";
import { encodeValue } from "../values/encode-value.ts";
import type { DecodeText } from "../values/value-format.ts";
import type { ActorThreadStart, ActorTraits, ThreadOutcome } from "./actor-thread.ts";

/** What a thread knows besides: how text becomes bytes, and where classes come from. */
export interface ActorInstanceParts {
  readonly encodeText: EncodeText;
  readonly decodeText: DecodeText;
  /** The exports of a user's module. Throws what the module throws. */
  readonly loadModule: (text: string) => unknown;
  /** The class of a kind that came with the page; undefined for one that did not. */
  readonly builtIn: (name: string) => unknown;
}

/** One actor; calls must not overlap. No method rejects. */
export interface ActorInstance {
  start(start: ActorThreadStart): Promise<ThreadOutcome<ActorTraits>>;
  call(method: string, args: Uint8Array): Promise<ThreadOutcome<Uint8Array<ArrayBuffer>>>;
  checkpoint(): Promise<ThreadOutcome<Uint8Array<ArrayBuffer>>>;
}

type Method = (...args: unknown[]) => unknown;
type ActorClass = (new (init: unknown) => Record<string, unknown>) & { readonly restore?: unknown };

export function createActorInstance(parts: ActorInstanceParts): ActorInstance {
  const { encodeText, decodeText } = parts;
  let instance: Record<string, unknown> | null = null;
  let className = "The actor";

  const valueOf = (bytes: Uint8Array): unknown => decodeValue(bytes, { decodeText });

  async function make({ kind, init, checkpoint }: ActorThreadStart): Promise<ActorTraits> {
    const Class = asClass(
      kind.type === "built-in"
        ? parts.builtIn(kind.name)
        : exportOf(parts.loadModule(String(valueOf(kind.module))), kind.export),
      kind.type === "built-in" ? kind.name : kind.export,
    );
    className = Class.name || className;
    const start = valueOf(init);
    const restoresItself = typeof Class.restore === "function";
    if (checkpoint !== null && restoresItself) {
      const restore = Class.restore as Method;
      instance = (await restore.call(Class, valueOf(checkpoint), start)) as typeof instance;
      if (typeof instance !== "object" || instance === null) {
        throw new TypeError(`${className}.restore() must return the restored actor.`);
      }
    } else {
      instance = new Class(start);
      if (checkpoint !== null) await methodOf(instance, "restore")(valueOf(checkpoint));
    }
    const hasCheckpoint = typeof instance["checkpoint"] === "function";
    if (hasCheckpoint && !restoresItself && typeof instance["restore"] !== "function") {
      throw new TypeError(
        `${className} has a method checkpoint() and no restore(value) to begin from it.`,
      );
    }
    return { hasCheckpoint };
  }

  /** A method that may be called from outside: none that every object has, none that is private. */
  function methodOf(target: Record<string, unknown> | null, name: string): Method {
    if (target === null) throw new Error("The actor was not started.");
    const isHidden = name in Object.prototype || name.startsWith("_");
    const method = isHidden ? undefined : target[name];
    if (typeof method !== "function") {
      throw new TypeError(`${className} has no method "${name}".`);
    }
    return (...args) => (method as Method).apply(target, args);
  }

  return {
    start: (start) => attempt(() => make(start)),
    call: (method, args) =>
      attempt(async () => {
        const values = valueOf(args);
        if (!Array.isArray(values)) throw new TypeError("The arguments are not an array.");
        const value = await methodOf(instance, method)(...(values as unknown[]));
        return encodeValue(value, { encodeText, name: `the result of ${method}()` });
      }),
    checkpoint: () =>
      attempt(async () =>
        encodeValue(await methodOf(instance, "checkpoint")(), {
          encodeText,
          name: "the checkpoint",
        }),
      ),
  };
}

async function attempt<Value>(work: () => Promise<Value>): Promise<ThreadOutcome<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (thrown) {
    return { ok: false, error: remoteError(thrown) };
  }
}

function exportOf(exports: unknown, name: string): unknown {
  const isObject =
    (typeof exports === "object" && exports !== null) || typeof exports === "function";
  return isObject ? (exports as Record<string, unknown>)[name] : undefined;
}

function asClass(value: unknown, name: string): ActorClass {
  if (typeof value !== "function" || value.prototype === undefined) {
    throw new TypeError(`"${name}" is not a class.`);
  }
  return value as unknown as ActorClass;
}
