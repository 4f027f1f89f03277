// Threads for actors in the browser: sandboxed ones for classes of users, plain ones for built-in kinds.
import { releaseProxy, wrap } from "comlink";
import {
  type ActorTasks,
  actorThreadOver,
  type ActorTaskThread,
  type StartActorTaskThread,
} from "../../shared/actors/actor-tasks.ts";
import type { ActorThreads } from "../../shared/actors/actor-thread.ts";
import type { SandboxThread, StartSandbox } from "./slot-sandbox.ts";

/** `startSandbox`: a thread as functions of users run in; null where there is none. */
export const createActorThreads = (startSandbox: StartSandbox | null): ActorThreads => ({
  forClasses: startSandbox && ((onDeath) => actorThreadOver(taskThreadOver(startSandbox(onDeath)))),
  forBuiltIns: (onDeath) => actorThreadOver(startBuiltIn(onDeath)),
});

const taskThreadOver = (sandbox: SandboxThread): ActorTaskThread => ({
  run: (task) => new Promise((resolve) => sandbox.run([task], false, resolve)),
  terminate: () => sandbox.terminate(),
});

const startBuiltIn: StartActorTaskThread = (onDeath) => {
  const worker = new Worker(new URL("./actor-thread.ts", import.meta.url), {
    type: "module",
    name: "tabswarm-actor",
  });
  const tasks = wrap<ActorTasks>(worker);
  worker.addEventListener("error", (event) =>
    onDeath(event.message || "The thread did not start."),
  );
  worker.addEventListener("messageerror", () => onDeath("A message of the thread was unreadable."));
  return {
    async run({ params, inputs }) {
      const outcome = await tasks.run(
        params,
        inputs.map(({ bytes }) => bytes),
      );
      return outcome.ok ? { ok: true, outputs: [{ bytes: outcome.output }] } : outcome;
    },
    terminate() {
      tasks[releaseProxy]();
      worker.terminate();
    },
  };
};
