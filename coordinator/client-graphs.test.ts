// Random graphs of several clients, on workers that fail, return and vanish, over connections that break and a
// coordinator that is started again, give what evaluating them in sequence gives.
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  CancelledError,
  ClusterError,
  connect,
  TaskError,
  type Cluster,
  type Future,
  type JobView,
} from "./client.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import type { Coordinator } from "./start-coordinator.ts";
import { CuttableLine } from "./testing/cuttable-line.ts";
import { FunctionWorker, type Fault } from "./testing/function-worker.ts";
import {
  type About,
  ask,
  type Asked,
  evaluate,
  type Expected,
  type Node,
  scenarios,
  type Scenario,
  type Value,
  type Way,
} from "./testing/random-graphs.ts";

/** To run the scenarios of a failure again: its message names the seed. */
const seed = Number(process.env["TABSWARM_SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
/** So many run at a time: much of each is waiting for connections to come back. */
const AT_ONCE = 14;
const CUT_MS = 20;
/** Clients come back half a second after a cut: some find their open job closed. */
const ABANDONED_AFTER_MS = 400;
/** More than any number of faults that may befall one task and what it needs. */
const RETRIES_MAX = 100;
const SCENARIO_MS_MAX = 40_000;

let fixture: CoordinatorFixture;
let coordinator: Coordinator;
let workers: FunctionWorker[];
/** Calls by scenario and node. */
let calls: Map<string, number>;
/** What is still to befall a call, by the same. */
let faults: Map<string, Fault[]>;

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start({ abandonedAfterMs: ABANDONED_AFTER_MS });
  workers = [];
  [calls, faults] = [new Map(), new Map()];
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.vanish()));
  await fixture.remove();
});

