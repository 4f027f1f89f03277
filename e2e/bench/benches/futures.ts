// Futures through real sockets and browsers, beside Dask's: a map, round trips, a deep graph; and the
// scheduler alone.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright";
import { launchBrowser } from "../../../coordinator/browser/launch-browser.ts";
import { clientFolder } from "../../../coordinator/build-client.ts";
import type { Cluster } from "../../../shared/client/cluster.ts";
import { lazy, type Lazy } from "../../../shared/client/lazy.ts";
import { measureThroughput } from "../../../shared/testing/scheduler-throughput.ts";
import { defineBench } from "../bench.ts";
import { startPython, type PythonPeer } from "../peers/python.ts";
import { median, type RaceResult, WrongOutputError, type Contender } from "../race.ts";
import { raceOn, type Stage } from "../stage.ts";
import { startSwarm, type Swarm } from "../swarm.ts";
import { grouped } from "../words.ts";

interface Size {
  /** Tasks of the scheduler alone, on simulated workers. */
  readonly emptyTasks: number;
  /** Items of the map. */
  readonly items: number;
  /** Round trips, one after the other, whose median counts. */
  readonly trips: number;
  /** Tasks of the graph. */
  readonly nodes: number;
  readonly rounds: number;
  readonly limitSeconds: number;
}

const WORKERS = 4;
const SIMULATED_WORKERS = 100;
/** Dask's workers: processes with one thread each, as many as a small machine has cores. */
const DASK_WORKERS = 2;
/** Where pages of this bench find the library. */
const LIBRARY = "/bench/client.js";
const OURS = `Futures on ${WORKERS} pages`;
const DASK = "Dask’s futures";

export const futures = defineBench<Size>({
  name: "futures",
  sizes: {
    full: {
      emptyTasks: 100_000,
      items: 10_000,
      trips: 200,
      nodes: 5_000,
      rounds: 5,
      limitSeconds: 600,
    },
    quick: {
      emptyTasks: 20_000,
      items: 1_000,
      trips: 30,
      nodes: 500,
      rounds: 2,
      limitSeconds: 30,
    },
    toy: { emptyTasks: 500, items: 40, trips: 3, nodes: 20, rounds: 1, limitSeconds: 60 },
  },
  run: async (stage, size) => {
    addScheduler(stage, size);
    const swarm = await startSwarm(stage, {
      workers: WORKERS,
      threadsPerWorker: 1,
      runsFunctions: true,
    });
    const { cluster } = swarm;
    const peer = await startDask(stage);
    await addMap(stage, size, cluster, peer);
    await addTrips(stage, size, cluster, peer);
    await addCalls(stage, size, cluster, peer);
    await addDirectCalls(stage, size, swarm);
    await addGraph(stage, size, cluster);
  },
});

/** Null, and noted, where there is no Python with Dask's distributed scheduler. */
async function startDask(stage: Stage): Promise<PythonPeer | null> {
  const { python } = stage;
  if (python?.libraries.distributed === undefined) {
    stage.leaveOut(DASK, "there is no Python with Dask's distributed scheduler");
    return null;
  }
  const peer = startPython(stage, python, "futures.py");
  await peer.ask({ do: "start", workers: DASK_WORKERS });
  return peer;
}

function addScheduler(stage: Stage, { emptyTasks, rounds }: Size): void {
  const rates = Array.from({ length: rounds }, () => {
    return measureThroughput(emptyTasks, SIMULATED_WORKERS, () => performance.now());
  });
  const rate = median(rates.map(({ tasksPerSecond }) => tasksPerSecond));
  stage.add({
    work: `Scheduler alone, ${grouped(emptyTasks)} independent empty tasks, ${SIMULATED_WORKERS} simulated workers`,
    measured: `${grouped(Math.round(rate))} tasks/s`,
    against: "",
    figure: { value: rate, unit: "a second" },
    goal: { bound: "at least", value: 100_000 },
  });
}

const increment = (x: number): number => x + 1;

/** Items from `from` on, so that no round finds the results of another. */
const numbersFrom = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + i);

