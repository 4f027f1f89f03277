// A lane in a browser: a Web Worker, as a thread of the app is.
import { expose } from "comlink";
import { createLaneWork } from "../create-lane-work.ts";
import { answerCall, type LaneWork } from "../lane-work.ts";

const work = createLaneWork({
  readKernel: async (file) => {
    const response = await fetch(`/kernels/${file}`);
    if (!response.ok) throw new Error(`The kernel ${file} is not there (${response.status}).`);
    return response.arrayBuffer();
  },
  libraries: {
    "numpy-ts": async () => (await import("../numpy-ts.ts")).numpyTs,
    "tfjs-wasm": async () => (await import("../tfjs-wasm.ts")).loadTfjsWasm("/tfjs/"),
  },
});

const api = {
  answer: (method: keyof LaneWork, request: unknown): Promise<unknown> =>
    answerCall(work, method, request),
};

export type WorkerApi = typeof api;

expose(api);
