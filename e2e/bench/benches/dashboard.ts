// The dashboard under load: how evenly each page draws while many machines finish very many tasks.
import type { Page } from "playwright";
import { launchBrowser } from "../../../coordinator/browser/launch-browser.ts";
import { startLocalCoordinator } from "../../../coordinator/commands/local-coordinator.ts";
import { unlessAborted } from "../../../coordinator/commands/unless-aborted.ts";
import { clusterOf } from "../../../coordinator/node-cluster.ts";
import { createNodeTools, openNodeClient } from "../../../coordinator/node-client.ts";
import { programFailures, untilConnected } from "../../../shared/client/until-connected.ts";
import type { Job } from "../../../shared/client/job.ts";
import { kernel, lazy } from "../../../shared/client/library.ts";
import { defineBench } from "../bench.ts";
import { heapBytes, measureFrames, type FrameTimes } from "../frame-times.ts";
import { joinSimulatedMachines } from "../simulated-machines.ts";
import type { Stage } from "../stage.ts";
import { grouped } from "../words.ts";

interface Size {
  readonly machines: number;
  readonly tasks: number;
  readonly taskMs: number;
  /** Seconds for which each page is watched. */
  readonly watched: number;
  readonly limitSeconds: number;
}

const THREADS = 4;
const SEED = 9_000;
/** A screen of 60 frames a second shows one every 16.7 ms; timers are not exact to the tenth. */
const FRAME_MS = 18;

export const dashboard = defineBench<Size>({
  name: "dashboard",
  sizes: {
    full: { machines: 50, tasks: 100_000, taskMs: 150, watched: 8, limitSeconds: 300 },
    quick: { machines: 20, tasks: 4_000, taskMs: 150, watched: 1, limitSeconds: 30 },
    toy: { machines: 3, tasks: 60, taskMs: 5, watched: 0.2, limitSeconds: 60 },
  },
  run: async (stage, size) => {
    const { machines, tasks, taskMs, watched } = size;
    const coordinator = await startLocalCoordinator(stage.say);
    stage.cleanups.add(() => coordinator.close());
    const leave = await joinSimulatedMachines({
      port: Number(new URL(coordinator.joinUrl).port),
      joinToken: new URLSearchParams(new URL(coordinator.joinUrl).hash.slice(1)).get("t") ?? "",
      machines,
      threads: THREADS,
      taskMs,
      seed: SEED,
    });
    stage.cleanups.add(leave);
    const page = await openDashboard(stage, coordinator.dashboardUrl);
    const job = await submit(stage, coordinator.address, tasks);
    const load = `${machines} machines at ${grouped(tasks)} tasks`;
    const views = [
      ["home", "/"],
      ["a running job", `/jobs/${job.id}`],
      ["its task stream", `/jobs/${job.id}/stream`],
      ["its graph", `/jobs/${job.id}/graph`],
      ["the machines", "/workers"],
      ["the system", "/system"],
    ] as const;
    for (const [name, path] of views) {
      stage.say(`  ${name}`);
      await goTo(page, path);
      addFrames(stage, `Frames of ${name}, ${load}`, await measureFrames(page, watched));
    }
    stage.say("  until the last task");
    await unlessAborted(job.ended(), stage.signal);
    await goTo(page, `/jobs/${job.id}/stream`);
    await page.getByRole("button", { name: "Everything" }).click();
    addFrames(
      stage,
      `Frames of the whole task stream, ${load}`,
      await measureFrames(page, watched),
    );
    stage.add({
      work: `Memory of the dashboard’s page with the whole task stream, ${load}`,
      measured: `${Math.round((await heapBytes(page)) / 1e6)} MB`,
      against: "what its scripts hold after a collection",
      figure: { value: (await heapBytes(page)) / 1e9, unit: "GB" },
      goal: null,
    });
  },
});

async function submit(
  stage: Stage,
  address: Parameters<typeof openNodeClient>[0],
  tasks: number,
): Promise<Job> {
  const tools = await createNodeTools();
  const client = openNodeClient(address, tools);
  const cluster = clusterOf(client, tools);
  stage.cleanups.add(() => cluster.close());
  await untilConnected(client, programFailures(address.baseUrl));
  const cost = { operations: 1_000, outputBytes: 8 };
  const call = lazy(kernel("simulated@1"), { cost });
  const calls = Array.from({ length: tasks }, (_, index) => call({ index }));
  return cluster.compute(calls, { title: `${grouped(tasks)} tasks`, kind: "load" });
}

async function openDashboard(stage: Stage, url: string): Promise<Page> {
  const browser = await launchBrowser(stage.executablePath, stage.say);
  stage.cleanups.add(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
  await page.goto(url);
  await page.getByText("Drop a table").waitFor();
  return page;
}

/** Goes to an address within the open dashboard, as its links do, and lets it settle. */
async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate((path) => {
    history.pushState(null, "", path);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
  await page.getByRole("main").waitFor();
  await page.evaluate(() => new Promise((settled) => setTimeout(settled, 1_500)));
}

function addFrames(stage: Stage, work: string, { medianMs, highMs, longestMs }: FrameTimes): void {
  stage.add({
    work,
    measured: `${medianMs.toFixed(1)} ms in the middle, ${longestMs.toFixed(0)} ms at the longest`,
    against: "95 of 100 frames come within",
    figure: { value: highMs, unit: "ms" },
    goal: { bound: "at most", value: FRAME_MS },
  });
}
