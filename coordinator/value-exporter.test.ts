// Downloads of values: every format that fits them, and a clear refusal where none does.
import { tableFromIPC } from "apache-arrow";
import { describe, expect, it } from "vitest";
import { decodeNpy } from "../shared/codecs/npy.ts";
import { asBlockId, asJobId, asTaskKey, type BlockId } from "../shared/ids.ts";
import { ARTICLE_OPTION } from "../shared/monte-carlo/asian-option.ts";
import { outputsOf, usualSamples } from "../shared/monte-carlo/made-samples.ts";
import { planMonteCarlo } from "../shared/monte-carlo/plan.ts";
import type { ResultFormat } from "../shared/protocol/http.ts";
import { encodeNpy } from "../shared/codecs/npy.ts";
import { encodeValue } from "../shared/values/encode-value.ts";
import { ArrowBytes, ErrorValue } from "../shared/values/value-format.ts";
import { encodeArrow } from "./arrow-stream.ts";
import { createMonteCarloExporter } from "./monte-carlo-exporter.ts";
import { createNodeTools } from "./node-client.ts";
import { ResultExportError, type ExportableJob, type ResultExporter } from "./result-exporters.ts";
import { exportValues } from "./value-exporter.ts";

const tools = await createNodeTools();
const encodeText = (text: string): Uint8Array => tools.encode(text);

/** A finished job, each of whose targets has these blocks as its outputs. */
function finishedJob(
  outputs: readonly (readonly Uint8Array[])[],
  head: Partial<ExportableJob> = {},
) {
  const blocks = new Map<BlockId, Uint8Array>();
  const results = outputs.map((ofTarget, at) => ({
    task: asTaskKey(at.toString(16).padStart(64, "0")),
    outputs: ofTarget.map((bytes) => {
      const block = asBlockId(tools.hash(bytes));
      blocks.set(block, bytes);
      return { block, sizeBytes: bytes.length };
    }),
  }));
  const titled = { job: asJobId("j_1"), kind: "functions", title: "Squares & roots", meta: {} };
  const job: ExportableJob = { ...titled, results, dataset: () => undefined, ...head };
  return { job, readBlock: async (block: BlockId) => blocks.get(block) ?? new Uint8Array() };
}

async function collect(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of chunks) parts.push(part);
  return Buffer.concat(parts);
}

async function fileOf(
  finished: ReturnType<typeof finishedJob>,
  format: ResultFormat,
  exporter: ResultExporter = exportValues,
) {
  const { filename, chunks } = await exporter(finished.job, format, finished.readBlock);
  return { filename, bytes: await collect(chunks) };
}

const values = (...all: unknown[]): ReturnType<typeof finishedJob> =>
  finishedJob(all.map((value) => [encodeValue(value, { encodeText })]));
const textOf = async (
  finished: ReturnType<typeof finishedJob>,
  format: ResultFormat,
): Promise<string> => (await fileOf(finished, format)).bytes.toString();

const refusal = (finished: ReturnType<typeof finishedJob>, format: ResultFormat) =>
  fileOf(finished, format).then(
    () => Promise.reject(new Error("Nothing was refused.")),
    (error: unknown) => {
      if (error instanceof ResultExportError) return [error.status, error.message];
      throw error;
    },
  );

const people = [
  { name: "Ada, Countess", born: 1815, isKnown: true },
  { name: "Grace", born: null },
];

