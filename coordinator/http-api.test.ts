import { readdir, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DatasetId } from "../shared/ids.ts";
import { BLOCK_BYTES_MAX } from "../shared/limits.ts";
import { httpPaths, problemSchema } from "../shared/protocol/http.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import { parseRange } from "./block-routes.ts";
import type { ResultExporter } from "./result-exporters.ts";
import {
  httpOf,
  joinClient,
  makeBlock,
  makeTask,
  ScriptedWorker,
  squaresJob,
  submitJob,
  watchToEnd,
} from "./scripted-pages.ts";
import type { Coordinator } from "./start-coordinator.ts";

let fixture: CoordinatorFixture;
let coordinator: Coordinator;
let submit: ReturnType<typeof httpOf>;
let worker: ReturnType<typeof httpOf>;

/** Exports squares as text, one number a line. */
const exportSquares: ResultExporter = (job, format, readBlock) => ({
  filename: `quadrät.${format}`,
  contentType: "text/csv",
  chunks: (async function* () {
    for (const { outputs } of job.results) {
      for (const { block } of outputs) {
        const bytes = await readBlock(block);
        yield new TextEncoder().encode(`${new Float64Array(bytes.slice(-8).buffer)[0]}\n`);
      }
    }
  })(),
});

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start({ exporters: new Map([["squares", exportSquares]]) });
  submit = httpOf(coordinator, coordinator.submitToken);
  worker = httpOf(coordinator, coordinator.joinToken);
});
afterEach(() => fixture.remove());

async function expectProblem(response: Response, status: number, detail: RegExp): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  const problem = problemSchema.parse(await response.json());
  expect(problem.status).toBe(status);
  expect(problem.detail).toMatch(detail);
}

describe("blocks", () => {
  const { bytes, ref } = makeBlock([1, 2, 3]);
  const path = httpPaths.block(ref.block);

  it("are stored once, and served with range, size and caching headers", async () => {
    expect((await worker("HEAD", path)).status).toBe(404);
    expect((await worker("PUT", path, bytes)).status).toBe(201);
    expect((await worker("PUT", path, bytes)).status).toBe(200);
    const whole = await worker("GET", path);
    expect(new Uint8Array(await whole.arrayBuffer())).toEqual(bytes);
    expect(whole.headers.get("content-length")).toBe(String(bytes.length));
    expect(whole.headers.get("cache-control")).toMatch(/immutable/);
    const probe = await submit("HEAD", path);
    expect(probe.status).toBe(200);
    expect(probe.headers.get("content-length")).toBe(String(bytes.length));

    const headers = { authorization: `Bearer ${coordinator.joinToken}`, range: "bytes=10-19" };
    const part = await fetch(`http://127.0.0.1:${coordinator.port}${path}`, { headers });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes 10-19/${bytes.length}`);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.subarray(10, 20));
    const beyond = { ...headers, range: "bytes=9999-" };
    const response = await fetch(`http://127.0.0.1:${coordinator.port}${path}`, {
      headers: beyond,
    });
    await expectProblem(response, 416, /bytes/);
  });

  it("are refused with the wrong hash, without a token, or too large", async () => {
    await expectProblem(await worker("PUT", path, bytes.slice(1)), 422, /are of block/);
    const address = `http://127.0.0.1:${coordinator.port}${path}`;
    const octets = { "content-type": "application/octet-stream" };
    // Without a token and without an Origin it could be any program.
    const bare = await fetch(address, { method: "PUT", headers: octets, body: bytes });
    await expectProblem(bare, 403, /another site/);
    await expectProblem(await fetch(address), 401, /token/);
    await expectProblem(await httpOf(coordinator, "wrong")("GET", path), 401, /token/);
    await expectProblem(await worker("GET", "/api/blocks/zz"), 400, /64 hexadecimal/);
    expect(await sendLargeLength(path)).toBe(413);
    expect(await readdir(join(fixture.dataDir, "drafts"))).toEqual([]);
  });

  /** Announces more bytes than a block may have; the coordinator must not wait for them. */
  function sendLargeLength(blockPath: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const sent = httpRequest({
        port: coordinator.port,
        host: "127.0.0.1",
        path: blockPath,
        method: "PUT",
        headers: {
          authorization: `Bearer ${coordinator.joinToken}`,
          "content-type": "application/octet-stream",
          "content-length": BLOCK_BYTES_MAX + 1,
        },
      });
      sent.once("response", (response) => {
        resolve(response.statusCode ?? 0);
        sent.destroy();
      });
      sent.once("error", reject);
      sent.write("x");
    });
  }

  it("are answered with 404 when nobody holds them", async () => {
    await expectProblem(await worker("GET", path), 404, /Nobody holds/);
  });

  it("are drawn from the worker that holds them, once for all who wait", async () => {
    const page = await ScriptedWorker.join(coordinator);
    page.blocks.set(ref.block, bytes);
    page.say({ type: "have", blocks: [ref] });
    page.say({ type: "locate", blocks: [ref.block] });
    await page.socket.next("located");
    const responses = await Promise.all([worker("GET", path), submit("GET", path)]);
    for (const response of responses) {
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    }
    const requests = page.socket.heard.filter((message) => message.type === "store-blocks");
    expect(requests).toEqual([{ type: "store-blocks", blocks: [ref.block] }]);
  });

  it("are drawn from a client likewise", async () => {
    const client = await joinClient(coordinator);
    client.onMessage = (message) => {
      if (message.type === "store-blocks") void submit("PUT", path, bytes);
    };
    client.send({ type: "have", blocks: [ref] });
    client.send({ type: "locate", blocks: [ref.block] });
    await client.next("located");
    const response = await worker("GET", path);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
  });

  it("say so when the disk does not take them", async () => {
    await rm(join(fixture.dataDir, "drafts"), { recursive: true });
    await expectProblem(await worker("PUT", path, bytes), 507, /data folder/);
  });
});