async function addMap(
  stage: Stage,
  { items, rounds }: Size,
  cluster: Cluster,
  peer: PythonPeer | null,
): Promise<void> {
  const run = async (round: number): Promise<number> => {
    const startMs = performance.now();
    const mapped = cluster.map(increment, numbersFrom(round * items, items));
    const results = await cluster.gather(mapped);
    const seconds = (performance.now() - startMs) / 1_000;
    requireSum(
      OURS,
      results.reduce((sum, value) => sum + value, 0),
      items,
      round * items,
    );
    for (const future of mapped) future.release();
    return items / seconds;
  };
  const ours: Contender = {
    name: OURS,
    verify: async () => void (await run(rounds + 1)),
    measure: run,
  };
  const askDask = async (): Promise<number> => {
    if (peer === null) return Number.NaN;
    const { seconds, sum } = await peer.ask<{ seconds: number; sum: number }>({
      do: "map",
      tasks: items,
    });
    requireSum(DASK, sum, items, 0);
    return items / seconds;
  };
  const dask: Contender = {
    name: DASK,
    verify: async () => void (await askDask()),
    measure: askDask,
  };
  const result = await raceOn(stage, peer === null ? [ours] : [ours, dask], rounds);
  const rate = result.median(OURS);
  const work = `map of ${grouped(items)} trivial functions through real sockets to ${WORKERS} worker pages`;
  const measured = `${grouped(Math.round(rate))} a second`;
  stage.add({
    work,
    measured,
    against: "",
    figure: { value: rate, unit: "a second" },
    goal: { bound: "at least", value: 4_000 },
  });
  if (peer === null) return;
  stage.add({
    work,
    measured,
    against: `${DASK}, ${DASK_WORKERS} workers, ${grouped(Math.round(result.median(DASK)))} a second`,
    figure: { value: result.ratio(OURS, DASK), unit: "times faster" },
    goal: { bound: "at least", value: 10 },
  });
}

/** The sum of `count` numbers from `from` on, each one more. */
function requireSum(name: string, sum: number, count: number, from: number): void {
  const expected = count * (from + 1) + (count * (count - 1)) / 2;
  if (sum !== expected) throw new WrongOutputError(`${name}: the sum is ${sum}, not ${expected}.`);
}

/** Milliseconds of the middle one of so many trips, one after the other. */
async function medianMs(trips: number, trip: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < trips; i += 1) {
    const startMs = performance.now();
    await trip();
    times.push(performance.now() - startMs);
  }
  return median(times);
}

/** Our trips beside those that Dask makes for `request`, where it is there. */
function raceTrips(
  stage: Stage,
  rounds: number,
  run: () => Promise<number>,
  peer: PythonPeer | null,
  request: Readonly<Record<string, unknown>>,
): Promise<RaceResult> {
  const contender = (name: string, measure: () => Promise<number>): Contender => ({
    name,
    verify: async () => void (await measure()),
    measure,
  });
  const ours = contender(OURS, run);
  if (peer === null) return raceOn(stage, [ours], rounds);
  const ask = async (): Promise<number> => (await peer.ask<{ ms: number }>(request)).ms;
  return raceOn(stage, [ours, contender(DASK, ask)], rounds);
}

async function addTrips(
  stage: Stage,
  { trips, rounds }: Size,
  cluster: Cluster,
  peer: PythonPeer | null,
): Promise<void> {
  let next = 1e9;
  const run = (): Promise<number> =>
    medianMs(trips, async () => {
      const future = cluster.submit(increment, next);
      const value = await future.result();
      future.release();
      if (value !== next + 1) throw new WrongOutputError(`${OURS}: ${value} is not ${next} + 1.`);
      next += 1;
    });
  const result = await raceTrips(stage, rounds, run, peer, { do: "trips", count: trips });
  const ms = result.median(OURS);
  const work = "submit → result on an idle cluster, median";
  stage.add({
    work,
    measured: `${ms.toFixed(1)} ms`,
    against: "",
    figure: { value: ms, unit: "ms" },
    goal: { bound: "at most", value: 10 },
  });
  if (peer === null) return;
  stage.add({
    work,
    measured: `${ms.toFixed(1)} ms`,
    against: `${DASK}, ${result.median(DASK).toFixed(1)} ms`,
    figure: { value: result.ratio(OURS, DASK), unit: "times" },
    goal: { bound: "at most", value: 1 },
  });
}

async function addCalls(
  stage: Stage,
  { trips, rounds }: Size,
  cluster: Cluster,
  peer: PythonPeer | null,
): Promise<void> {
  const counter = await cluster.actor<{ add(amount: number): number }>("counter@1", 0);
  let calls = 0;
  const run = (): Promise<number> =>
    medianMs(trips, async () => {
      const count = await counter.add(1);
      calls += 1;
      if (count !== calls) throw new WrongOutputError(`${OURS}: ${count} calls, not ${calls}.`);
    });
  const result = await raceTrips(stage, rounds, run, peer, { do: "calls", count: trips });
  const ms = result.median(OURS);
  stage.add({
    work: "Call of an actor through the coordinator, median",
    measured: `${ms.toFixed(1)} ms`,
    against: peer === null ? "" : `${DASK}, ${result.median(DASK).toFixed(1)} ms`,
    figure: { value: ms, unit: "ms" },
    goal: { bound: "at most", value: 5 },
  });
  await counter.$release();
}

