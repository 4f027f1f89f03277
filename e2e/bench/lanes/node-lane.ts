// The entry of a lane in Node: a process that does what its parent asks for, one request at a time.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createLaneWork } from "./create-lane-work.ts";
import { answerCall } from "./lane-work.ts";
import type { LaneAnswer, LaneCall } from "./node-lanes.ts";

const kernels = join(import.meta.dirname, "../../../dist/kernels");

const work = createLaneWork({
  readKernel: async (file) => {
    const bytes = await readFile(join(kernels, file));
    return new Uint8Array(bytes).buffer;
  },
  libraries: { "numpy-ts": async () => (await import("./numpy-ts.ts")).numpyTs },
});

process.on("message", (message) => {
  const { id, method, request } = message as LaneCall;
  answerCall(work, method, request).then(
    (value) => send({ id, value }),
    (error: unknown) => send({ id, error: String(error) }),
  );
});
// Without a parent there is nobody to work for.
process.on("disconnect", () => process.exit());

const send = (answer: LaneAnswer): void => void process.send?.(answer);
