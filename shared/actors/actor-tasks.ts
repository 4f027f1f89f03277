// An actor in a thread that answers one request after the other: the requests, and both of their ends.
// They have the form of function tasks, so that the sandbox which runs these carries actors as well.
import { assert } from "../assert.ts";
import type { JsonValue, RemoteError } from "../graph/task.ts";
import { type ActorInstanceParts, createActorInstance } from "./actor-instance.ts";
import type { ActorThread, ThreadOutcome } from "./actor-thread.ts";

/** What the thread is asked; `params.actor` tells it from a function task. */
interface ActorTask {
  readonly params: JsonValue;
  readonly inputs: readonly { readonly bytes: Uint8Array }[];
}

type ActorTaskOutcome =
  | { readonly ok: true; readonly output: Uint8Array<ArrayBuffer> }
  | {
      readonly ok: false;
      readonly reason: "kernel-error";
      readonly message: string;
      readonly error: RemoteError;
    };

/** A running thread, as the page sees it. */
export interface ActorTaskThread {
  /** May never settle when the thread dies. */
  run(
    task: ActorTask,
  ): Promise<
    | { readonly ok: true; readonly outputs: readonly { readonly bytes: Uint8Array }[] }
    | { readonly ok: false; readonly message: string; readonly error?: RemoteError }
  >;
  terminate(): void;
}

export type StartActorTaskThread = (onDeath: (why: string) => void) => ActorTaskThread;

export interface ActorTasks {
  /** Never rejects. Requests must not overlap. */
  run(params: JsonValue, inputs: readonly Uint8Array[]): Promise<ActorTaskOutcome>;
}

type Asked =
  | { readonly actor: "start-class"; readonly name: string }
  | { readonly actor: "start-built-in"; readonly name: string }
  | { readonly actor: "call"; readonly method: string }
  | { readonly actor: "checkpoint" };

/** True for requests that are for `createActorTasks`. */
export const isActorTask = (params: JsonValue): boolean =>
  typeof params === "object" && params !== null && "actor" in params;

/** The thread's end. */
export function createActorTasks(parts: ActorInstanceParts): ActorTasks {
  const instance = createActorInstance(parts);

  /** A started actor's only trait is told by one byte. */
  async function start(
    asked: Extract<Asked, { name: string }>,
    inputs: readonly Uint8Array[],
  ): Promise<ThreadOutcome<Uint8Array<ArrayBuffer>>> {
    const isClass = asked.actor === "start-class";
    const [module, init, checkpoint = null] = isClass ? inputs : [new Uint8Array(), ...inputs];
    assert(module !== undefined && init !== undefined, "an actor starts with its inputs");
    const kind = isClass
      ? { type: "class" as const, module, export: asked.name }
      : { type: "built-in" as const, name: asked.name };
    const outcome = await instance.start({ kind, init, checkpoint });
    if (!outcome.ok) return outcome;
    return { ok: true, value: new Uint8Array([Number(outcome.value.hasCheckpoint)]) };
  }

  function answer(
    asked: Asked,
    inputs: readonly Uint8Array[],
  ): Promise<ThreadOutcome<Uint8Array<ArrayBuffer>>> {
    if (asked.actor === "checkpoint") return instance.checkpoint();
    if (asked.actor !== "call") return start(asked, inputs);
    return instance.call(asked.method, inputs[0] ?? new Uint8Array());
  }

  return {
    async run(params, inputs) {
      const outcome = await answer(params as unknown as Asked, inputs);
      if (outcome.ok) return { ok: true, output: outcome.value };
      const { error } = outcome;
      return { ok: false, reason: "kernel-error", message: error.message, error };
    },
  };
}

/** The page's end: an actor's thread over one that runs such requests. */
export function actorThreadOver(thread: ActorTaskThread): ActorThread {
  async function ask(asked: Asked, inputs: readonly Uint8Array[]): Promise<ThreadOutcome> {
    const outcome = await thread.run({
      params: asked,
      inputs: inputs.map((bytes) => ({ bytes })),
    });
    if (outcome.ok) return { ok: true, value: outcome.outputs[0]?.bytes ?? new Uint8Array() };
    const { message, error = { name: "Error", message, stack: "" } } = outcome;
    return { ok: false, error };
  }

  return {
    async start({ kind, init, checkpoint }) {
      const rest = checkpoint === null ? [init] : [init, checkpoint];
      const outcome =
        kind.type === "class"
          ? await ask({ actor: "start-class", name: kind.export }, [kind.module, ...rest])
          : await ask({ actor: "start-built-in", name: kind.name }, rest);
      return outcome.ok ? { ok: true, value: { hasCheckpoint: outcome.value[0] === 1 } } : outcome;
    },
    call: (method, args) => ask({ actor: "call", method }, [args]),
    checkpoint: () => ask({ actor: "checkpoint" }, []),
    terminate: () => thread.terminate(),
  };
}