/** From a page, as only pages have direct channels; both ends share this machine's cores. */
async function addDirectCalls(
  stage: Stage,
  { trips, rounds }: Size,
  { coordinator, cluster }: Swarm,
): Promise<void> {
  const counter = await cluster.actor("counter@1", 0);
  const page = await openPlainPage(stage, coordinator.dashboardUrl);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { way, ms } = await page.evaluate(callFromPage, {
      id: counter.$id,
      trips,
      library: LIBRARY,
    });
    if (way !== "direct") throw new WrongOutputError(`${OURS}: calls went through the ${way}.`);
    times.push(median(ms));
  }
  const ms = median(times);
  stage.add({
    work: "Call of an actor from a page, over a direct channel, median",
    measured: `${ms.toFixed(1)} ms`,
    against: "",
    figure: { value: ms, unit: "ms" },
    goal: { bound: "at most", value: 5 },
  });
  await counter.$release();
}

/** A page of the coordinator's without an app, to which the library is added. */
async function openPlainPage(stage: Stage, dashboardUrl: string): Promise<Page> {
  const browser = await launchBrowser(stage.executablePath, stage.say);
  stage.cleanups.add(() => browser.close());
  const page = await browser.newPage();
  const body = await readFile(join(clientFolder, "browser.js"), "utf8");
  const { origin, hash } = new URL(dashboardUrl);
  await page.route(`${origin}${LIBRARY}`, (route) =>
    route.fulfill({ contentType: "text/javascript", body }),
  );
  await page.goto(`${origin}/manifest.webmanifest${hash}`);
  return page;
}

interface PageCalls {
  readonly id: string;
  readonly trips: number;
  readonly library: string;
}

/** In the page: milliseconds of each call, when calls have found the direct way, or after 10 s. */
async function callFromPage({ id, trips, library: path }: PageCalls): Promise<{
  way: string;
  ms: number[];
}> {
  const library = (await import(`${location.origin}${path}`)) as { connect(): Promise<Cluster> };
  const cluster = await library.connect();
  const counter = await cluster.attachActor<{ add(amount: number): number }>(id);
  const untilMs = performance.now() + 10_000;
  while (counter.$way !== "direct" && performance.now() < untilMs) await counter.add(0);
  const ms: number[] = [];
  for (let i = 0; i < trips; i += 1) {
    const startMs = performance.now();
    await counter.add(1);
    ms.push(performance.now() - startMs);
  }
  const way = counter.$way;
  await cluster.close();
  return { way, ms };
}

const PRIME = 1_000_003;
const mix = (...parts: number[]): number =>
  parts.reduce((total, part) => (31 * total + part) % 1_000_003, 7);

const IDLE_MS = 3_000;
/** Tasks of one layer, each of which takes three of the layer before. */
const LAYER = 100;

interface Graph {
  /** The last layer. */
  readonly targets: readonly Lazy<number>[];
  readonly values: readonly number[];
}

function makeGraph(nodes: number, seed: number): Graph {
  const call = lazy(mix);
  let layer: Graph = { targets: [], values: [] };
  for (let made = 0; made < nodes; made += LAYER) {
    const { targets, values } = layer;
    const size = Math.min(LAYER, nodes - made);
    const numbers = numbersFrom((seed * nodes + made) % PRIME, size);
    const taken = numbers.map((_, i) =>
      targets.length === 0 ? [] : [i, 3 * i + 1, 7 * i + 2].map((at) => at % targets.length),
    );
    layer = {
      targets: numbers.map((own, i) => call(own, ...pick(targets, taken[i]))),
      values: numbers.map((own, i) => mix(own, ...pick(values, taken[i]))),
    };
  }
  return layer;
}

const pick = <T>(items: readonly T[], places: readonly number[] = []): T[] =>
  places.flatMap((place) => items.slice(place, place + 1));

async function addGraph(stage: Stage, { nodes, rounds }: Size, cluster: Cluster): Promise<void> {
  const seconds: number[] = [];
  // The first round compiles and warms up.
  for (let round = 0; round <= rounds; round += 1) {
    const { targets, values } = makeGraph(nodes, round);
    // It finds the cluster idle, as a person does: pages have a sandbox ready some seconds after the last one.
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const startMs = performance.now();
    const job = await cluster.compute(targets);
    const results = await job.results();
    const elapsed = (performance.now() - startMs) / 1_000;
    if (results.some((value, i) => value !== values[i])) {
      throw new WrongOutputError(`${OURS}: the graph gave other values than its functions.`);
    }
    const view = (await cluster.jobs()).find((one) => one.job === job.id);
    const ownSeconds = (view?.timing.computeMs ?? 0) / 1_000 / WORKERS;
    if (round > 0) seconds.push(elapsed - ownSeconds);
  }
  const beyond = median(seconds);
  stage.add({
    work: `Graph of ${grouped(nodes)} tasks in layers of ${LAYER}, time beyond the tasks' own`,
    measured: `${beyond.toFixed(2)} s`,
    against: "",
    figure: { value: beyond, unit: "s" },
    goal: { bound: "at most", value: 1 },
  });
}
