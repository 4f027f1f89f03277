// A whole correlation through the Node client: a real coordinator, and a worker that really computes.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodeNpy, encodeNpy } from "../../shared/codecs/npy.ts";
import { createPrng, nextFloat } from "../../shared/prng.ts";
import { asBlockId, type BlockId } from "../../shared/ids.ts";
import { createPearsonTile } from "../../shared/kernels/correlation/pearson-tile.ts";
import { createTypescriptEngine } from "../../shared/kernels/correlation/typescript-engine.ts";
import { httpPaths } from "../../shared/protocol/http.ts";
import type { CoordinatorMessage } from "../../shared/protocol/messages.ts";
import { CoordinatorFixture } from "../coordinator-fixture.ts";
import { createCorrelationExporter } from "../correlation-exporter.ts";
import { createNodeTools, type NodeTools } from "../node-client.ts";
import { freshWorkerId, httpOf, ScriptedSocket, workerHello } from "../scripted-pages.ts";
import type { Coordinator } from "../start-coordinator.ts";
import { connect } from "./connect.ts";
import type { Progress } from "./progress.ts";
import { openTable } from "./read-table.ts";
import { runCorrelation, type RunOptions } from "./run-correlation.ts";

const SERIES = 40;
const DATES = 30;
const progress: Progress = { show: () => undefined, say: () => undefined, stop: () => undefined };
let fixture: CoordinatorFixture;
let coordinator: Coordinator;
let tools: NodeTools;

beforeEach(async () => {
  tools = await createNodeTools();
  fixture = await CoordinatorFixture.create();
  const exporters = new Map([["correlation", createCorrelationExporter(tools)]]);
  coordinator = await fixture.start({ exporters });
  await writeFile(join(fixture.folder, "prices.csv"), tableText());
});
afterEach(() => fixture.remove());

function tableText(): string {
  const prng = createPrng(7);
  const names = Array.from({ length: SERIES }, (_, i) => (i === 3 ? '"A, ""B"""' : `S${i}`));
  const rows = Array.from({ length: DATES }, (_, day) => {
    const date = `2024-01-${String(day + 1).padStart(2, "0")}`;
    const cells = names.map(() => (nextFloat(prng) < 0.1 ? "" : nextFloat(prng).toFixed(6)));
    return [date, ...cells].join(",");
  });
  return `${["date", ...names].join(",")}\n${rows.join("\n")}\n`;
}

/** A worker with the TypeScript kernel; fetches and uploads every block over HTTP. */
async function joinComputingWorker(): Promise<ScriptedSocket> {
  const kernel = createPearsonTile(createTypescriptEngine(2 ** 24));
  const http = httpOf(coordinator, coordinator.joinToken);
  const socket = await new ScriptedSocket(coordinator.port).opened();
  const made = new Map<BlockId, Uint8Array<ArrayBuffer>>();
  const compute = async (lease: Extract<CoordinatorMessage, { type: "lease" }>) => {
    const inputs = [];
    for (const { block } of lease.inputs) {
      const response = await http("GET", httpPaths.block(block));
      inputs.push({ block, array: decodeNpy(new Uint8Array(await response.arrayBuffer())) });
    }
    const outputs = kernel.run(kernel.parseParams(lease.params), inputs).map((array) => {
      const bytes = encodeNpy(array);
      const block = asBlockId(tools.hash(bytes));
      made.set(block, bytes);
      return { block, sizeBytes: bytes.length };
    });
    socket.send({
      type: "attempt-finished",
      attempt: lease.attempt,
      outputs,
      computeMs: 1,
      fetchMs: 1,
      waitMs: 1,
      bytesFetched: 100,
    });
  };
  socket.onMessage = (message) => {
    if (message.type === "lease") void compute(message);
    if (message.type === "store-blocks") {
      for (const block of message.blocks) void http("PUT", httpPaths.block(block), made.get(block));
    }
  };
  socket.send(workerHello(coordinator.joinToken, freshWorkerId()));
  return socket;
}

const addressOf = (token: string) => ({ baseUrl: `http://127.0.0.1:${coordinator.port}`, token });

async function correlateFile(options: Partial<RunOptions> = {}) {
  const client = await connect(addressOf(coordinator.submitToken), tools);
  const open = await openTable(join(fixture.folder, "prices.csv"), {});
  try {
    const signal = options.signal ?? new AbortController().signal;
    const table = await open.read(() => undefined, new AbortController().signal);
    return await runCorrelation(client, table, tools, {
      name: open.name,
      pairsPath: join(fixture.folder, "pairs.csv"),
      matrixPath: join(fixture.folder, "matrix.npy"),
      minPeriods: 1,
      precision: "f64",
      tile: 16,
      progress,
      ...options,
      signal,
    });
  } finally {
    await open.close();
    client.close();
  }
}

