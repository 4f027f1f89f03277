// A whole correlation through the Node client: a real coordinator, and a worker that really computes.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodeNpy, encodeNpy } from "../../shared/codecs/npy.ts";
import { createPrng, nextFloat } from "../../shared/prng.ts";
import { asBlockId, type BlockId } from "../../shared/ids.ts";
import type { Kernel } from "../../shared/kernels/kernel.ts";
import { createPearsonTile } from "../../shared/kernels/correlation/pearson-tile.ts";
import { createTypescriptEngine } from "../../shared/kernels/correlation/typescript-engine.ts";
import { createSeriesMoments } from "../../shared/kernels/series-moments/series-moments.ts";
import { httpPaths, type DatasetRecord } from "../../shared/protocol/http.ts";
import type { CoordinatorMessage } from "../../shared/protocol/messages.ts";
import { CoordinatorFixture } from "../coordinator-fixture.ts";
import { createCorrelationExporter } from "../correlation-exporter.ts";
import { clusterOf } from "../node-cluster.ts";
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
  await writeFile(join(fixture.folder, "complete.csv"), tableText(0));
});
afterEach(() => fixture.remove());

function tableText(missingShare = 0.1): string {
  const prng = createPrng(7);
  const names = Array.from({ length: SERIES }, (_, i) => (i === 3 ? '"A, ""B"""' : `S${i}`));
  const rows = Array.from({ length: DATES }, (_, day) => {
    const date = `2024-01-${String(day + 1).padStart(2, "0")}`;
    const cells = names.map(() =>
      nextFloat(prng) < missingShare ? "" : nextFloat(prng).toFixed(6),
    );
    return [date, ...cells].join(",");
  });
  return `${["date", ...names].join(",")}\n${rows.join("\n")}\n`;
}

/** A worker with the TypeScript kernels; fetches and uploads every block over HTTP. */
async function joinComputingWorker(): Promise<ScriptedSocket> {
  const kernels: Kernel[] = [
    createPearsonTile(createTypescriptEngine(2 ** 24)),
    createSeriesMoments(),
  ];
  const http = httpOf(coordinator, coordinator.joinToken);
  const socket = await new ScriptedSocket(coordinator.port).opened();
  const made = new Map<BlockId, Uint8Array<ArrayBuffer>>();
  const compute = async (lease: Extract<CoordinatorMessage, { type: "lease" }>) => {
    const inputs = [];
    for (const { block } of lease.inputs) {
      const response = await http("GET", httpPaths.block(block));
      inputs.push({ block, array: decodeNpy(new Uint8Array(await response.arrayBuffer())) });
    }
    const kernel = kernels.find(({ id }) => id === lease.kernel);
    if (kernel === undefined) throw new Error(`Nobody here knows ${lease.kernel}.`);
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

async function correlateFile(options: Partial<RunOptions> = {}, file = "prices.csv") {
  const cluster = clusterOf(await connect(addressOf(coordinator.submitToken), tools), tools);
  const open = await openTable(join(fixture.folder, file), {});
  try {
    const signal = options.signal ?? new AbortController().signal;
    const table = await open.read(() => undefined, new AbortController().signal);
    return await runCorrelation(cluster, table, tools, {
      name: open.name,
      pairsPath: join(fixture.folder, "pairs.csv"),
      matrixPath: join(fixture.folder, "matrix.npy"),
      method: "pearson",
      minPeriods: 1,
      precision: "f64",
      isFast: false,
      shrinkage: "none",
      tile: 16,
      progress,
      ...options,
      signal,
    });
  } finally {
    await open.close();
    await cluster.close();
  }
}

/** The values of a table, read from its text. */
function columnsOf(text: string): number[][] {
  const rows = text.trimEnd().split("\n").slice(1);
  return Array.from({ length: SERIES }, (_, i) =>
    rows.map((row) => Number(row.split(",")[i + 1] || "NaN")),
  );
}

/** Ledoit–Wolf straight from its definition, sum by sum. */
function expectedShrinkage() {
  const x = columnsOf(tableText(0)).map((column) => {
    const mean = column.reduce((sum, value) => sum + value, 0) / DATES;
    return column.map((value) => value - mean);
  });
  const product = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, t) => sum + value * (b[t] ?? NaN), 0);
  const sample = x.map((a) => x.map((b) => product(a, b) / DATES));
  const meanVariance = sample.reduce((sum, row, i) => sum + (row[i] ?? NaN), 0) / SERIES;
  let [distance, noise] = [0, 0];
  for (const [i, a] of x.entries()) {
    for (const [j, b] of x.entries()) {
      const covariance = sample[i]?.[j] ?? NaN;
      distance += (covariance - (i === j ? meanVariance : 0)) ** 2;
      const squares = product(
        a.map((value) => value ** 2),
        b.map((value) => value ** 2),
      );
      noise += (squares / DATES - covariance ** 2) / DATES;
    }
  }
  const intensity = Math.min(noise, distance) / distance;
  const covariance = sample.map((row, i) =>
    row.map((value, j) => (1 - intensity) * value + (i === j ? intensity * meanVariance : 0)),
  );
  return { intensity, meanVariance, covariance };
}

