// Starts a thread and speaks with it: the page's half of comlink.
import { releaseProxy, wrap } from "comlink";
import type { ThreadApi } from "./thread-api.ts";
import type { StartThread } from "./thread-pool.ts";

export const startThread: StartThread = (onDeath) => {
  const worker = new Worker(new URL("./thread.ts", import.meta.url), {
    type: "module",
    name: "tabswarm-thread",
  });
  const api = wrap<ThreadApi>(worker);
  worker.addEventListener("error", (event) =>
    onDeath(event.message || "The thread did not start."),
  );
  worker.addEventListener("messageerror", () => onDeath("A message of the thread was unreadable."));
  return {
    run: (task) => api.run(task),
    terminate() {
      api[releaseProxy]();
      worker.terminate();
    },
  };
};
