// The page whose Web Workers are lanes: hands calls to them, for whoever drives the browser.
import { wrap } from "comlink";
import type { WorkerApi } from "./worker.ts";

const workers = new Map<number, ReturnType<typeof wrap<WorkerApi>>>();

declare global {
  interface Window {
    /** Asks a lane; one that does not exist yet is started. */
    callLane: (lane: number, ...call: Parameters<WorkerApi["answer"]>) => Promise<unknown>;
  }
}

window.callLane = (lane, method, request) => {
  let worker = workers.get(lane);
  if (worker === undefined) {
    worker = wrap(new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }));
    workers.set(lane, worker);
  }
  return worker.answer(method, request);
};
