// Tests of a correlation job with shrinkage: the sample first, then the shrunk matrix and its pairs.
import { describe, expect, test } from "vitest";
import { encodeNpy, decodeNpy, type NdArray } from "../../../shared/codecs/npy.ts";
import { createTileShrinker, ledoitWolf } from "../../../shared/correlation/ledoit-wolf.ts";
import { planCorrelation, type CorrelationOptions } from "../../../shared/correlation/plan.ts";
import { asBlockId, asDatasetId, type BlockId, type TaskKey } from "../../../shared/ids.ts";
import { createKernelRegistry } from "../../../shared/kernels/registry.ts";
import { runKernel } from "../../../shared/kernels/run-task.ts";
import { createPrng, nextFloat } from "../../../shared/prng.ts";
import type { DatasetRecord } from "../../../shared/protocol/http.ts";
import { openCorrelationReader } from "./correlation-reader.ts";
import { plannedTasks } from "../../../shared/testing/planned-tasks.ts";
import { jobView } from "../../../shared/testing/views.ts";
import type { JobSource } from "./job-reader.ts";

const SERIES = 20;
const DATES = 12;
const PANEL_SERIES = 10;

const tools = {
  // A stand-in for BLAKE3: these tests only need different keys for different tasks.
  hash: (bytes: Uint8Array): string => {
    let hash = 7n;
    for (const byte of bytes) hash = (hash * 1_000_003n + BigInt(byte)) % (1n << 250n);
    return hash.toString(16).padStart(64, "0");
  },
  encode: (text: string): Uint8Array => new TextEncoder().encode(text),
};

const prng = createPrng(11);
const panels = new Map<BlockId, Uint8Array>();
for (const digit of ["1", "2"]) {
  // A common part, so that there is something to shrink.
  const common = Array.from({ length: DATES }, () => nextFloat(prng));
  const data = Float64Array.from(
    { length: PANEL_SERIES * DATES },
    (_, at) => (common[at % DATES] ?? 0) + 2 * nextFloat(prng),
  );
  panels.set(asBlockId(digit.repeat(64)), encodeNpy({ shape: [PANEL_SERIES, DATES], data }));
}

const record: DatasetRecord = {
  dataset: asDatasetId("d_1"),
  createdAtMs: 0,
  name: "returns.csv",
  series: Array.from({ length: SERIES }, (_, at) => `S${at}`),
  dates: Array.from({ length: DATES }, (_, at) => `2024-01-${String(at + 1).padStart(2, "0")}`),
  missingShare: 0,
  dropped: [],
  panelSeries: PANEL_SERIES,
  panels: [...panels].map(([block, bytes]) => ({ block, sizeBytes: bytes.byteLength })),
};

const options: CorrelationOptions = {
  method: "pearson",
  minPeriods: 1,
  precision: "f64",
  isFast: false,
  shrinkage: "ledoit-wolf",
  tile: 8,
};

/** Computes every task of the job with the real kernels. */
function computeAll(): {
  readonly plan: ReturnType<typeof planCorrelation>;
  readonly outputs: ReadonlyMap<TaskKey, readonly NdArray[]>;
} {
  const plan = planCorrelation(record, options, { ...tools, threads: 0 });
  const registry = createKernelRegistry({});
  const outputs = new Map<TaskKey, readonly NdArray[]>();
  for (const task of plannedTasks(plan.calls, tools)) {
    const inputs = task.inputs.map((input) => {
      if (!("block" in input)) throw new Error("these tasks read panels");
      return { block: input.block, bytes: panels.get(input.block) ?? new Uint8Array() };
    });
    const outcome = runKernel(registry, task.kernel, task.params, inputs);
    if (!outcome.ok) throw new Error(outcome.reason);
    outputs.set(task.key, outcome.outputs.map(decodeNpy));
  }
  return { plan, outputs };
}

