// The kernel's front door, its statistics against plain formulas, and its estimates against known values.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  ARTICLE_OPTION,
  type AsianOptionParams,
  BATCH_PATHS,
  STATISTICS,
  type WalkOption,
} from "../../monte-carlo/asian-option.ts";
import { KernelInputError } from "../kernel.ts";
import { createAsianOption } from "./asian-option.ts";
import { createTurns, scaleLogarithm } from "./normals-core.ts";
import { expandSeed } from "./threefry-core.ts";
import { fillShocks } from "./walk-core.ts";
import type { AsianOptionExports } from "./wasm-engine.ts";

const file = join(import.meta.dirname, "../../../dist/kernels/asian-option.wasm");
const { instance } = await WebAssembly.instantiate(await readFile(file), {});
const kernel = createAsianOption(instance.exports as unknown as AsianOptionExports);

const { discounted: _, ...article } = ARTICLE_OPTION;
const base: AsianOptionParams = {
  option: article,
  control: "none",
  seed: 1,
  firstBatch: 0,
  paths: 3 * BATCH_PATHS,
  histogram: { high: 100, bins: 64 },
};
/** Unlike the article's, its walk's logarithm has a drift. */
const short: WalkOption = { ...article, mu: 0.07, points: 30, stepsPerYear: 12, strike: 105 };

type Row = Record<(typeof STATISTICS)[number], number>;

function run(params: AsianOptionParams): { rows: Row[]; counts: number[] } {
  const [statistics, histogram] = kernel.run(params, []);
  const width = STATISTICS.length;
  const values = Array.from(statistics?.data ?? []);
  expect(statistics?.shape).toEqual([values.length / width, width]);
  expect(histogram?.data).toBeInstanceOf(Uint32Array);
  const rows = Array.from({ length: values.length / width }, (_, row) =>
    Object.fromEntries(STATISTICS.map((name, i) => [name, values[row * width + i]])),
  ) as Row[];
  return { rows, counts: Array.from(histogram?.data ?? []) };
}

/** All rows as one: weighted means, and sums of squares with those between the rows. */
function merge(rows: readonly Row[]) {
  const total = (of: (row: Row) => number) => rows.reduce((sum, row) => sum + of(row), 0);
  const samples = total((row) => row.samples);
  const paths = total((row) => row.paths);
  const meanY = total((row) => row.samples * row.meanY) / samples;
  const meanX = total((row) => row.samples * row.meanX) / samples;
  const meanA = total((row) => row.paths * row.meanA) / paths;
  return {
    samples,
    paths,
    meanY,
    meanX,
    meanA,
    m2Y: total((row) => row.m2Y + row.samples * (row.meanY - meanY) ** 2),
    m2X: total((row) => row.m2X + row.samples * (row.meanX - meanX) ** 2),
    cXY: total((row) => row.cXY + row.samples * (row.meanX - meanX) * (row.meanY - meanY)),
    m2A: total((row) => row.m2A + row.paths * (row.meanA - meanA) ** 2),
  };
}

