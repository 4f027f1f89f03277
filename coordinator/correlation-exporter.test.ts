// Tests of downloads of correlation jobs: tiles from the store, in all their places.
import { tableFromIPC } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { decodeNpy, encodeNpy, type NdArray } from "../shared/codecs/npy.ts";
import { planCorrelation, type CorrelationOptions } from "../shared/correlation/plan.ts";
import { asBlockId, asDatasetId, asJobId, type BlockId } from "../shared/ids.ts";
import type { DatasetRecord, ResultFormat } from "../shared/protocol/http.ts";
import { createCorrelationExporter } from "./correlation-exporter.ts";
import { createNodeTools } from "./node-client.ts";
import { ResultExportError } from "./result-exporters.ts";

const tools = await createNodeTools();
const panel = { block: asBlockId("7".repeat(64)), sizeBytes: 9 };

/** Sixteen series in two panels that are the same, bit for bit. */
const record: DatasetRecord = {
  dataset: asDatasetId("d_1"),
  createdAtMs: 0,
  name: "prices.csv",
  series: Array.from({ length: 16 }, (_, at) => `S${at}`),
  dates: ["2024-01-01", "2024-01-02"],
  missingShare: 0,
  dropped: [],
  panelSeries: 8,
  panels: [panel, panel],
};

const options: CorrelationOptions = {
  method: "pearson",
  minPeriods: 1,
  precision: "f64",
  isFast: false,
  shrinkage: "none",
  tile: 8,
};

/** A finished job over `record`, with the outputs that `outputsOf` gives each of its targets. */
function finishedJob(
  change: Partial<CorrelationOptions>,
  outputsOf: (kind: "tiles" | "moments", at: number) => readonly NdArray[],
) {
  const plan = planCorrelation(record, { ...options, ...change }, { ...tools, threads: 1 });
  const blocks = new Map<BlockId, Uint8Array>();
  const store = (array: NdArray) => {
    const bytes = encodeNpy(array);
    const block = asBlockId(tools.hash(bytes));
    blocks.set(block, bytes);
    return { block, sizeBytes: bytes.length };
  };
  const results = [...plan.targets].map(([task, { kind }], at) => ({
    task,
    outputs: outputsOf(kind, at).map(store),
  }));
  const { kind, title, meta } = plan.job;
  const job = { job: asJobId("j_1"), kind, title, meta, results, dataset: () => record };
  const readBlock = async (block: BlockId) => blocks.get(block) ?? new Uint8Array();
  return { job, readBlock };
}

/** The file's name and what it holds. */
async function matrixFrom(
  { job, readBlock }: ReturnType<typeof finishedJob>,
  format: ResultFormat,
) {
  const { chunks, filename } = await createCorrelationExporter(tools)(job, format, readBlock);
  const parts: Uint8Array[] = [];
  for await (const part of chunks) parts.push(part);
  return { filename, data: [...decodeNpy(new Uint8Array(Buffer.concat(parts))).data] };
}

const square = (value: number, diagonal = value): NdArray => ({
  shape: [8, 8],
  data: Float64Array.from({ length: 64 }, (_, at) => (at % 9 === 0 ? diagonal : value)),
});
const counts: NdArray = { shape: [8, 8], data: new Uint16Array(64).fill(2) };