/** Textbook Pearson over common dates, from the text itself: an independent expectation. */
function expectedPairs(): { r: number; n: number }[] {
  const columns = columnsOf(tableText());
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
    expect((await readdir(fixture.folder)).toSorted()).toEqual([
      "complete.csv",
      "data",
      "prices.csv",
      "web",
    ]);
  });

  test("in half precision it says what that costs, before it sends a quarter of the bytes", async () => {
    await joinComputingWorker();
    const full = await correlateFile({ precision: "f32" });
    const said: string[] = [];
    const half = await correlateFile({
      precision: "f16",
      progress: {
        ...progress,
        say: (line) => said.push(line),
        show: (label) => said.push(label),
      },
    });
    expect(said[0]).toMatch(
      /^f16 changes correlations by up to 0\.\d+, typically by [\d.e-]+, as measured on 780 pairs\.$/,
    );
    expect(said).toContain("Sending");
    expect(half).toMatchObject({ precision: "f16", halfError: { pairs: 780, lost: 0 } });
    expect(full).toMatchObject({ precision: "f32", halfError: null, shrinkage: null });
    const text = await readFile(join(fixture.folder, "pairs.csv"), "utf8");
    const largest = expectedPairs().reduce((most, { r }, i) => {
      const value = Number(text.split("\n")[i + 1]?.split(",").at(-2));
      return Math.max(most, Math.abs(value - r));
    }, 0);
    // What was promised, and what single precision may add.
    expect(largest).toBeLessThan((half.halfError?.largest ?? NaN) + 1e-6);
    expect(largest).toBeGreaterThan(1e-5);
    const http = httpOf(coordinator, coordinator.submitToken);
    const datasets = (await (await http("GET", httpPaths.datasets)).json()) as DatasetRecord[];
    const bytes = Object.fromEntries(
      datasets.map(({ transport, panels }) => [transport, panels[0]?.sizeBytes]),
    );
    expect(bytes).toEqual({ f64: 128 + SERIES * DATES * 8, f16: 128 + SERIES * DATES * 2 });
  });

  test("shrinks the matrix, and writes the covariance that goes with it", async () => {
    await joinComputingWorker();
    const covariancePath = join(fixture.folder, "covariance.npy");
    const summary = await correlateFile(
      { shrinkage: "ledoit-wolf", covariancePath },
      "complete.csv",
    );
    const expected = expectedShrinkage();
    expect(expected.intensity).toBeLessThan(1);
    expect(summary.shrinkage?.intensity).toBeCloseTo(expected.intensity, 12);
    expect(summary.shrinkage?.meanVariance).toBeCloseTo(expected.meanVariance, 12);
    const covariance = decodeNpy(await readFile(covariancePath));
    expect(covariance.shape).toEqual([SERIES, SERIES]);
    const matrix = decodeNpy(await readFile(join(fixture.folder, "matrix.npy")));
    const at = (i: number, j: number) => expected.covariance[i]?.[j] ?? NaN;
    for (let i = 0; i < SERIES; i += 1) {
      for (let j = 0; j < SERIES; j += 1) {
        expect(covariance.data[i * SERIES + j]).toBeCloseTo(at(i, j), 12);
        const r = at(i, j) / Math.sqrt(at(i, i) * at(j, j));
        expect(matrix.data[i * SERIES + j]).toBeCloseTo(r, 12);
      }
    }
    const [, first = ""] = (await readFile(join(fixture.folder, "pairs.csv"), "utf8")).split("\n");
    expect(Number(first.split(",").at(-2))).toBe(matrix.data[1]);

    const http = httpOf(coordinator, coordinator.submitToken);
    const jobs = (await (await http("GET", httpPaths.jobs)).json()) as { job: string }[];
    const download = await http("GET", `/api/jobs/${jobs[0]?.job}/result?format=covariance.npy`);
    const bytes = Buffer.from(await download.arrayBuffer());
    expect(bytes.equals(await readFile(covariancePath))).toBe(true);
  });

  test("does not shrink over gaps", async () => {
    await expect(correlateFile({ shrinkage: "ledoit-wolf" })).rejects.toMatchObject({
      exitStatus: 2,
      message: expect.stringMatching(/needs a table without gaps/) as string,
    });
  });

  test("a covariance of a job without shrinkage is refused in words", async () => {
    await joinComputingWorker();
    await correlateFile();
    const http = httpOf(coordinator, coordinator.submitToken);
    const jobs = (await (await http("GET", httpPaths.jobs)).json()) as { job: string }[];
    const answer = await http("GET", `/api/jobs/${jobs[0]?.job}/result?format=covariance.npy`);
    expect(answer.status).toBe(406);
    expect(await answer.text()).toMatch(/correlations only/);
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
