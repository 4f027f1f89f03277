// Prepares a panel for the GPU: standardised in double precision, rounded once, zeros and masks for gaps.
// Hot loops over typed arrays: an index in range is the loops' own condition, hence `as number`.
import { prepareSeries } from "../../../shared/kernels/correlation/pearson-core.ts";
import { type SeriesExtent, maskWords, paddedDates } from "./tile-layout.ts";

/** What finishing a pair needs to know of each of its series; all of it in double precision. */
export interface SeriesFacts extends SeriesExtent {
  /** The original values, NaN or ±inf where missing: doubtful pairs are recomputed from them. */
  readonly values: Float64Array;
  readonly count: number;
  readonly constant: boolean;
  readonly pairwise: boolean;
  readonly overflow: boolean;
  /** Sum and sum of squares of the standardised and rounded values. */
  readonly sum: number;
  readonly squares: number;
}

export interface PackedPanel {
  readonly series: readonly SeriesFacts[];
  /** Lines of padded dates, zero where missing. */
  readonly values: Float32Array<ArrayBuffer>;
  /** Lines of one bit a date, lowest first. */
  readonly masks: Uint32Array<ArrayBuffer>;
}

/** `values` is series × dates. */
export function packPanel(values: Float64Array, series: number, dates: number): PackedPanel {
  const stride = paddedDates(dates);
  const words = maskWords(dates);
  const packed = new Float32Array(series * stride);
  const masks = new Uint32Array(series * words);
  const facts = Array.from({ length: series }, (_, i) =>
    packSeries(
      values.subarray(i * dates, (i + 1) * dates),
      packed.subarray(i * stride, (i + 1) * stride),
      masks.subarray(i * words, (i + 1) * words),
    ),
  );
  return { series: facts, values: packed, masks };
}

function packSeries(values: Float64Array, z: Float32Array, mask: Uint32Array): SeriesFacts {
  const { count, mean, scale, complete, constant, pairwise, overflow } = prepareSeries(values);
  let sum = 0;
  let squares = 0;
  let firstDate = values.length;
  let endDate = 0;
  for (let t = 0; t < values.length; t += 1) {
    const value = values[t] as number;
    if (!Number.isFinite(value)) continue;
    if (endDate === 0) firstDate = t;
    endDate = t + 1;
    mask[t >>> 5] = (mask[t >>> 5] as number) | (1 << (t & 31));
    const rounded = Math.fround((value - mean) * scale);
    z[t] = rounded;
    sum += rounded;
    squares += rounded * rounded;
  }
  return {
    values,
    count,
    complete,
    constant,
    pairwise,
    overflow,
    sum,
    squares,
    firstDate,
    endDate,
  };
}