describe("createCorrelationExporter", () => {
  test("a result that belongs to several tiles is written to each", async () => {
    // The diagonal tiles hold 0.1, the one beside them 0.2.
    const finished = finishedJob({}, (_, at) => [square((at + 1) / 10), counts]);
    const { filename, data } = await matrixFrom(finished, "matrix.npy");
    expect(filename).toBe("prices-matrix.npy");
    const expected = Array.from({ length: 256 }, (_, at) =>
      Math.floor(at / 128) === Math.floor((at % 16) / 8) ? 0.1 : 0.2,
    );
    expect(data).toEqual(expected);
  });

  describe("the common formats", () => {
    const finished = finishedJob({}, (_, at) => [
      square(at === 1 ? Number.NaN : (at + 1) / 10),
      counts,
    ]);
    const fileOf = async (format: ResultFormat) => {
      const { job, readBlock } = finished;
      const { chunks, filename } = await createCorrelationExporter(tools)(job, format, readBlock);
      const parts: Uint8Array[] = [];
      for await (const part of chunks) parts.push(part);
      return { filename, bytes: Buffer.concat(parts) };
    };

    test("csv and npy are the pairs and the matrix", async () => {
      for (const [format, same] of [
        ["csv", "pairs.csv"],
        ["npy", "matrix.npy"],
      ] as const) {
        expect((await fileOf(format)).bytes).toEqual((await fileOf(same)).bytes);
      }
      expect((await fileOf("npy")).filename).toBe("prices-matrix.npy");
    });

    test("json and arrow have every pair, in the order of the csv", async () => {
      const csv = (await fileOf("csv")).bytes.toString().trimEnd().split("\n").slice(1);
      const json = JSON.parse((await fileOf("json")).bytes.toString()) as {
        readonly series: readonly string[];
        readonly pairs: readonly (readonly [number, number, number | null, number])[];
      };
      const { series } = json;
      const lines = json.pairs.map(([a, b, r, n]) => `${series[a]},${series[b]},${r ?? ""},${n}`);
      expect(lines).toEqual(csv);
      expect(lines).toHaveLength((16 * 15) / 2);

      const table = tableFromIPC((await fileOf("arrow")).bytes);
      expect(
        table.toArray().map((row) => {
          const r: unknown = row?.correlation;
          return `${row?.series_1},${row?.series_2},${Number.isNaN(r) ? "" : String(r)},${row?.observations}`;
        }),
      ).toEqual(csv);
    });
  });

  describe("of a job with shrinkage", () => {
    /** Of either panel: means of 5, variances of 1, and on both dates squares of 5 together. */
    const moments: readonly NdArray[] = [
      { shape: [2, 8], data: Float64Array.from({ length: 16 }, (_, at) => (at < 8 ? 5 : 1)) },
      { shape: [2], data: Float64Array.of(5, 5) },
    ];
    const finished = finishedJob({ shrinkage: "ledoit-wolf" }, (kind, at) =>
      kind === "moments" ? moments : [square(0.5, at === 0 ? 1 : 0.5), counts],
    );
    // μ = 1 and ‖S‖² = 16 + 240 · ¼ = 76: the distance is 76/16 − 1, the noise (10² − 76) / (16 · 2).
    const root = Math.sqrt(1 - 0.75 / 3.75);
    const kept = root * root;

    test("files are of the shrunk matrix, and the covariance is one of them", async () => {
      const isSelf = (at: number) => at % 17 === 0;
      const places = [...Array(256).keys()];
      const correlation = await matrixFrom(finished, "matrix.npy");
      expect(correlation.data).toEqual(places.map((at) => (isSelf(at) ? 1 : 0.5 * kept)));
      const covariance = await matrixFrom(finished, "covariance.npy");
      expect(covariance.filename).toBe("prices-covariance.npy");
      expect(covariance.data).toEqual(places.map((at) => (isSelf(at) ? 1 : 0.5 * kept)));
    });

    test("without the moments there is no file", async () => {
      const { job, readBlock } = finished;
      const cut = { ...job, results: job.results.slice(0, -1) };
      await expect(matrixFrom({ job: cut, readBlock }, "pairs.csv")).rejects.toThrow(
        /part of this result is missing/,
      );
    });
  });

  test("there is no covariance of a job without shrinkage", async () => {
    const finished = finishedJob({}, () => [square(0.5), counts]);
    await expect(matrixFrom(finished, "covariance.npy")).rejects.toThrow(ResultExportError);
    await expect(matrixFrom(finished, "covariance.npy")).rejects.toThrow(/correlations only/);
  });
});