async function openBench() {
  const { plan, outputs } = computeAll();
  const job = jobView({
    meta: plan.job.meta,
    state: "done",
    finishedAtMs: 1,
    tasksDone: 1,
    targetsDone: 1,
  });
  let onChange = (): void => undefined;
  const changed = new Promise<void>((resolve) => (onChange = resolve));
  const reader = await openCorrelationReader(job, {
    client: { dataset: () => Promise.resolve(record) } as unknown as JobSource,
    hashTools: () => Promise.resolve(tools),
    after: (_, call) => {
      queueMicrotask(call);
      return () => undefined;
    },
    onChange: () => onChange(),
  });
  return { plan, outputs, reader, changed, show: () => reader.show(job) };
}

describe("a correlation job with shrinkage", () => {
  test("shows the sample, and the shrunk correlations once everything is there", async () => {
    const { plan, outputs, reader, changed, show } = await openBench();
    const moments = [...outputs.keys()].filter((key) => plan.targets.get(key)?.kind === "moments");
    expect(moments).toHaveLength(2);
    for (const [key, arrays] of outputs) if (!moments.includes(key)) reader.take(key, arrays);
    const sample = show();
    expect(sample).toMatchObject({ pairsKnown: 190, shrinkage: { state: "waiting" } });
    const strongest = sample.positive[0];
    if (strongest === undefined) throw new Error("no pair is above zero");

    for (const key of moments) reader.take(key, outputs.get(key) ?? []);
    await changed;
    const shrunk = show();
    if (shrunk.shrinkage?.state !== "done") throw new Error("the matrix was not shrunk");
    const { intensity } = shrunk.shrinkage.shrinkage;
    expect(intensity).toBeGreaterThan(0);
    expect(intensity).toBeLessThan(1);
    // Every pair is drawn towards zero, in the matrix and in the list.
    const { matrix } = shrunk.result;
    const { i, j, correlation } = strongest;
    expect(matrix.value(i, j)).toBeLessThan(correlation);
    expect(shrunk.positive[0]?.correlation).toBeLessThan(correlation);
    expect(matrix.value(3, 3)).toBe(1);
    // The list is made anew: each pair once, in its new order.
    const values = shrunk.positive.map((pair) => pair.correlation);
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    expect(new Set(shrunk.positive.map((pair) => `${pair.i},${pair.j}`)).size).toBe(values.length);
    expect(shrunk.pairsKnown).toBe(190);
  });

  test("the values are those of the files", async () => {
    const { plan, outputs, reader, changed, show } = await openBench();
    for (const [key, arrays] of outputs) reader.take(key, arrays);
    await changed;
    const tiles = new Map<string, NdArray>();
    const moments: (readonly NdArray[])[] = [];
    for (const [key, arrays] of outputs) {
      const place = plan.targets.get(key);
      if (place?.kind === "moments") for (const panel of place.panels) moments[panel] = arrays;
      const [values] = arrays;
      if (place?.kind !== "tiles" || values === undefined) continue;
      for (const tile of place.tiles) tiles.set(JSON.stringify(tile), values);
    }
    const shrinkage = await ledoitWolf(plan.meta, moments, (tile) =>
      Promise.resolve(tiles.get(JSON.stringify(tile))?.data ?? new Float64Array()),
    );
    const shrinker = createTileShrinker(shrinkage);
    for (const [name, values] of tiles) {
      const tile = JSON.parse(name) as Parameters<typeof shrinker.correlations>[0];
      const expected = shrinker.correlations(tile, values.data);
      const { matrix } = show().result;
      expect(matrix.valuesOf(tile)).toEqual(expected);
    }
  });

  test("moments that do not fit are told, and the sample stays", async () => {
    const { plan, outputs, reader, changed, show } = await openBench();
    for (const [key, arrays] of outputs) {
      const isMoments = plan.targets.get(key)?.kind === "moments";
      reader.take(key, isMoments ? [arrays[1] as NdArray, arrays[0] as NdArray] : arrays);
    }
    const before = show().positive;
    await changed;
    expect(show()).toMatchObject({
      shrinkage: { state: "failed", reason: expect.stringContaining("do not fit") },
      positive: before,
    });
  });
});