describe("the front door", () => {
  it("passes sound parameters on, as JSON brings them", () => {
    expect(kernel.parseParams(JSON.parse(JSON.stringify(base)))).toEqual(base);
  });

  it.each([
    ["parameters must be an object, not 5.", 5],
    ["parameters must be an object, not [].", []],
    ["option must be an object, not undefined.", { ...base, option: undefined }],
    [
      'control must be "none", "antithetic" or "geometric", not "sobol".',
      { ...base, control: "sobol" },
    ],
    ["seed must be a whole number from 0 to 9007199254740991, not -1.", { ...base, seed: -1 }],
    ["seed must be a whole number from 0 to 9007199254740991, not 0.5.", { ...base, seed: 0.5 }],
    ['seed must be a number, not "1".', { ...base, seed: "1" }],
    [
      "firstBatch must be a whole number from 0 to 2199023255551, not 2199023255552.",
      { ...base, firstBatch: 2 ** 41 },
    ],
    ["paths must be a whole number from 1 to 16777216, not 0.", { ...base, paths: 0 }],
    [
      "paths must be a whole number from 1 to 16777216, not 16777217.",
      { ...base, paths: 2 ** 24 + 1 },
    ],
    [
      "Antithetic paths come in pairs: paths must be an even number, not 7.",
      { ...base, control: "antithetic", paths: 7 },
    ],
    [
      "Paths are counted up to 2^53, but 4097 from batch 2199023255551 on go beyond.",
      { ...base, firstBatch: 2 ** 41 - 1, paths: 4097 },
    ],
    [
      "histogram.high must be above 0, the payoff of a worthless path, not 0.",
      { ...base, histogram: { high: 0, bins: 4 } },
    ],
    ["histogram.high must be a number, not null.", { ...base, histogram: { high: null, bins: 4 } }],
    [
      "histogram.bins must be a whole number from 1 to 1024, not 1025.",
      { ...base, histogram: { high: 1, bins: 1025 } },
    ],
    [
      'option.type must be "call" or "put", not "straddle".',
      { ...base, option: { ...article, type: "straddle" } },
    ],
    [
      'option.sigma must be a number, not "0.2".',
      { ...base, option: { ...article, sigma: "0.2" } },
    ],
    [
      "The yearly volatility is -0.2; give a number from 0 to 10.",
      { ...base, option: { ...article, sigma: -0.2 } },
    ],
    [
      "The number of prices averaged is 100001; give a whole number from 1 to 100000.",
      { ...base, option: { ...article, points: 100_001 } },
    ],
    [
      "The number of steps a year is 0; give a number from 1 to 1000000.",
      { ...base, option: { ...article, stepsPerYear: 0 } },
    ],
    [
      "The first price is 0; give a number from 0.000001 to 1000000000.",
      { ...base, option: { ...article, s0: 0 } },
    ],
  ])("says: %s", (message, params) => {
    expect(() => kernel.parseParams(params as never)).toThrow(new KernelInputError(message));
  });

  it("refuses inputs", () => {
    const input = { block: "b" as never, array: { shape: [1], data: new Float64Array(1) } };
    expect(() => kernel.run(base, [input])).toThrow("The simulation has no inputs, but got 1.");
  });

  it("refuses prices beyond the range of numbers instead of giving none", () => {
    const option = { ...article, sigma: 10, stepsPerYear: 1, points: 2000 };
    expect(() => run({ ...base, option, paths: 8, firstBatch: 4 })).toThrow(
      /^Prices of batch 4 grow beyond the range of numbers; give fewer points/,
    );
  });

  it("predicts what it costs", () => {
    const { operations, outputBytes } = kernel.cost({ ...base, paths: 4097 }, []);
    expect(operations).toBe(4097 * 1459);
    const outputs = kernel.run({ ...base, option: short, paths: 4097 }, []);
    const dataBytes = outputs.reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(outputBytes).toBe(dataBytes + 2 * 128);
    expect(kernel.cost({ ...base, control: "antithetic", paths: 100 }, []).operations).toBe(
      145_900,
    );
    expect(kernel.cost({ ...base, option: { ...article, points: 1 } }, []).operations).toBe(
      base.paths,
    );
  });
});

