// The whole path of one job on one machine, drawing included, against its kernels; and a page's memory.
import type { Page } from "playwright";
import { launchBrowser } from "../../../coordinator/browser/launch-browser.ts";
import { unlessAborted } from "../../../coordinator/commands/unless-aborted.ts";
import { defineBench } from "../bench.ts";
import { checkJob, runJob, sendTable } from "../correlation-job.ts";
import type { TableShape } from "../made-table.ts";
import { median } from "../race.ts";
import { findRenderers, peakWhile } from "../renderer-memory.ts";
import type { Stage } from "../stage.ts";
import { startSwarm, type Swarm } from "../swarm.ts";
import { secondsText, tableText } from "../words.ts";

interface Size {
  readonly series: number;
  readonly dates: number;
  readonly rounds: number;
  readonly limitSeconds: number;
}

const THREADS = 2;
const SEED = 8_000;

export const wholePath = defineBench<Size>({
  name: "whole-path",
  sizes: {
    full: { series: 7_000, dates: 5_284, rounds: 3, limitSeconds: 600 },
    quick: { series: 2_000, dates: 2_000, rounds: 2, limitSeconds: 25 },
    toy: { series: 40, dates: 60, rounds: 1, limitSeconds: 60 },
  },
  run: async (stage, { series, dates, rounds }) => {
    const shape = { seed: SEED, series, dates, missing: 0.05 };
    const swarm = await startSwarm(stage, { workers: 1, threadsPerWorker: THREADS });
    await measureMemory(stage, swarm, shape);
    const page = await openDashboard(stage, swarm);
    const paths: PathTimes[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      if (round > 1 && performance.now() > stage.softLimitMs) break;
      stage.say(`  whole path, round ${round}`);
      paths.push(await timePath(swarm, page, { ...shape, seed: SEED + round }));
    }
    stage.add({
      work: `Whole path with drawing, ${tableText(shape)}, f64, one worker of ${THREADS} threads`,
      measured: secondsText(median(paths.map(({ wall }) => wall))),
      against: `its kernels on ${THREADS} threads, ${secondsText(median(paths.map(({ kernels }) => kernels)))}`,
      figure: { value: median(paths.map(({ wall, kernels }) => wall / kernels)), unit: "times" },
      goal: { bound: "at most", value: 2 },
    });
  },
});

interface PathTimes {
  /** From the submission until the dashboard has drawn the last tile. */
  readonly wall: number;
  /** By the job's own timing, as if its threads had done nothing else. */
  readonly kernels: number;
}

/** Runs the job once for a client in this process, and checks it. */
async function measureMemory(stage: Stage, swarm: Swarm, shape: TableShape): Promise<void> {
  stage.say("  memory of the worker's page");
  // The worker's page is the only one so far; what else has a process is empty, and smaller.
  const renderers = await findRenderers();
  const sent = await sendTable(swarm, shape, "f64");
  const running = runJob(swarm, sent);
  const peak = await peakWhile(
    renderers,
    running.then(() => undefined),
  );
  const finished = await running;
  await checkJob(finished);
  await finished.job.forget();
  if (peak === null) {
    stage.leaveOut(
      "the memory of a worker's page",
      "the system does not show the memory of the browser's processes",
    );
    return;
  }
  stage.add({
    work: `Memory of one worker’s page with ${THREADS} threads, ${tableText(shape)}, f64`,
    measured: `${(peak / 1e9).toPrecision(3)} GB`,
    against: "its process at the peak (PSS)",
    figure: { value: peak / 1e9, unit: "GB" },
    goal: { bound: "at most", value: 1.2 },
  });
}

async function openDashboard(stage: Stage, swarm: Swarm): Promise<Page> {
  const browser = await launchBrowser(stage.executablePath, stage.say);
  stage.cleanups.add(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
  page.setDefaultTimeout(0);
  await page.goto(swarm.coordinator.dashboardUrl);
  await page.getByText("Drop a table").waitFor();
  return page;
}

/** Goes to an address within the open dashboard, as its links do. */
const goTo = (page: Page, path: string): Promise<void> =>
  page.evaluate((path) => {
    history.pushState(null, "", path);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);

async function timePath(swarm: Swarm, page: Page, shape: TableShape): Promise<PathTimes> {
  const { cluster, signal, threads } = swarm;
  const { plan } = await sendTable(swarm, shape, "f64");
  const startMs = performance.now();
  const job = await cluster.compute(plan.calls, plan.job);
  const ended = job.ended();
  await unlessAborted(showJob(page, job.id), signal);
  const wall = (performance.now() - startMs) / 1_000;
  const { timing } = await unlessAborted(ended, signal);
  // The next job must not find this one's page, which is complete.
  await goTo(page, "/");
  await page.getByText("Drop a table").waitFor();
  await job.forget();
  return { wall, kernels: timing.computeMs / 1_000 / threads };
}

/** Goes to the job's page and waits until all of it is drawn. */
async function showJob(page: Page, job: string): Promise<void> {
  await goTo(page, `/jobs/${job}`);
  await page.waitForSelector('[data-phase="done"]:not(:has([role="progressbar"]))');
  // Tiles are drawn in the frame after they came, and seen in the one after that.
  await page.evaluate(
    () => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen))),
  );
}
