// Tests of downloads of correlation jobs: tiles from the store, in all their places.
import { describe, expect, test } from "vitest";
import { decodeNpy, encodeNpy } from "../shared/codecs/npy.ts";
import { planCorrelation } from "../shared/correlation/plan.ts";
import { asBlockId, asDatasetId, asJobId, type BlockId } from "../shared/ids.ts";
import type { DatasetRecord } from "../shared/protocol/http.ts";
import { createCorrelationExporter } from "./correlation-exporter.ts";
import { createNodeTools } from "./node-client.ts";

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

describe("createCorrelationExporter", () => {
  test("a result that belongs to several tiles is written to each", async () => {
    const { submission } = planCorrelation(
      record,
      { minPeriods: 1, precision: "f64", tile: 8 },
      { ...tools, threads: 1 },
    );
    const blocks = new Map<BlockId, Uint8Array>();
    const store = (data: Float64Array | Uint16Array) => {
      const bytes = encodeNpy({ shape: [8, 8], data });
      const block = asBlockId(tools.hash(bytes));
      blocks.set(block, bytes);
      return { block, sizeBytes: bytes.length };
    };
    // The diagonal tiles hold 0.1, the one beside them 0.2.
    const results = submission.targets.map((task, at) => ({
      task,
      outputs: [
        store(new Float64Array(64).fill((at + 1) / 10)),
        store(new Uint16Array(64).fill(2)),
      ],
    }));
    const { chunks } = await createCorrelationExporter(tools)(
      {
        job: asJobId("j_1"),
        kind: submission.kind,
        title: submission.title,
        meta: submission.meta,
        results,
        dataset: () => record,
      },
      "matrix.npy",
      async (block) => blocks.get(block) ?? new Uint8Array(),
    );
    const parts: Uint8Array[] = [];
    for await (const part of chunks) parts.push(part);
    const { data } = decodeNpy(new Uint8Array(Buffer.concat(parts)));
    const expected = Array.from({ length: 256 }, (_, at) =>
      Math.floor(at / 128) === Math.floor((at % 16) / 8) ? 0.1 : 0.2,
    );
    expect([...data]).toEqual(expected);
  });
});