describe("json", () => {
  it("has every value by the key of its target", async () => {
    const nested = { list: [1, Number.NaN, undefined], big: 2n ** 70n, at: new Date(0) };
    const array = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
    const thrown = new ErrorValue({ name: "RangeError", message: "too large", stack: "" });
    const text = await textOf(values(5, nested, array, thrown, Int16Array.of(1, -1)), "json");
    const { results, title } = JSON.parse(text) as { results: object; title: string };
    expect(title).toBe("Squares & roots");
    expect(Object.values(results)).toEqual([
      5,
      { list: [1, null, null], big: String(2n ** 70n), at: "1970-01-01T00:00:00.000Z" },
      { shape: [2, 2], data: [1, 2, 3, 4] },
      { error: { name: "RangeError", message: "too large", stack: "" } },
      [1, -1],
    ]);
    expect(Object.keys(results)[1]).toBe("1".padStart(64, "0"));
  });

  it("has the outputs of a kernel with several as a list", async () => {
    const pair = [Float64Array.of(1), Float64Array.of(2, 3)].map((data) =>
      encodeNpy({ shape: [data.length], data }),
    );
    const { results } = JSON.parse(await textOf(finishedJob([pair]), "json")) as {
      results: object;
    };
    expect(Object.values(results)).toEqual([[[1], [2, 3]]]);
  });
});

describe("npy", () => {
  it("is the block of the one array itself", async () => {
    const array = { shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, 5, 6) };
    const { bytes, filename } = await fileOf(values(array), "npy");
    expect(decodeNpy(bytes)).toEqual(array);
    expect(filename).toBe("Squares-roots.npy");
  });

  it.each([
    ["several", values(Float64Array.of(1), Float64Array.of(2)), /2 results/],
    ["a text", values("abc"), /1 result, which is none/],
  ])("is refused for %s", async (_, finished, message) => {
    expect(await refusal(finished, "npy")).toEqual([406, expect.stringMatching(message)]);
  });
});

describe("csv", () => {
  it.each([
    [
      "a list of records",
      values(people),
      'name,born,isKnown\n"Ada, Countess",1815,true\nGrace,,\n',
    ],
    [
      "records, one a target",
      values(...people),
      'name,born,isKnown\n"Ada, Countess",1815,true\nGrace,,\n',
    ],
    ["single values", values(1.5, "a", null), "value\n1.5\na\n\n"],
    ["a typed array", values(Float64Array.of(0.1, Number.NaN)), "value\n0.1\n\n"],
    ["columns", values({ x: Float64Array.of(1, 2), y: ["a", "b"] }), "x,y\n1,a\n2,b\n"],
    ["batches", values([{ ok: 1 }, { ok: 4 }], [{ ok: 9 }]), "value\n1\n4\n9\n"],
    ["batches of records", values([{ ok: { n: 1 } }], [{ ok: { n: 2 } }]), "n\n1\n2\n"],
  ])("is there for %s", async (_, finished, expected) => {
    expect(await textOf(finished, "csv")).toBe(expected);
  });

  it.each([
    ["nested values", values([{ a: { b: 1 } }]), /"a" of item 0 is no single value/],
    ["records among numbers", values([1, { a: 1 }]), /Item 0 of the result is no flat object/],
    ["columns of two lengths", values({ x: [1], y: [1, 2] }), /no single value/],
    [
      "a batch with a failed item",
      values([{ ok: 1 }, { error: { name: "Error", message: "bad luck", stack: "" } }]),
      /Item 1 of the result failed: bad luck/,
    ],
  ])("is refused for %s", async (_, finished, message) => {
    expect(await refusal(finished, "csv")).toEqual([422, expect.stringMatching(message)]);
  });
});