/** Fails, and says what was waited for, when that does not come in `SCENARIO_MS_MAX`. */
async function inTime<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} takes too long`)), SCENARIO_MS_MAX);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const sleep = (durationMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, durationMs));

/** A worker that does to each call what its scenario says, and is replaced when it vanishes. */
async function join(): Promise<void> {
  const worker = await FunctionWorker.join(coordinator, {
    fault: (args) => {
      const { scenario, node } = args[0] as About;
      const name = `${scenario}/${node}`;
      calls.set(name, (calls.get(name) ?? 0) + 1);
      return faults.get(name)?.shift() ?? "none";
    },
    onVanished: () => void patiently(join),
    comesBack: true,
  });
  workers.push(worker);
}

/** What a program does with requests that say that there is no coordinator just now. */
async function patiently<T>(request: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (error instanceof ClusterError && ![0, 503].includes(error.status)) throw error;
      await sleep(50);
    }
  }
}

const open = (url: string): Promise<Cluster> =>
  patiently(() => connect(url, { token: coordinator.submitToken }));

/** A program that asks for a graph in its own way, over a line of its own. */
class Program {
  readonly #line: CuttableLine;
  readonly #root: Cluster;
  readonly #asked: Asked;
  readonly #nodes: Scenario["nodes"];
  /** Nodes whose futures were cancelled or released. */
  readonly #ended = new Set<number>();

  private constructor(line: CuttableLine, root: Cluster, asked: Asked, nodes: Scenario["nodes"]) {
    this.#line = line;
    this.#root = root;
    this.#asked = asked;
    this.#nodes = nodes;
  }

  static async start(scenario: Scenario, name: string, way: Way): Promise<Program> {
    const line = await CuttableLine.to(() => coordinator.port);
    const root = await inTime("connecting", open(line.url));
    const asked = await inTime(
      "asking",
      patiently(() => ask(root.options({ retries: 2 }), scenario, name, way)),
    );
    return new Program(line, root, asked, scenario.nodes);
  }

  async take(steps: Scenario["steps"]): Promise<void> {
    for (const { act, node, waitMs } of steps) {
      await sleep(waitMs);
      const place = node % this.#nodes.length;
      const future = this.#asked.futures[place];
      if (future === undefined) continue;
      if (act === "lose-connection") {
        this.#line.cut();
        setTimeout(() => this.#line.mend(), CUT_MS);
      } else if (act === "release") {
        future.release();
        this.#ended.add(place);
      } else {
        if (future.status === "pending") this.#ended.add(place);
        future.cancel();
        if (act === "cancel-and-retry" && future.status === "cancelled") {
          future.retry();
          this.#ended.delete(place);
        }
      }
    }
  }

  async check(expected: readonly Expected[]): Promise<void> {
    for (const [node, future] of this.#asked.futures.entries()) {
      const wanted = expected[node];
      if (wanted === undefined) throw new Error("Nothing is expected.");
      if (this.#ended.has(node)) {
        await expect(future.result()).rejects.toBeInstanceOf(CancelledError);
      } else {
        await checkResult(future, wanted).catch((cause: Error) => {
          const states = this.#asked.futures.map(({ status }) => status).join(" ");
          throw new Error(`node ${node} ${cause.message} (${states})`, { cause });
        });
      }
    }
  }

  async leave(): Promise<void> {
    const { futures, job } = this.#asked;
    for (const future of futures) future.release();
    // The answer to the first request may have been lost with the connection.
    if (job !== null) {
      await inTime("forgetting", patiently(() => job.forget()).catch(isGone));
    }
    await inTime("closing the client", this.#root.close());
    await inTime("closing the line", this.#line.close());
  }

  /** Whatever is still waited for ends with an error. */
  giveUp(): void {
    void this.#root.close();
  }
}

function isGone(error: Error): void {
  if (!(error instanceof ClusterError) || error.status !== 404) throw error;
}

/** What failed of an injected fault is tried again; in the end there is what is expected. */
async function checkResult(future: Future<Value>, wanted: Expected): Promise<void> {
  for (let tried = 0; ; tried += 1) {
    const outcome: unknown = await future.result().catch((error: unknown) => error);
    if ("value" in wanted && isEqual(outcome, wanted.value)) return;
    if (outcome instanceof Error && "errors" in wanted && wanted.errors.has(outcome.message))
      return;
    const wasInjected =
      outcome instanceof TaskError && (outcome.remoteName ?? "InjectedError") === "InjectedError";
    if (!wasInjected || tried > RETRIES_MAX) throw wrong(outcome, wanted);
    future.retry();
  }
}

/** As `toEqual`, which takes a hundred times as long for arrays. */
const isEqual = (outcome: unknown, value: Value): boolean =>
  value instanceof Float64Array
    ? outcome instanceof Float64Array &&
      outcome.length === value.length &&
      outcome.every((element, i) => Object.is(element, value[i]))
    : Object.is(outcome, value);

const wrong = (outcome: unknown, wanted: Expected): Error => {
  const words = "value" in wanted ? String(wanted.value) : [...wanted.errors].join(", or ");
  return new Error(`got ${String(outcome).slice(0, 200)}, not ${words.slice(0, 100)}`);
};

async function run(scenario: Scenario, name: string): Promise<void> {
  for (const [node, { faults: list }] of scenario.nodes.entries()) {
    faults.set(`${name}/${node}`, [...list]);
  }
  const ways = [scenario.way, ...(scenario.second === null ? [] : [scenario.second])];
  const programs = await Promise.all(ways.map((way) => Program.start(scenario, name, way)));
  await programs[0]?.take(scenario.steps);
  const expected = await evaluate(scenario.nodes);
  const late = setTimeout(() => programs.forEach((program) => program.giveUp()), SCENARIO_MS_MAX);
  await Promise.all(programs.map((program) => program.check(expected)));
  clearTimeout(late);
  await Promise.all(programs.map((program) => program.leave()));
}

/** Runs them side by side; `onStart` hears of each. */
async function runAll(
  all: readonly Scenario[],
  onStart: (index: number) => Promise<void> = async () => undefined,
): Promise<void> {
  const queue = [...all.entries()];
  const runSome = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, scenario] = next;
      const started = onStart(index).then(() => run(scenario, `${seed}-${index}`));
      await started.catch((cause: Error) => {
        queue.length = 0;
        const what = `TABSWARM_SEED=${seed}, scenario ${index}: ${cause.message}`;
        throw new Error(`${what}\n${JSON.stringify(scenario)}`, { cause });
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runSome));
}

it("random graphs under random faults give what a sequential evaluation gives", async () => {
  await Promise.all([join(), join(), join(), join()]);
  const { port } = coordinator;
  await runAll(fc.sample(scenarios(3), { numRuns: 200, seed }), async (index) => {
    if (index % 70 !== 69) return;
    await inTime("closing the coordinator", coordinator.close());
    coordinator = await inTime(
      "starting it again",
      fixture.start({ port, abandonedAfterMs: ABANDONED_AFTER_MS }),
    );
  });
  // What cut clients could not say goodbye to ends by itself.
  const cluster = await open(`http://127.0.0.1:${coordinator.port}`);
  const unfinished = async (): Promise<JobView[]> =>
    (await cluster.jobs()).filter(({ finishedAtMs }) => finishedAtMs === null);
  await expect.poll(unfinished, { timeout: 10_000 }).toEqual([]);
  await cluster.close();
}, 120_000);

it("equal work of two clients runs once for both", async () => {
  // With one worker there are no second copies of what takes long.
  await join();
  const all = fc.sample(scenarios(1), { numRuns: 20, seed });
  const calm = all.map(({ nodes, way, second }, index): Scenario => {
    const ofNode = ({ operation, args }: Node, place: number): Node => ({
      // What throws is tried again, as was asked for.
      operation: operation === "half" ? "sum" : operation,
      // Equal bytes of different calls may be let go with one of them, and are made again then. No sum of
      // these is equal to another one.
      args: [{ literal: 1e6 * Math.sin(1_000 * index + place + 1) }, ...args],
      faults: [],
    });
    return { nodes: nodes.map(ofNode), way, steps: [], second: second ?? way };
  });
  await runAll(calm);
  expect([...calls.values()].filter((count) => count !== 1)).toEqual([]);
}, 60_000);
