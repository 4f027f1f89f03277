// The kernel "series-moments@1": what Ledoit–Wolf shrinkage needs of a panel besides correlations.
import type { JsonValue, TaskCost } from "../../graph/task.ts";
import { type Kernel, KernelInputError, type Shape } from "../kernel.ts";
import { findNonFinite, momentsOf } from "./moments-core.ts";

const SERIES_MOMENTS_ID = "series-moments@1";

/** NPY headers are padded to 64 bytes and need two such lines. */
const NPY_HEADER_BYTES = 128;
/** A distance, its square and three sums. */
const OPERATIONS_PER_VALUE = 5;

/** It has no parameters: everything is in the panel. */
type SeriesMomentsParams = Readonly<Record<string, never>>;

/**
 * Input: one panel (series × dates, float64, without missing values). Outputs, both float64: means
 * and population variances of the series (2 × series), and for each date the sum over the series of
 * (x - mean)² (dates). Sums run in the order of dates and of series, so that bits are the same anywhere.
 */
export function createSeriesMoments(): Kernel<SeriesMomentsParams> {
  return {
    id: SERIES_MOMENTS_ID,
    formula: "x̄ and Σₜ(x-x̄)²/T of each series; Σᵢ(xᵢ-x̄ᵢ)² of each date",
    determinism: "exact",
    parseParams: parseSeriesMomentsParams,
    cost: seriesMomentsCost,
    run(_params, inputs) {
      const [input] = inputs;
      if (input === undefined || inputs.length !== 1) {
        throw new KernelInputError(`Moments are taken of one panel, not of ${inputs.length}.`);
      }
      const { shape, data } = input.array;
      const [series = 0, dates = 0] = shape;
      if (!(data instanceof Float64Array) || shape.length !== 2 || series < 1 || dates < 1) {
        throw new KernelInputError(
          `A panel must be a float64 array of series × dates, not ${data.constructor.name} of shape (${shape.join(", ")}).`,
        );
      }
      const missing = findNonFinite(data);
      if (missing >= 0) {
        throw new KernelInputError(
          `Series ${Math.floor(missing / dates)} of this panel has no value at date ${missing % dates}. ` +
            "Shrinkage needs a table without gaps: keep only the dates that all series have.",
        );
      }
      const { means, variances, dateSquares } = momentsOf(data, series, dates);
      const moments = new Float64Array(2 * series);
      moments.set(means);
      moments.set(variances, series);
      return [
        { shape: [2, series], data: moments },
        { shape: [dates], data: dateSquares },
      ];
    },
  };
}

function parseSeriesMomentsParams(params: JsonValue): SeriesMomentsParams {
  if (typeof params === "object" && params !== null && Object.keys(params).length === 0) return {};
  throw new KernelInputError(`Moments have no parameters, but ${JSON.stringify(params)} came.`);
}

function seriesMomentsCost(_params: SeriesMomentsParams, shapes: readonly Shape[]): TaskCost {
  const [series = 0, dates = 0] = shapes[0] ?? [];
  return {
    operations: OPERATIONS_PER_VALUE * series * dates,
    outputBytes: 8 * (2 * series + dates) + 2 * NPY_HEADER_BYTES,
  };
}
