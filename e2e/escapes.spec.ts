// Functions of users try to get out of their sandbox, and to take the worker's page down with them.
import { expect, type Page } from "@playwright/test";
import { type Cluster, connect, functionRef, TaskError } from "../coordinator/client.ts";
import { test as clusterTest } from "./cluster-fixture.ts";

const test = clusterTest.extend<{ worker: Page; cluster: Cluster }>({
  worker: async ({ browser, coordinator }, lend) => {
    const page = await (await browser.newContext()).newPage();
    const url = new URL(coordinator.joinUrl("localhost"));
    url.searchParams.set("threads", "1");
    url.searchParams.set("functions", "1");
    await page.goto(url.href);
    await page.locator("html[data-worker-state=idle]").waitFor();
    await lend(page);
  },
  cluster: async ({ coordinator, worker }, lend) => {
    await expect(worker.locator("html[data-worker-state=idle]")).toBeAttached();
    const token = coordinator.submitToken;
    const cluster = await connect(coordinator.apiUrl(""), { token });
    await lend(cluster);
    await cluster.close();
  },
});

/** The page computes as before, and still has its token for itself. */
async function expectUnharmed(cluster: Cluster, worker: Page): Promise<void> {
  expect(
    await cluster
      .options({ pure: false })
      .submit((n: number) => n * n, 7)
      .result(),
  ).toBe(49);
  await expect(worker.getByRole("button", { name: "Leave" })).toBeVisible();
}

/** In plain JavaScript, as a thief would send it: tries each way out, and tells what came of it. */
const TRY_EVERYTHING = `({ default: async (base) => {
  const outcomes = {};
  const attempt = async (name, way) => {
    try {
      const late = new Promise((resolve) => setTimeout(resolve, 1000, "nothing"));
      outcomes[name] = "got " + String(await Promise.race([way(), late]));
    } catch {
      outcomes[name] = "refused";
    }
  };
  const event = (target, good, bad) =>
    new Promise((resolve, reject) => {
      target["on" + good] = () => resolve(good);
      target["on" + bad] = () => reject(new Error(bad));
    });
  await attempt("fetch", () => fetch(base + "/api/jobs"));
  await attempt("XMLHttpRequest", () => {
    const request = new XMLHttpRequest();
    request.open("GET", base + "/");
    const done = event(request, "load", "error");
    request.send();
    return done;
  });
  await attempt("WebSocket", () =>
    event(new WebSocket(base.replace("http", "ws") + "/control"), "open", "error"));
  await attempt("EventSource", () => event(new EventSource(base + "/"), "open", "error"));
  await attempt("RTCPeerConnection", () => new RTCPeerConnection());
  await attempt("importScripts", () => importScripts(base + "/favicon.svg"));
  await attempt("import", () => import(base + "/favicon.svg"));
  await attempt("IndexedDB", () => event(indexedDB.open("stolen"), "success", "error"));
  await attempt("caches", () => caches.open("stolen"));
  await attempt("localStorage", () => localStorage.getItem("tabswarm-name"));
  await attempt("Worker", () =>
    event(new Worker(URL.createObjectURL(new Blob(["postMessage(1)"]))), "message", "error"));
  await attempt("parent", () => parent.document.title);
  await attempt("token", () => {
    if (!/#t=/.test(String(self.location))) throw new Error("There is none.");
  });
  return outcomes;
} })`;

test("nothing leads out of the sandbox", async ({ coordinator, cluster, worker }) => {
  const outcomes = await cluster
    .submit(functionRef(TRY_EVERYTHING, "default"), coordinator.apiUrl(""))
    .result();
  const ways = Object.entries(outcomes as Record<string, string>);
  expect(ways.length).toBe(13);
  const through = ways.filter(([, outcome]) => !/^(refused|got nothing)$/.test(outcome));
  expect(through).toEqual([]);
  await expectUnharmed(cluster, worker);
});

test("a channel of the same name is another one inside", async ({ cluster, worker }) => {
  const heard = worker.evaluate(
    () =>
      new Promise<string>((resolve) => {
        new BroadcastChannel("tabswarm-workers").addEventListener("message", ({ data }) =>
          resolve(String(data)),
        );
        setTimeout(resolve, 1_500, "nothing");
      }),
  );
  const outcome = await cluster
    .submit(() => {
      try {
        new BroadcastChannel("tabswarm-workers").postMessage("taken");
        return "sent";
      } catch {
        return "refused";
      }
    })
    .result();
  expect(["sent", "refused"]).toContain(outcome);
  expect(await heard).toBe("nothing");
});

test("a function that never ends is ended at its limit", async ({ cluster, worker }) => {
  const endless = cluster.options({ limitMs: 500 }).submit(() => {
    for (;;);
  });
  await expect(endless.result()).rejects.toThrow(/longer than its limit of 0\.5 s/);
  await expectUnharmed(cluster, worker);
});

test("changed prototypes and odd results stay inside", async ({ cluster, worker }) => {
  const poison = `({ default: () => {
    Object.prototype.ok = false;
    return JSON.parse('{"__proto__": {"isAdmin": true}, "plain": 1}');
  } })`;
  const poisoned = cluster.submit(functionRef(poison, "default"));
  const value = await poisoned.result().catch((error: unknown) => error);
  expect(value instanceof TaskError || !("isAdmin" in (value as object))).toBe(true);
  expect("isAdmin" in {}).toBe(false);
  expect(await worker.evaluate(() => "ok" in {} || "isAdmin" in {})).toBe(false);
  const odd = cluster.submit(() => Symbol("no value") as unknown);
  await expect(odd.result()).rejects.toThrow(TaskError);
  await expectUnharmed(cluster, worker);
});

test("a flood of messages ends the function, not the page", async ({ cluster, worker }) => {
  const flood = cluster.options({ limitMs: 5_000 }).submit(() => {
    for (let i = 0; i < 20_000; i += 1) self.postMessage({ type: "result", i });
    return "flooded";
  });
  // Whether it ends as a failure or with its one true result, nothing else is taken for one.
  const outcome = await flood.result().catch((error: unknown) => error);
  expect(outcome === "flooded" || outcome instanceof TaskError).toBe(true);
  await expectUnharmed(cluster, worker);
});
