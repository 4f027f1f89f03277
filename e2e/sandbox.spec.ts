// Functions of users in real sandboxes: they compute, do not get out, and never harm their page.
import { createServer, type Server } from "node:http";
import { networkInterfaces } from "node:os";
import type { Browser, Page } from "@playwright/test";
import { type Cluster, connect, functionRef, TaskError } from "../coordinator/client.ts";
import { joinAddresses } from "../coordinator/network-addresses.ts";
import { asFunctionRef } from "../shared/client/callable.ts";
import { type BreakOut, breakOuts, type Prey } from "./break-outs.ts";
import { CoordinatorProcess, expect, joinWorker, test } from "./cluster-fixture.ts";

/** Limits far beyond what the functions here take, unless they go on for ever. */
const LIMIT_MS = 20_000;

interface Stage {
  readonly coordinator: CoordinatorProcess;
  readonly cluster: Cluster;
  /** Without a limit of time. */
  readonly unlimited: Cluster;
  readonly page: Page;
  close(): Promise<void>;
}

async function openStage(browser: Browser, host?: string): Promise<Stage> {
  const coordinator = await CoordinatorProcess.start();
  const context = await browser.newContext();
  const options = { runsFunctions: true, ...(host === undefined ? {} : { host }) };
  const page = await joinWorker(context, coordinator, "Sandboxed", 1, options);
  const cluster = await connect(coordinator.apiUrl(""), { token: coordinator.submitToken });
  return {
    coordinator,
    cluster: cluster.options({ limitMs: LIMIT_MS }),
    unlimited: cluster,
    page,
    async close() {
      await cluster.close();
      await context.close();
      await coordinator.close();
    },
  };
}

/** The page that was there before computes on: it is neither gone nor loaded anew. */
async function expectWorking({ cluster }: Stage): Promise<void> {
  const fresh = cluster.options({ pure: false, limitMs: LIMIT_MS });
  expect(await fresh.submit((a: number, b: number) => a + b, 1, 2).result()).toBe(3);
  expect(cluster.workers().map(({ name }) => name)).toEqual(["Sandboxed"]);
}

const failureOf = async (result: Promise<unknown>): Promise<TaskError> => {
  const error: unknown = await result.catch((thrown: unknown) => thrown);
  if (!(error instanceof TaskError)) throw new Error(`It did not fail: ${String(error)}`);
  return error;
};

/** What no policy forbids, so that it is taken from functions instead. */
const TAKEN = new Set([
  "BroadcastChannel",
  "nested Workers",
  "messages of its own",
  "closed doors, opened by a prototype",
]);

/** What a way out says in a frame of the sandbox from which nothing was taken. */
function tryUnderPolicyAlone(page: Page, attempt: BreakOut, prey: Prey): Promise<unknown> {
  const { moduleText, exportName } = asFunctionRef(attempt);
  const source = `onmessage = async ({ ports: [port] }) => {
    try {
      port.postMessage(await (${moduleText.trim().replace(/;$/, "")})[${JSON.stringify(exportName)}](${JSON.stringify(prey)}));
    } catch (error) {
      port.postMessage("threw " + error);
    }
  }`;
  return page.evaluate(async (source) => {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts");
    frame.src = "/sandbox.html";
    const isLoaded = new Promise((resolve) => frame.addEventListener("load", resolve));
    document.body.append(frame);
    await isLoaded;
    const [work, news] = [new MessageChannel(), new MessageChannel()];
    const said = await new Promise((resolve) => {
      work.port1.onmessage = ({ data }: MessageEvent<unknown>) => resolve(data);
      news.port1.onmessage = ({ data }: MessageEvent<unknown>) => resolve(data);
      frame.contentWindow?.postMessage({ source, name: "bare" }, "*", [work.port2, news.port2]);
    });
    frame.remove();
    return said;
  }, source);
}