describe("arrow", () => {
  it("is a stream that other readers open, with types by column", async () => {
    const rows = [
      { n: 1, s: "a", big: 5n, at: new Date(1_000), yes: true },
      { n: null, s: "b", big: 6n, at: new Date(2_000), yes: false },
    ];
    const { bytes } = await fileOf(values(rows), "arrow");
    const table = tableFromIPC(bytes);
    expect(table.schema.fields.map((field) => [field.name, String(field.type)])).toEqual([
      ["n", "Float64"],
      ["s", "Utf8"],
      ["big", "Int64"],
      ["at", "Timestamp<MILLISECOND>"],
      ["yes", "Bool"],
    ]);
    expect(table.toArray().map((row) => [row?.n, row?.s, row?.big, row?.at, row?.yes])).toEqual([
      [1, "a", 5n, 1_000, true],
      [null, "b", 6n, 2_000, false],
    ]);
  });

  it("passes a table of the user's through, and reads it for other formats", async () => {
    const chunks = encodeArrow(["x", "name"], [[Int32Array.of(1, 2), ["a", "b"]]]);
    const bytes = new Uint8Array(await collect(chunks));
    const finished = values(new ArrowBytes(bytes));
    expect(new Uint8Array((await fileOf(finished, "arrow")).bytes)).toEqual(bytes);
    expect(await textOf(finished, "csv")).toBe("x,name\n1,a\n2,b\n");
  });

  it("is refused where a column has no type", async () => {
    const finished = values([{ a: 1 }, { a: "x" }]);
    expect(await refusal(finished, "arrow")).toEqual([
      422,
      'Column "a" mixes number and string. Take csv or json.',
    ]);
  });

  it("sends the names of a dictionary once for all batches", async () => {
    const names = ["first", "second"];
    const batch = (...codes: number[]) => [{ names, codes: Int32Array.from(codes) }];
    const bytes = await collect(encodeArrow(["name"], [batch(0, 1), batch(1, 1), batch(0)]));
    const column = tableFromIPC(bytes).getChild("name");
    expect(column?.toArray()).toEqual(["first", "second", "second", "second", "first"]);
    expect(bytes.toString("latin1").split("firstsecond")).toHaveLength(2);
  });
});

it("files of correlations are refused for other jobs", async () => {
  expect(await refusal(values(1), "pairs.csv")).toEqual([
    406,
    expect.stringMatching(/Only correlations/),
  ]);
});

describe("simulations", () => {
  const exporter = createMonteCarloExporter(tools);
  const scenarios = [ARTICLE_OPTION, { ...ARTICLE_OPTION, strike: 101 }];
  const plan = planMonteCarlo(
    { scenarios, paths: 8_192, control: "none", seed: 7, targetStandardError: null },
    { ...tools, threads: 1 },
  );
  const { kind, title, meta } = plan.job;
  const planned = finishedJob(
    [...plan.chunks.values()].map(([chunk]) => {
      if (chunk === undefined) throw new Error("A task has no chunk.");
      return outputsOf(chunk, "none", usualSamples.none).map(encodeNpy);
    }),
    { kind, title, meta },
  );
  const keys = [...plan.chunks.keys()];
  const results = planned.job.results.map((result, at) => ({
    ...result,
    task: keys[at] ?? result.task,
  }));
  const finished = { ...planned, job: { ...planned.job, results } };

  it("are a table of scenarios in csv and arrow, and everything in json", async () => {
    const csv = (await fileOf(finished, "csv", exporter)).bytes.toString().trimEnd().split("\n");
    expect(csv).toHaveLength(3);
    expect(csv[0]).toMatch(/^scenario,control,seed,s0,mu,sigma,strike,.*,estimate,standard_error,/);
    const { bytes, filename } = await fileOf(finished, "arrow", exporter);
    const table = tableFromIPC(bytes);
    expect(filename).toMatch(/^Price-2-Asian-options.*\.arrow$/);
    expect([...(table.getChild("strike") ?? [])]).toEqual([100, 101]);
    const json = JSON.parse((await fileOf(finished, "json", exporter)).bytes.toString()) as {
      scenarios: { estimate: number; paths: number; histogram: object }[];
    };
    expect(json.scenarios.map(({ estimate }) => estimate)).toEqual([
      ...(table.getChild("estimate") ?? []),
    ]);
    expect(json.scenarios[1]).toMatchObject({ paths: 8_192 });
  });

  it("are no arrays, and nothing without results", async () => {
    await expect(fileOf(finished, "npy", exporter)).rejects.toThrow(/csv, json or arrow/);
    const none = { ...finished, job: { ...finished.job, results: [] } };
    await expect(fileOf(none, "csv", exporter)).rejects.toThrow(/no complete result/);
  });
});
