// What the dashboard can do to machines and jobs, over HTTP, on real pages.
import type { Browser, BrowserContextOptions, Page } from "@playwright/test";
import { type Cluster, connect, TaskError } from "../coordinator/client.ts";
import { createNodeTools, openNodeClient } from "../coordinator/node-client.ts";
import type { ClusterClient } from "../shared/client/cluster-client.ts";
import type { WorkerView } from "../shared/protocol/messages.ts";
import { type CoordinatorProcess, expect, joinWorker, test } from "./cluster-fixture.ts";

/** Far beyond what the functions here take. */
const LIMIT_MS = 60_000;

interface Stage {
  readonly client: ClusterClient;
  readonly cluster: Cluster;
  /** A machine of its own that runs functions. */
  readonly join: (name: string, threads?: number, options?: BrowserContextOptions) => Promise<Page>;
  /** The machine of that name as the dashboard sees it, once `fits`. */
  readonly machine: (name: string, fits?: (view: WorkerView) => boolean) => Promise<WorkerView>;
}

async function withStage(
  browser: Browser,
  coordinator: CoordinatorProcess,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const address = { baseUrl: coordinator.apiUrl(""), token: coordinator.submitToken };
  const client = openNodeClient(address, await createNodeTools());
  const cluster = await connect(address.baseUrl, address);
  try {
    await play({
      client,
      cluster: cluster.options({ limitMs: LIMIT_MS }),
      async join(name, threads = 1, options = {}) {
        const context = await browser.newContext(options);
        return joinWorker(context, coordinator, name, threads, { runsFunctions: true });
      },
      async machine(name, fits = () => true) {
        const find = () => client.view.workers.find((view) => view.name === name && fits(view));
        await expect.poll(find).toBeDefined();
        return find() as WorkerView;
      },
    });
  } finally {
    await cluster.close();
    client.close();
  }
}

/** As a user writes one. */
class Tally {
  sum = 0;
  add(amount: number): number {
    this.sum += amount;
    return this.sum;
  }
  checkpoint(): number {
    return this.sum;
  }
  restore(sum: number): void {
    this.sum = sum;
  }
}

const names = ({ view }: ClusterClient): string[] => view.workers.map(({ name }) => name);

test("a machine obeys the dashboard, and whoever sits at it may change it again", async ({
  browser,
  coordinator,
}) => {
  await withStage(browser, coordinator, async ({ client, join, machine }) => {
    const page = await join("Desk", 2);
    const { worker, threadsMax } = await machine("Desk");
    await client.changeWorker(worker, { name: "Study", threads: 1, paused: true });
    const view = await machine("Study", ({ state }) => state === "paused");
    expect(view).toMatchObject({ threads: 1, condition: { pausedBy: "dashboard" } });
    await expect(page.locator("html")).toHaveAttribute("data-worker-state", "paused");
    // As if it had been typed here.
    expect(await page.evaluate(() => localStorage.getItem("tabswarm-name"))).toBe("Study");
    await page.getByRole("button", { name: "Resume" }).click();
    expect(await machine("Study", ({ state }) => state === "idle")).toMatchObject({
      condition: { pausedBy: null },
    });
    const tooMany = client.changeWorker(worker, { threads: threadsMax + 1 });
    await expect(tooMany).rejects.toThrow(/^Study has .* at most/);
  });
});

test("a machine that is retired while it computes hands over and stays away", async ({
  browser,
  coordinator,
}) => {
  await withStage(browser, coordinator, async ({ client, cluster, join, machine }) => {
    const page = await join("Only");
    // Results that are too large for messages stay on the machine that made them.
    const slow = (seed: number, ms: number): Float64Array => {
      const endMs = Date.now() + ms;
      while (Date.now() < endMs) continue;
      return Float64Array.from({ length: 5_000 }, (_, i) => (seed + i) / 7);
    };
    const early = cluster.submit(slow, 1, 0);
    await early.settled();
    const tally = await cluster.actor(Tally, null, { checkpointEveryMs: 600_000 });
    expect(await tally.add(5)).toBe(5);
    const running = cluster.submit(slow, 2, 3_000);
    const { worker } = await machine("Only", (view) => view.running === 1);
    await client.retireWorker(worker);
    expect((await machine("Only", (view) => view.isRetiring)).running).toBe(1);
    const waiting = cluster.submit(slow, 3, 0);
    await expect.poll(() => names(client)).toEqual([]);
    expect(running.status).toBe("done");
    expect(waiting.status).not.toBe("done");
    await expect(page.getByText("The dashboard let this machine go")).toBeVisible();
    // It is gone, and what it made is not.
    await page.context().close();
    await join("Other");
    for (const [seed, future] of [early, running, waiting].entries()) {
      const numbers = await future.result();
      expect(numbers).toEqual(Float64Array.from({ length: 5_000 }, (_, i) => (seed + 1 + i) / 7));
    }
    // An actor keeps its state on the way.
    expect(await tally.add(2)).toBe(7);
    const { tasksDone } = await machine("Other", (view) => view.tasksDone > 0);
    expect(tasksDone).toBe(1);
  });
});

test("a machine that is removed does not come back, whatever happens to the coordinator", async ({
  browser,
  coordinator,
}) => {
  await withStage(browser, coordinator, async ({ client, join, machine }) => {
    const page = await join("Gone");
    await join("Stays");
    const { worker } = await machine("Gone");
    await client.removeWorker(worker);
    await expect(page.getByText("This machine was removed at the dashboard")).toBeVisible();
    await expect.poll(() => names(client)).toEqual(["Stays"]);
    await coordinator.kill();
    await coordinator.start();
    await expect.poll(() => names(client)).toEqual(["Stays"]);
    await expect(client.removeWorker(worker)).rejects.toThrow("There is no such machine");
    // Whoever sits there may join again.
    await page.getByRole("button", { name: "Join again" }).click();
    await expect.poll(() => names(client).toSorted()).toEqual(["Gone", "Stays"]);
  });
});

test("what failed on one machine is tried again elsewhere", async ({ browser, coordinator }) => {
  await withStage(browser, coordinator, async ({ client, cluster, join, machine }) => {
    await join("Lisbon", 1, { timezoneId: "Europe/Lisbon" });
    const picky = (): string => {
      const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
      if (timeZone === "Europe/Lisbon") throw new Error("Not in Lisbon.");
      return timeZone;
    };
    const future = cluster.submit(picky);
    const error: unknown = await future.result().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TaskError);
    await join("Tokyo", 1, { timezoneId: "Asia/Tokyo" });
    await machine("Tokyo");
    const job = client.view.jobs[0]?.job;
    if (job === undefined) throw new Error("The functions are a job.");
    await client.retry(job, { elsewhere: true });
    const { futures } = await cluster.attach(job);
    expect(await futures[0]?.result()).toBe("Asia/Tokyo");
    await expect(client.retry(job)).rejects.toThrow("Nothing of this job has failed");
    await client.setPriority(job, 7);
    await expect.poll(() => client.view.jobs[0]?.priority).toBe(7);
  });
});
