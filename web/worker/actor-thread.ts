// The entry of a trusted actor's thread: a Web Worker with one actor of a kind that came with the page.
import { expose } from "comlink";
import { builtInActor } from "../../shared/actors/actor-kinds.ts";
import { type ActorTasks, createActorTasks } from "../../shared/actors/actor-tasks.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const tasks: ActorTasks = createActorTasks({
  encodeText: (text) => encoder.encode(text),
  decodeText: (bytes) => decoder.decode(bytes),
  loadModule: () => {
    throw new Error("Classes of users run in the sandbox only.");
  },
  builtIn: builtInActor,
});

// A plain object: comlink exposes what it is given, member by member.
expose({ run: (params, inputs) => tasks.run(params, inputs) } satisfies ActorTasks);