describe("parseRange", () => {
  it.each([
    [undefined, "whole"],
    ["bytes=0-0", { start: 0, end: 0 }],
    ["bytes=5-", { start: 5, end: 9 }],
    ["bytes=-3", { start: 7, end: 9 }],
    ["bytes=-99", { start: 0, end: 9 }],
    ["bytes=2-99", { start: 2, end: 9 }],
    ["bytes=10-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=5-2", "whole"],
    ["bytes=0-1,3-4", "whole"],
    ["bytes=-", "whole"],
  ])("%s of 10 bytes", (header, expected) => {
    expect(parseRange(header, 10)).toEqual(expected);
  });
});

describe("datasets", () => {
  const { bytes, ref } = makeBlock([1, 2, 3, 4]);
  const dataset = {
    name: "prices.csv",
    series: ["A", "B"],
    dates: ["2020-01-01", "2020-01-02"],
    missingShare: 0,
    dropped: ["C"],
    panelSeries: 2,
    panels: [ref],
  };

  it("are registered after their panels, listed, and deleted with them", async () => {
    await expectProblem(
      await submit("POST", httpPaths.datasets, dataset),
      409,
      /not been uploaded/,
    );
    await submit("PUT", httpPaths.block(ref.block), bytes);
    const created = await submit("POST", httpPaths.datasets, dataset);
    expect(created.status).toBe(201);
    const { dataset: id } = (await created.json()) as { dataset: DatasetId };
    const record = await (await submit("GET", httpPaths.dataset(id))).json();
    expect(record).toMatchObject({ ...dataset, dataset: id });
    expect(await (await submit("GET", httpPaths.datasets)).json()).toEqual([record]);

    expect((await submit("DELETE", httpPaths.dataset(id))).status).toBe(204);
    expect((await submit("HEAD", httpPaths.block(ref.block))).status).toBe(404);
    await expectProblem(await submit("GET", httpPaths.dataset(id)), 404, /no such dataset/);
  });

  it("are not deleted while a job reads them", async () => {
    await submit("PUT", httpPaths.block(ref.block), bytes);
    const created = await submit("POST", httpPaths.datasets, dataset);
    const { dataset: id } = (await created.json()) as { dataset: DatasetId };
    const task = makeTask({ kernel: "test-read@1", params: {}, inputs: [ref] });
    const job = await submitJob(coordinator, {
      ...squaresJob(1),
      tasks: [task],
      targets: [task.key],
    });
    await expectProblem(await submit("DELETE", httpPaths.dataset(id)), 409, /Cancel the job/);
    await submit("POST", httpPaths.jobAction(job, "cancel"));
    expect((await submit("DELETE", httpPaths.dataset(id))).status).toBe(204);
  });

  it("are refused when they are none, or with the join token", async () => {
    const wrong = { ...dataset, panelSeries: 1 };
    await expectProblem(await submit("POST", httpPaths.datasets, wrong), 422, /make 2 panels/);
    const bad = { ...dataset, series: "A" };
    await expectProblem(await submit("POST", httpPaths.datasets, bad), 400, /at series/);
    await expectProblem(await worker("GET", httpPaths.datasets), 401, /join token/);
    const large = { ...dataset, name: "x".repeat(40_000_000) };
    await expectProblem(await submit("POST", httpPaths.datasets, large), 413, /large/i);
  });
});