/** Textbook Pearson over common dates, from the text itself: an independent expectation. */
function expectedPairs(): { r: number; n: number }[] {
  const rows = tableText().trimEnd().split("\n").slice(1);
  const columns = Array.from({ length: SERIES }, (_, i) =>
    rows.map((row) => Number(row.split(",")[i + 1] || "NaN")),
  );
  return columns.flatMap((x, i) =>
    columns.slice(i + 1).map((y) => {
      const both = x.flatMap((value, t) => {
        const other = y[t] ?? NaN;
        return Number.isNaN(value) || Number.isNaN(other) ? [] : [[value, other] as const];
      });
      const mean = (side: 0 | 1) => both.reduce((sum, pair) => sum + pair[side], 0) / both.length;
      const [mx, my] = [mean(0), mean(1)];
      const moment = (f: (dx: number, dy: number) => number) =>
        both.reduce((sum, [a, b]) => sum + f(a - mx, b - my), 0);
      const r = moment((a, b) => a * b) / Math.sqrt(moment((a) => a * a) * moment((_, b) => b * b));
      return { r, n: both.length };
    }),
  );
}

describe("runCorrelation", () => {
  test("writes every pair and the matrix, and tells what it took", async () => {
    await joinComputingWorker();
    const summary = await correlateFile();
    expect(summary).toMatchObject({ series: 40, dates: 30, pairs: 780, workers: 1, dropped: [] });
    expect(summary.bytesMoved).toBeGreaterThan(SERIES * DATES * 8);

    const text = await readFile(join(fixture.folder, "pairs.csv"), "utf8");
    const lines = text.trimEnd().split("\n").slice(1);
    const expected = expectedPairs();
    expect(lines).toHaveLength(expected.length);
    for (const [i, { r, n }] of expected.entries()) {
      const fields = (lines[i] ?? "").split(",");
      expect(Number(fields.at(-1))).toBe(n);
      expect(Number(fields.at(-2))).toBeCloseTo(r, 12);
    }
    expect(lines[2]).toMatch(/^S0,"A, ""B""",/);
    const matrix = decodeNpy(await readFile(join(fixture.folder, "matrix.npy")));
    expect(matrix.shape).toEqual([SERIES, SERIES]);
    expect(matrix.data[1]).toBeCloseTo(expected[0]?.r ?? NaN, 12);
    expect(matrix.data[SERIES]).toBe(matrix.data[1]);
  });

  test("the coordinator's downloads are the same files", async () => {
    await joinComputingWorker();
    await correlateFile();
    const http = httpOf(coordinator, coordinator.submitToken);
    const jobs = (await (await http("GET", httpPaths.jobs)).json()) as { job: string }[];
    for (const [format, name] of [
      ["pairs.csv", "pairs.csv"],
      ["matrix.npy", "matrix.npy"],
    ]) {
      const path = `/api/jobs/${jobs[0]?.job}/result?format=${format}`;
      const response = await http("GET", path);
      expect(response.status).toBe(200);
      const file = await readFile(join(fixture.folder, name ?? ""));
      expect(Buffer.from(await response.arrayBuffer()).equals(file)).toBe(true);
    }
  });

  test("stopped half way, it cancels its job and leaves no file", async () => {
    const stop = new AbortController();
    const reason = new Error("Stopped.");
    const running = correlateFile({
      signal: stop.signal,
      // Nobody computes: the first sign of the job ends the wait for it.
      progress: { ...progress, show: (label) => label === "Correlating" && stop.abort(reason) },
    });
    await expect(running).rejects.toBe(reason);
    const http = httpOf(coordinator, coordinator.submitToken);
    const jobs = (await (await http("GET", httpPaths.jobs)).json()) as { state: string }[];
    expect(jobs.map(({ state }) => state)).toEqual(["cancelled"]);
    expect((await readdir(fixture.folder)).toSorted()).toEqual(["data", "prices.csv", "web"]);
  });

  test("a tile that cannot be is bad usage", async () => {
    await expect(correlateFile({ tile: 4 })).rejects.toMatchObject({ exitStatus: 2 });
  });
});

describe("connect", () => {
  test("a wrong token is told in words, with status 1", async () => {
    await expect(connect(addressOf("wrong"), tools)).rejects.toMatchObject({
      name: "CommandError",
      exitStatus: 1,
      message: expect.stringMatching(/token/i) as string,
    });
  });
});
