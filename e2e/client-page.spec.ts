// The library's file for browsers, as package "tabswarm/client" has it, in a page without anything else.
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { clientFolder } from "../coordinator/build-client.ts";
import { expect, joinWorker, test } from "./cluster-fixture.ts";

/** A page as somebody may write it; what it found out is its text. */
const PAGE = `<!doctype html>
<title>Plain</title>
<body></body>
<script type="module">
  import { connect, lazy, TaskError } from "./client.js";
  const cluster = await connect();
  class Counter {
    constructor(init) { this.value = init; }
    add(amount) { return (this.value += amount); }
    reset(value) { return (this.value = value); }
  }
  const add = (a, b) => a + b;
  // Calls find the way past the coordinator by themselves; those under way keep their order.
  const direct = async (counter) => {
    const answers = [];
    for (let i = 0; i < 400 && counter.$way !== "direct"; i += 1) {
      answers.push(counter.add(0));
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await Promise.all(answers);
    const before = await counter.add(0);
    const large = await counter.$with({ deadlineMs: 10_000 }).add(new Array(9_000).fill("long"));
    counter.add("");
    return [counter.$way, await counter.reset(before), ...(await Promise.all([1, 2, 3].map((n) => counter.add(n)))), large.length];
  };
  const sum = lazy(add);
  const counter = await cluster.actor(Counter, 10);
  const error = await cluster.submit(() => { throw new RangeError("No."); }).result().catch((e) => e);
  const found = {
    submitted: await cluster.submit(add, 1, 2).result(),
    mapped: await cluster.gather(cluster.map((x) => x * x, [1, 2, 3])),
    lazy: await (await cluster.compute([sum(sum(1, 2), sum(3, 4))])).results(),
    array: Array.from(await cluster.submit((xs) => xs.map((x) => 2 * x), Float32Array.of(1, 2)).result()),
    actor: [await counter.add(1), await counter.add(cluster.submit(add, 1, 1))],
    error: [error instanceof TaskError, error.name, error.message],
    direct: await direct(counter),
    workers: cluster.workers().map(({ name }) => name),
  };
  await counter.$release();
  await cluster.close();
  document.body.textContent = JSON.stringify(found);
</script>`;

test("a plain page uses the cluster through the library's file for browsers", async ({
  browser,
  coordinator,
}) => {
  const worker = await browser.newContext();
  await joinWorker(worker, coordinator, "Helper", 2, { runsFunctions: true });
  const page = await (await browser.newContext()).newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  const dashboard = new URL(coordinator.dashboardUrl());
  const library = await readFile(join(resolve(clientFolder), "browser.js"), "utf8");
  // Served under the coordinator's address, as by a proxy in front of both: it refuses other sites.
  await page.route(`${dashboard.origin}/plain/**`, (route) =>
    route.request().url().endsWith("client.js")
      ? route.fulfill({ contentType: "text/javascript", body: library })
      : route.fulfill({ contentType: "text/html", body: PAGE }),
  );
  await page.goto(`${dashboard.origin}/plain/${dashboard.hash}`);
  await expect(page.locator("body")).toHaveText(/^\{/);
  expect(problems).toEqual([]);
  expect(JSON.parse((await page.locator("body").textContent()) ?? "")).toEqual({
    submitted: 3,
    mapped: [1, 4, 9],
    lazy: [10],
    array: [2, 4],
    actor: [11, 13],
    direct: ["direct", 13, 14, 16, 19, 44_999 + 2],
    error: [true, "RangeError", "No."],
    workers: ["Helper"],
  });
});