/** On plain http, as on most networks; and isolated, with shared memory, as on localhost and https. */
for (const [kind, host] of [
  ["on the network's address", undefined],
  ["on localhost", "localhost"],
] as const) {
  test.describe(`ways out ${kind}`, () => {
    let stage: Stage;
    let server: Server;
    let prey: Prey;
    let visits = 0;

    test.beforeAll(async ({ browser }) => {
      stage = await openStage(browser, host);
      server = createServer((_request, response) => {
        visits += 1;
        response.setHeader("access-control-allow-origin", "*");
        response.end("export default 1");
      });
      server.on("upgrade", (_request, socket) => {
        visits += 1;
        socket.destroy();
      });
      await new Promise<void>((listening) => server.listen(0, "0.0.0.0", listening));
      const address = server.address();
      const port = typeof address === "object" ? address?.port : undefined;
      const machine = `${joinAddresses(networkInterfaces())[0] ?? "127.0.0.1"}:${port}`;
      prey = {
        urls: [`http://${machine}/x.js`, new URL("/favicon.svg", stage.page.url()).href],
        ws: `ws://${machine}/`,
      };
      visits = 0;
      await fetch(prey.urls[0] ?? "");
      expect(visits, "the server counts visits").toBe(1);
      visits = 0;
    });

    test.afterAll(async () => {
      server.closeAllConnections();
      server.close();
      await stage.close();
    });

    for (const [name, attempt] of Object.entries(breakOuts)) {
      test(name, async () => {
        expect(await stage.cluster.submit(attempt, prey).result()).toMatch(/^refused: /);
        expect(visits).toBe(0);
        await expectWorking(stage);
      });
    }

    for (const [name, attempt] of Object.entries(breakOuts)) {
      if (TAKEN.has(name)) continue;
      test(`${name}, refused by the policy alone`, async () => {
        expect(await tryUnderPolicyAlone(stage.page, attempt, prey)).toMatch(/^refused: /);
        expect(visits).toBe(0);
      });
    }

    test("the address and its token", async () => {
      const text = await stage.cluster
        .submit(() => JSON.stringify([location.href, origin, performance.getEntries()]))
        .result();
      expect(text).toMatch(/^\["blob:null\/[\w-]+","null",/);
      for (const secret of ["join", "#t=", new URL(stage.page.url()).hash.slice(3)]) {
        if (secret !== "") expect(text).not.toContain(secret);
      }
    });
  });
}

test.describe("harm", () => {
  let stage: Stage;

  test.beforeAll(async ({ browser }) => {
    stage = await openStage(browser);
  });
  test.afterEach(() => expectWorking(stage));
  test.afterAll(() => stage.close());

  test("prototypes changed inside stay inside, and values with odd names are values", async () => {
    const { cluster, page } = stage;
    const value: unknown = await cluster
      .submit(() => {
        const polluted = Object.prototype as unknown as Record<string, unknown>;
        polluted["isPolluted"] = true;
        polluted["type"] = "ready";
        polluted["error"] = { name: 1 };
        return JSON.parse('{"__proto__": {"isAdmin": true}, "then": 1, "toString": 2}') as unknown;
      })
      .result();
    expect(Object.hasOwn(value as object, "__proto__")).toBe(true);
    expect((value as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    expect(Object.keys(value as object)).toEqual(["__proto__", "then", "toString"]);
    expect("isPolluted" in {}).toBe(false);
    expect(await page.evaluate(() => "isPolluted" in {} || "isAdmin" in {})).toBe(false);
  });

  test("the channel to the page cannot be got hold of", async () => {
    const { cluster } = stage;
    const lay = cluster.submit(() => {
      const scope = globalThis as unknown as { caught: unknown[] };
      scope.caught = [];
      const data = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data");
      Object.defineProperty(MessageEvent.prototype, "data", {
        get(this: MessageEvent) {
          scope.caught.push(this.target);
          return data?.get?.call(this) as unknown;
        },
      });
      EventTarget.prototype.addEventListener = function () {
        scope.caught.push(this);
      };
      return "laid";
    });
    expect(await lay.result()).toBe("laid");
    const caught = cluster
      .options({ pure: false, limitMs: LIMIT_MS })
      .submit(() => (globalThis as unknown as { caught?: unknown[] }).caught?.length);
    expect(await caught.result()).toBe(0);
  });

  test("floods of events to itself, of timers and of errors", async () => {
    const flood = stage.cluster.submit(() => {
      for (let i = 0; i < 200_000; i += 1) dispatchEvent(new MessageEvent("message", { data: i }));
      for (let i = 0; i < 10_000; i += 1) {
        setTimeout(() => {
          throw new Error("late");
        });
        void Promise.reject(new Error("unheard"));
      }
      return "flooded";
    });
    expect(await flood.result()).toBe("flooded");
  });

  test.describe("without end", () => {
    const endless: Readonly<Record<string, () => unknown>> = {
      "a loop": () => {
        for (;;);
      },
      "a loop of promises": async () => {
        for (;;) await Promise.resolve();
      },
      "a promise that nobody keeps": () => new Promise(() => undefined),
    };
    for (const [name, run] of Object.entries(endless)) {
      test(name, async () => {
        const limited = stage.cluster.options({ limitMs: 1_000 });
        const failure = await failureOf(limited.submit(run).result());
        expect(failure.story).toContain("It ran longer than its limit of 1 s.");
      });
    }

    test("a loop that is cancelled", async () => {
      const { page } = stage;
      // Its text is that of a loop above, whose failure is known.
      const cluster = stage.cluster.options({ pure: false });
      const future = cluster.submit(() => {
        for (;;);
      });
      await page.locator("html[data-worker-state=computing]").waitFor();
      future.cancel();
      await page.locator("html[data-worker-state=idle]").waitFor();
    });
  });

  test("short functions share a thread, and neither what they read nor how they end", async () => {
    const { cluster } = stage;
    const add = (values: number[], amount: number): number => {
      if (amount === 13) throw new RangeError("Unlucky.");
      if (amount === 26) for (;;);
      values[0] = (values[0] ?? 0) + amount;
      return values[0];
    };
    // Timed once, they are known to be short and go together.
    expect(await cluster.submit(add, [0], 0).result()).toBe(0);
    const shared = await cluster.scatter([100]);
    const limited = cluster.options({ limitMs: 1_000 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) => limited.submit(add, shared, i).result()),
    );
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.status === "fulfilled") expect(outcome.value).toBe(100 + i);
    }
    const failed = outcomes.flatMap((outcome, i) => (outcome.status === "rejected" ? [i] : []));
    expect(failed).toEqual([13, 26]);
  });

  test("short functions that tell together how they end hold nothing back when one never ends", async () => {
    const { unlimited: cluster } = stage;
    const add = (amount: number): number => {
      if (amount === 7) for (;;);
      return amount + 1;
    };
    expect(await cluster.submit(add, 0).result()).toBe(1);
    const futures = Array.from({ length: 20 }, (_, i) => cluster.submit(add, i));
    const before = futures.slice(0, 7).map((future) => future.result());
    expect(await Promise.all(before)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    futures[7]?.cancel();
    const behind = futures.slice(8).map((future) => future.result());
    expect(await Promise.all(behind)).toEqual(Array.from({ length: 12 }, (_, i) => i + 9));
  });

  const useless: Readonly<Record<string, [module: string, name: string, why: RegExp]>> = {
    "a module that does not parse": ["({ default: ", "default", /could not be loaded: SyntaxError/],
    "a module that throws": ["throw new TypeError('no')", "default", /loaded: TypeError: no/],
    "an export that is missing": ["({ a: () => 1 })", "b", /exports no function "b", only a\./],
    "a result that is too large": [
      "({ default: () => new Uint8Array(2 ** 26) })",
      "default",
      /The result takes 67,108,992 bytes, and a block holds at most 67,108,864\./,
    ],
    "a result that cannot travel": ["({ default: () => [() => 1] })", "default", /is a function/],
  };
  for (const [name, [module, exportName, why]] of Object.entries(useless)) {
    test(name, async () => {
      const ref = functionRef(module, exportName);
      const failure = await failureOf(stage.cluster.submit(ref).result());
      expect(failure.story).toMatch(why);
    });
  }
});

test("a machine runs functions when its user agrees, and ends them when that is taken back", async ({
  browser,
  coordinator,
}) => {
  const page = await joinWorker(await browser.newContext(), coordinator, "Asked");
  const cluster = await connect(coordinator.apiUrl(""), { token: coordinator.submitToken });
  const consent = page.getByRole("switch", { name: "Run custom code" });
  await expect(consent).not.toBeChecked();
  const endless = cluster.options({ limitMs: 60_000 }).submit(() => {
    for (;;);
  });
  await page.locator("html[data-worker-state=idle]").waitFor();
  await consent.click();
  await page.locator("html[data-worker-state=computing]").waitFor();
  await consent.click();
  await page.locator("html[data-worker-state=idle]").waitFor();
  expect(endless.status).toBe("pending");
  expect(await page.locator("iframe").count()).toBe(0);
  endless.cancel();
  await cluster.close();
});
