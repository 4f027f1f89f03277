// The page of the GPU tests: the real thread pool over threads whose GPU the test commands.
import { type Remote, releaseProxy, wrap } from "comlink";
import type { JsonValue } from "../../shared/graph/task.ts";
import { browserClock } from "../../web/transport/browser-clock.ts";
import { asAttemptId, asBlockId, asJobId } from "../../shared/ids.ts";
import { type StartThread, createThreadPool } from "../../web/worker/thread-pool.ts";
import type { GpuState } from "../../web/worker/webgpu/gpu-pearson.ts";
import type { Fault } from "./faults.ts";
import type { HarnessOptions, HarnessThread, Tally } from "./thread.ts";

/** Threads by the order of their start. */
const threads: Remote<HarnessThread>[] = [];

const startThread: StartThread = (onDeath) => {
  const worker = new Worker(new URL("./thread.ts", import.meta.url), { type: "module" });
  worker.addEventListener("error", (event) => onDeath(event.message));
  const api = wrap<HarnessThread>(worker);
  threads.push(api);
  return {
    run: (task) => api.run(task),
    terminate() {
      api[releaseProxy]();
      worker.terminate();
    },
  };
};

const noSandbox = (): never => {
  throw new Error("The harness runs no functions.");
};
const pool = createThreadPool(startThread, { start: noSandbox, clock: browserClock });
const blocks = new Map<string, Uint8Array>();
let attempts = 0;

function thread(index: number): Remote<HarnessThread> {
  const found = threads[index];
  if (found === undefined) throw new Error(`There are ${threads.length} threads, none ${index}.`);
  return found;
}

export interface HarnessTask {
  readonly kernel: string;
  readonly params: JsonValue;
  readonly blocks: readonly string[];
}

const page = {
  /** Starts a thread for each of `options`. */
  async start(options: readonly HarnessOptions[]): Promise<void> {
    pool.resize(options.length);
    await Promise.all(options.map((each, i) => thread(i).open(each)));
  },
  putBlock(block: string, bytes: Uint8Array): void {
    blocks.set(block, pool.share(bytes));
  },
  /** The outputs as NPY, or the reason for which there are none. */
  async run(task: HarnessTask): Promise<Uint8Array[] | string> {
    attempts += 1;
    const [outcome] = await Promise.all(
      pool.run([
        {
          attempt: asAttemptId(attempts),
          job: asJobId("j_test"),
          kernel: task.kernel,
          params: task.params,
          inputs: task.blocks.map((block) => {
            const bytes = blocks.get(block);
            if (bytes === undefined) throw new Error(`There is no block ${block}.`);
            return { block: asBlockId(block), bytes };
          }),
          limitMs: null,
        },
      ]),
    );
    if (outcome === undefined) throw new Error("The pool ran nothing.");
    return outcome.ok
      ? outcome.outputs.map(({ bytes }) => bytes)
      : `${outcome.reason}: ${outcome.message}`;
  },
  state: async (index = 0): Promise<GpuState | undefined> => thread(index).state(),
  tally: (index = 0): Promise<Tally> => thread(index).tally(),
  setFault: (fault: Fault, index = 0): Promise<void> => thread(index).setFault(fault),
  destroyDevice: (index = 0): Promise<void> => thread(index).destroyDevice(),
  close: (index = 0): Promise<void> => thread(index).close(),
};

declare global {
  // The one way from Playwright into the page.
  var harness: typeof page;
}

globalThis.harness = page;
