// Whole jobs without a cluster, from plan through the kernel to the estimate, against known prices.
// Seeds are fixed, so that 4.5 standard errors are no matter of luck.
import { createBLAKE3 } from "hash-wasm";
import { describe, expect, test } from "vitest";
import { present } from "../assert.ts";
import { createAsianOption } from "../kernels/monte-carlo/asian-option.ts";
import { ARTICLE_OPTION, type AsianOption, type Control } from "./asian-option.ts";
import { plannedTasks } from "../testing/planned-tasks.ts";
import { averageMoments, discountOf } from "./closed-form.ts";
import { MonteCarloResult, type ScenarioResult } from "./estimate.ts";
import { type MonteCarloOptions, planMonteCarlo } from "./plan.ts";
import { normalCdf } from "./portable-math.ts";

const blake3 = await createBLAKE3();
const tools = {
  hash: (bytes: Uint8Array) => blake3.init().update(bytes).digest("hex"),
  encode: (text: string) => new TextEncoder().encode(text),
};
/** In plain TypeScript, which gives the same bits as WebAssembly. */
const kernel = createAsianOption(undefined);

/** As workers and clients do it together. */
function price(option: AsianOption, changes: Partial<MonteCarloOptions> = {}): ScenarioResult {
  const { calls, meta, chunks } = planMonteCarlo(
    {
      scenarios: [option],
      paths: 200_000,
      control: "none",
      seed: 3,
      targetStandardError: null,
      ...changes,
    },
    { ...tools, threads: 2 },
  );
  const result = new MonteCarloResult(meta);
  for (const { key, kernel: id, params } of plannedTasks(calls, tools)) {
    expect(id).toBe(kernel.id);
    const outputs = kernel.run(kernel.parseParams(params), []);
    for (const chunk of present(chunks.get(key), "places of a task")) result.add(chunk, outputs);
  }
  expect(result.isComplete).toBe(true);
  return present(result.scenario(0), "result");
}

/** The average of two points is normal: E[max(A - K, 0)] = (m - K) Φ(d) + s φ(d), d = (m - K) / s. */
function exactPrice(option: AsianOption): number {
  const { mean, sd } = averageMoments(option);
  const gain = option.type === "call" ? mean - option.strike : option.strike - mean;
  const d = gain / sd;
  const density = Math.exp((-d * d) / 2) / Math.sqrt(2 * Math.PI);
  return discountOf(option) * (gain * normalCdf(d) + sd * density);
}

const twoPoints: AsianOption = { ...ARTICLE_OPTION, points: 2, stepsPerYear: 12 };

describe.each<Control>(["none", "antithetic", "geometric"])("control %s", (control) => {
  test.each([
    { sigma: 0.4 },
    { sigma: 0.4, type: "put" as const },
    { sigma: 0.3, mu: 0.9, strike: 104, discounted: true },
    { sigma: 0.2, strike: 97, type: "put" as const },
  ])("prices two points exactly, but for its error: %j", (changes) => {
    const option = { ...twoPoints, ...changes };
    const { mean, sd } = averageMoments(option);
    const result = price(option, { control });
    expect(Math.abs(result.estimate - exactPrice(option))).toBeLessThan(4.5 * result.standardError);
    expect(Math.abs(result.averagePrice - mean)).toBeLessThan((4.5 * sd) / Math.sqrt(200_000));
    expect(result.averagePriceSd / sd).toBeCloseTo(1, 1);
    const { counts, zero, above } = result.histogram;
    expect(counts.reduce((sum, count) => sum + count, zero + above)).toBe(200_000);
    expect(above).toBeLessThan(200);
  });

  test("prices the article's option", () => {
    const result = price(ARTICLE_OPTION, { control, paths: 16_384 });
    expect(Math.abs(result.estimate - 11.612_131)).toBeLessThan(4.5 * result.standardError);
    // Measured elsewhere: a spread of 18.01, and 316 and 1.71 times less variance by the controls.
    const factor = { none: 1, antithetic: 1.71, geometric: 316 }[control];
    const usual = 18.01 / Math.sqrt(16_384 * factor);
    expect(result.standardError / usual).toBeGreaterThan(0.85);
    expect(result.standardError / usual).toBeLessThan(1.15);
  });

  test("without volatility the price is exact", () => {
    const option = { ...ARTICLE_OPTION, sigma: 0, points: 50, strike: 100.05 };
    const { estimate, standardError } = price(option, { control, paths: 10_000 });
    expect(estimate).toBeCloseTo(averageMoments(option).mean - option.strike, 10);
    expect(standardError).toBe(0);
  });
});

test("scenarios share their random numbers: what differs is the option, not the luck", () => {
  const call = price({ ...twoPoints, sigma: 0.4 });
  const put = price({ ...twoPoints, sigma: 0.4, type: "put" });
  // A call less a put pays A - K, path by path.
  expect(call.estimate - put.estimate).toBeCloseTo(call.averagePrice - twoPoints.strike, 9);
});