describe("statistics", () => {
  const turns = createTurns();

  /** The walk as the article writes it, and the exact walk of its logarithm, on the draws of a path. */
  function walk(path: number, sign: 1 | -1, seed = 1) {
    const { s0, mu, sigma, points, stepsPerYear, strike } = short;
    const dt = 1 / stepsPerYear;
    const z = new Float64Array(Math.ceil((points - 1) / 4) * 4);
    fillShocks(z, path, expandSeed(seed), scaleLogarithm(1), turns);
    const prices = [s0];
    const logs = [Math.log(s0)];
    for (let i = 1; i < points; i += 1) {
      const shock = sigma * Math.sqrt(dt) * sign * (z[i - 1] ?? NaN);
      prices.push((prices[i - 1] ?? NaN) * (1 + (mu * dt + shock)));
      logs.push((logs[i - 1] ?? NaN) + (mu - sigma ** 2 / 2) * dt + shock);
    }
    const average = prices.reduce((sum, price) => sum + price, 0) / points;
    const geometric = Math.exp(logs.reduce((sum, log) => sum + log, 0) / points);
    const call = (value: number) => Math.max(value - strike, 0);
    return { average, payoff: call(average), geometric: call(geometric) };
  }

  const meanOf = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const productsOf = (a: readonly number[], b: readonly number[]) => {
    const [meanA, meanB] = [meanOf(a), meanOf(b)];
    return a.reduce((sum, value, i) => sum + (value - meanA) * ((b[i] ?? NaN) - meanB), 0);
  };

  function expectRow(row: Row | undefined, expected: Row) {
    for (const name of STATISTICS) {
      const size = Math.max(1, Math.abs(expected[name]));
      expect(Math.abs((row?.[name] ?? NaN) - expected[name]) / size, name).toBeLessThan(1e-10);
    }
  }

  it.each(["none", "geometric"] as const)("are those of the walks' payoffs (%s)", (control) => {
    const { rows } = run({ ...base, option: short, control, firstBatch: 5, paths: 4100 });
    [BATCH_PATHS, 4].forEach((paths, batch) => {
      const first = (5 + batch) * BATCH_PATHS;
      const walks = Array.from({ length: paths }, (_, i) => walk(first + i, 1));
      const y = walks.map(({ payoff }) => payoff);
      const x = walks.map(({ geometric }) => (control === "geometric" ? geometric : 0));
      const a = walks.map(({ average }) => average);
      expectRow(rows[batch], {
        samples: paths,
        meanY: meanOf(y),
        m2Y: productsOf(y, y),
        meanX: meanOf(x),
        m2X: productsOf(x, x),
        cXY: productsOf(x, y),
        paths,
        meanA: meanOf(a),
        m2A: productsOf(a, a),
      });
    });
  });

  it("take a path and its mirror as one sample of two paths (antithetic)", () => {
    const { rows } = run({
      ...base,
      option: short,
      control: "antithetic",
      firstBatch: 5,
      paths: 4100,
    });
    [BATCH_PATHS / 2, 2].forEach((samples, batch) => {
      const first = ((5 + batch) * BATCH_PATHS) / 2;
      const walks = Array.from({ length: samples }, (_, i) =>
        ([1, -1] as const).map((sign) => walk(first + i, sign)),
      );
      const y = walks.map((pair) => meanOf(pair.map(({ payoff }) => payoff)));
      const a = walks.flat().map(({ average }) => average);
      expectRow(rows[batch], {
        samples,
        meanY: meanOf(y),
        m2Y: productsOf(y, y),
        meanX: 0,
        m2X: 0,
        cXY: 0,
        paths: 2 * samples,
        meanA: meanOf(a),
        m2A: productsOf(a, a),
      });
    });
  });

  it.each(["none", "antithetic"] as const)("count payoffs in their places (%s)", (control) => {
    const histogram = { high: 12, bins: 5 };
    const { counts } = run({ ...base, option: short, control, paths: 5000, histogram });
    const places = Array.from({ length: 5000 }, (_, path) => {
      const mirrored = control === "antithetic" && path % 2 === 1;
      const number = control === "antithetic" ? Math.floor(path / 2) : path;
      const { payoff } = walk(number, mirrored ? -1 : 1);
      if (payoff === 0) return 0;
      return payoff >= 12 ? 6 : 1 + Math.floor(payoff / 2.4);
    });
    const expected = Array.from({ length: 7 }, (_, at) => places.filter((p) => p === at).length);
    expect(expected.every((count) => count > 0)).toBe(true);
    expect(counts).toEqual(expected);
  });

  it("count a payoff of exactly `high` above the bins", () => {
    const option = { ...short, sigma: 0, mu: 0, strike: 75 };
    const at = (high: number) =>
      run({ ...base, option, paths: 10, histogram: { high, bins: 2 } }).counts;
    expect(at(25)).toEqual([0, 0, 0, 10]);
    expect(at(25.000001)).toEqual([0, 0, 10, 0]);
    expect(at(100)).toEqual([0, 10, 0, 0]);
    expect(run({ ...base, option: { ...option, strike: 100 }, paths: 10 }).counts[0]).toBe(10);
  });

  it.each(["none", "antithetic", "geometric"] as const)(
    "do not depend on how batches are put into tasks (%s)",
    (control) => {
      const params = { ...base, option: short, control };
      const whole = run({ ...params, firstBatch: 3, paths: 3 * BATCH_PATHS + 10 });
      const parts = [
        run({ ...params, firstBatch: 3, paths: BATCH_PATHS }),
        run({ ...params, firstBatch: 4, paths: 2 * BATCH_PATHS }),
        run({ ...params, firstBatch: 6, paths: 10 }),
      ];
      expect(parts.flatMap(({ rows }) => rows)).toEqual(whole.rows);
      expect(whole.rows.map(({ paths }) => paths)).toEqual([4096, 4096, 4096, 10]);
      const sums = whole.counts.map((_, at) =>
        parts.reduce((sum, { counts }) => sum + (counts[at] ?? NaN), 0),
      );
      expect(sums).toEqual(whole.counts);
      expect(new Set(whole.rows.map(({ meanA }) => meanA)).size).toBe(4);
    },
  );

  it("are exact where nothing is random", () => {
    const option: WalkOption = { ...short, sigma: 0, points: 3, mu: 1.2, strike: 100 };
    const average = (100 + 110 + 121) / 3;
    for (const control of ["none", "antithetic", "geometric"] as const) {
      const [row] = run({ ...base, option, control, paths: 100 }).rows;
      expect(row?.meanA).toBeCloseTo(average, 12);
      expect(row?.meanY).toBeCloseTo(average - 100, 12);
      expect([row?.m2Y, row?.m2X, row?.m2A, row?.cXY]).toEqual([0, 0, 0, 0]);
    }
    const [single] = run({ ...base, option: { ...short, points: 1, strike: 90 } }).rows;
    expect([single?.meanA, single?.m2A, single?.meanY]).toEqual([100, 0, 10]);
  });

  it("of a put and a call differ by the average's distance from the strike", () => {
    const call = run({ ...base, option: short });
    const put = run({ ...base, option: { ...short, type: "put" } });
    call.rows.forEach((row, i) => {
      const parity = row.meanY - (put.rows[i]?.meanY ?? NaN);
      expect(parity).toBeCloseTo(row.meanA - short.strike, 10);
      expect(put.rows[i]?.m2A).toBe(row.m2A);
    });
  });
});