describe("jobs", () => {
  it("run, and their results can be downloaded with a token or once with a ticket", async () => {
    const job = await submitJob(coordinator, squaresJob(3));
    await expectProblem(
      await submit("GET", httpPaths.result(job, "pairs.csv")),
      409,
      /no complete/,
    );
    await ScriptedWorker.join(coordinator);
    await watchToEnd(await joinClient(coordinator), job);
    const view = await (await submit("GET", httpPaths.job(job))).json();
    expect(view).toMatchObject({
      state: "done",
      tasksTotal: 3,
      tasksDone: 3,
      targetsDone: 3,
      timing: { computeMs: 6, fetchMs: 3, waitMs: 1.5, bytesMoved: 30, workers: [{ tasks: 3 }] },
    });

    const direct = await submit("GET", httpPaths.result(job, "pairs.csv"));
    expect(await direct.text()).toBe("0\n1\n4\n");
    expect(direct.headers.get("content-disposition")).toContain("filename*=UTF-8''quadr%C3%A4t");

    const created = await submit("POST", httpPaths.tickets, { job, format: "pairs.csv" });
    const { ticket } = (await created.json()) as { ticket: string };
    const link = `http://127.0.0.1:${coordinator.port}${httpPaths.result(job, "pairs.csv", ticket)}`;
    expect(await (await fetch(link)).text()).toBe("0\n1\n4\n");
    await expectProblem(await fetch(link), 401, /used or is too old/);
    await expectProblem(await worker("GET", httpPaths.result(job, "pairs.csv")), 401, /join token/);
  });

  it("can be paused, resumed, cancelled and deleted", async () => {
    const job = await submitJob(coordinator, squaresJob(3));
    const stateNow = async (): Promise<unknown> =>
      ((await (await submit("GET", httpPaths.job(job))).json()) as { state: string }).state;
    expect((await submit("POST", httpPaths.jobAction(job, "pause"))).status).toBe(204);
    expect(await stateNow()).toBe("paused");
    await submit("POST", httpPaths.jobAction(job, "resume"));
    expect(await stateNow()).toBe("running");
    await submit("POST", httpPaths.jobAction(job, "cancel"));
    expect(await stateNow()).toBe("cancelled");
    await expectProblem(await submit("POST", httpPaths.jobAction(job, "pause")), 409, /ended/);
    expect((await submit("DELETE", httpPaths.job(job))).status).toBe(204);
    await expectProblem(await submit("GET", httpPaths.job(job)), 404, /no such job/);
    expect(await (await submit("GET", httpPaths.jobs)).json()).toEqual([]);
  });

  it("lose their blocks when they are deleted, unless another job has the same results", async () => {
    await ScriptedWorker.join(coordinator);
    const client = await joinClient(coordinator);
    const first = await submitJob(coordinator, squaresJob(3, 0));
    const results = await watchToEnd(client, first);
    const second = await submitJob(coordinator, squaresJob(2, 2));
    await watchToEnd(client, second);
    await submit("DELETE", httpPaths.job(first));
    const statuses = await Promise.all(
      [...results.values()].flat().map(async ({ block }) => {
        return (await submit("HEAD", httpPaths.block(block))).status;
      }),
    );
    expect(statuses).toEqual([404, 404, 200]);
  });

  it("do not compute again what an earlier job computed", async () => {
    const page = await ScriptedWorker.join(coordinator);
    const client = await joinClient(coordinator);
    await watchToEnd(client, await submitJob(coordinator, squaresJob(3, 0)));
    await watchToEnd(client, await submitJob(coordinator, squaresJob(4, 1)));
    expect(page.computed.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  });

  it("with a wrong graph are refused", async () => {
    const good = squaresJob(2);
    const [task] = good.tasks;
    if (task === undefined) throw new Error("unreachable");
    const changed = { ...good, tasks: [{ ...task, params: { value: 77 } }], targets: [task.key] };
    await expectProblem(await submit("POST", httpPaths.jobs, changed), 422, /wrong key/);
    const twice = { ...good, tasks: [task, task], targets: [task.key] };
    await expectProblem(await submit("POST", httpPaths.jobs, twice), 422, /twice/);
    const aimless = { ...good, tasks: [task] };
    await expectProblem(await submit("POST", httpPaths.jobs, aimless), 422, /not among the tasks/);
    const needy = makeTask({ kernel: "a@1", params: {}, inputs: [{ task: task.key, output: 0 }] });
    const dangling = { ...good, tasks: [needy], targets: [needy.key] };
    await expectProblem(await submit("POST", httpPaths.jobs, dangling), 422, /not in the job/);
    const reader = makeTask({ kernel: "a@1", params: {}, inputs: [makeBlock([9]).ref] });
    const blind = { ...good, tasks: [reader], targets: [reader.key] };
    await expectProblem(await submit("POST", httpPaths.jobs, blind), 409, /Nobody holds/);
    await expectProblem(await submit("POST", httpPaths.jobs, { kind: "x" }), 400, /not valid/);
    expect(await (await submit("GET", httpPaths.jobs)).json()).toEqual([]);
  });
});

describe("the app", () => {
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${coordinator.port}${path}`, { headers });

  it("is one page for all its paths, with a fresh nonce and a strict policy each time", async () => {
    const nonces = new Set<string>();
    for (const path of ["/", "/join", "/jobs/j_1", "/index.html"]) {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toMatch(/^text\/html/);
      expect(response.headers.get("cache-control")).toBe("no-store");
      const nonce = /content="([\w-]{22})"/.exec(await response.text())?.[1] ?? "";
      const policy = response.headers.get("content-security-policy");
      expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain(`ws://127.0.0.1:${coordinator.port}`);
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(4);
  });

  it("lets only its own pages frame the sandbox, and the sandbox do nothing but evaluate", async () => {
    const response = await get("/sandbox.html");
    expect(response.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    const nonce = /nonce="([\w-]{22})"/.exec(await response.text())?.[1] ?? "none";
    expect(response.headers.get("content-security-policy")?.split("; ")).toEqual([
      "default-src 'none'",
      `script-src 'nonce-${nonce}' 'unsafe-eval'`,
      "worker-src blob:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'self'",
      "sandbox allow-scripts",
    ]);
    expect(response.headers.get("x-frame-options")).toBeNull();
    const page = await get("/");
    expect(page.headers.get("x-frame-options")).toBe("DENY");
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  });

  it("sends hashed files for ever and others with strict headers too", async () => {
    const hashed = await get("/assets/main-abc123.js");
    expect(hashed.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(hashed.headers.get("x-content-type-options")).toBe("nosniff");
    expect(hashed.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
    expect((await get("/favicon.svg")).headers.get("cache-control")).toBe("no-cache");
  });

  it("answers unknown files, interface paths and traversals with a problem", async () => {
    await writeFile(join(fixture.folder, "secret.txt"), "secret");
    await expectProblem(await get("/missing.js"), 404, /nothing/);
    await expectProblem(await get("/api/unknown"), 404, /nothing/);
    await expectProblem(await get("/..%2fsecret.txt"), 404, /nothing/);
    await expectProblem(await get("/assets/missing-abc.js"), 404, /nothing/);
    expect((await get("/assets/missing-abc.js")).headers.get("cache-control")).toBe("no-store");
  });

  it("is refused for another host, and changes from another site's page", async () => {
    const statusFor = (headers: Record<string, string>, method = "GET"): Promise<number> =>
      new Promise((resolve, reject) => {
        const where = { port: coordinator.port, host: "127.0.0.1", path: "/api/jobs" };
        const sent = httpRequest({ ...where, method, headers }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        sent.once("error", reject);
        sent.end();
      });
    const authorization = `Bearer ${coordinator.submitToken}`;
    expect(await statusFor({ host: "evil.example", authorization })).toBe(421);
    expect(await statusFor({ origin: "http://evil.example", authorization }, "POST")).toBe(403);
    expect(await statusFor({ authorization })).toBe(200);
  });

  it("tells dashboards and workers how to join", async () => {
    const { links } = (await (await submit("GET", httpPaths.joinLinks)).json()) as {
      links: string[];
    };
    expect(links).toEqual(coordinator.urls().join);
    expect(links[0]).toBe(`http://127.0.0.1:${coordinator.port}/join#t=${coordinator.joinToken}`);
    // A joined page asks for the certificate's; it could make the links from its own address.
    const joined = await (await worker("GET", httpPaths.joinLinks)).json();
    expect(joined).toEqual({ links, certificatePage: null });
    await expectProblem(await httpOf(coordinator, "x")("GET", httpPaths.joinLinks), 401, /token/);
  });
});