describe("estimates of the article's option", () => {
  // E[(A - K)+], E[A], sd[A] of the Euler walk by backward induction and in closed form, and the mean of
  // the geometric average's payoff under the exact walk in closed form.
  const known = {
    price: 11.612131,
    mean: 104.1058667956,
    sd: 24.77046449,
    geometric: 10.7236015152,
  };

  it("is within 4 standard errors with the geometric control, which saves 300 times the paths", () => {
    const all = merge(run({ ...base, control: "geometric", paths: 20 * BATCH_PATHS }).rows);
    const slope = all.cXY / all.m2X;
    const estimate = all.meanY - slope * (all.meanX - known.geometric);
    const left = all.m2Y - slope * all.cXY;
    const error = Math.sqrt(left / (all.samples - 2) / all.samples);
    expect(error).toBeLessThan(18.1 / Math.sqrt(250 * all.samples));
    expect(Math.abs(estimate - known.price)).toBeLessThan(4 * error);
    const plainError = Math.sqrt(all.m2X / all.samples / all.samples);
    expect(Math.abs(all.meanX - known.geometric)).toBeLessThan(4 * plainError);
  });

  it.each(["none", "antithetic"] as const)("is within 4 standard errors (%s)", (control) => {
    const all = merge(run({ ...base, control, seed: 2, paths: 20 * BATCH_PATHS }).rows);
    const error = Math.sqrt(all.m2Y / (all.samples - 1) / all.samples);
    expect(error).toBeLessThan(18.1 / Math.sqrt(all.paths));
    expect(Math.abs(all.meanY - known.price)).toBeLessThan(4 * error);
    expect(Math.abs(all.meanA - known.mean)).toBeLessThan((4 * known.sd) / Math.sqrt(all.paths));
    // The average is not quite normal: its kurtosis of about 4 makes the sd's error √(3/4n) of it.
    const sd = Math.sqrt(all.m2A / (all.paths - 1));
    expect(Math.abs(sd / known.sd - 1)).toBeLessThan(4 * Math.sqrt(0.75 / all.paths));
  });
});
