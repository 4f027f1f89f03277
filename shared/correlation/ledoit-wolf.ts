// Ledoit–Wolf shrinkage of a covariance matrix: from tiles of correlations and moments of panels.
import type { NdArray, NdData } from "../codecs/npy.ts";
import { addSquares, scalePairs } from "./ledoit-wolf-core.ts";
import type { Tile } from "./plan.ts";
import { bandsOf } from "./tile-grid.ts";

/** A table that cannot be shrunk: what is wrong with it. */
export class ShrinkageError extends Error {
  override name = "ShrinkageError";
}

/**
 * The shrunk covariance is (1 − intensity) S + intensity · meanVariance · I, where S is the sample's
 * covariance (divided by the number of dates).
 */
export interface Shrinkage {
  /** From 0, the sample as it is, to 1, series that have nothing in common. */
  readonly intensity: number;
  readonly meanVariance: number;
  /** Of the sample, one a series. */
  readonly variances: Float64Array;
}

interface Layout {
  readonly seriesCount: number;
  readonly dateCount: number;
  /** Series along one side of a tile. */
  readonly tile: number;
}

/**
 * The shrinkage that Ledoit and Wolf (2004) derive, as sklearn.covariance.ledoit_wolf computes it.
 * `panels` holds the outputs of "series-moments@1" for every panel, in order. Each tile of the upper
 * triangle is read once, row by row of the matrix, and sums run along the rows: the bits depend
 * neither on the size of tiles nor on who computed them. Throws ShrinkageError.
 */
export async function ledoitWolf(
  layout: Layout,
  panels: readonly (readonly NdArray[])[],
  readTile: (tile: Tile) => Promise<NdData>,
): Promise<Shrinkage> {
  const { seriesCount, dateCount } = layout;
  const { variances, dateSquares } = collectMoments(layout, panels);
  const rowSums = new Float64Array(seriesCount);
  for (const band of bandsOf(seriesCount, layout.tile)) {
    for (const tile of band.right) addSquares(rowSums, tile, await readTile(tile), variances);
  }
  const total = sumOf(variances, (variance) => variance);
  const meanVariance = total / seriesCount;
  /** ‖S‖², of the diagonal and twice the upper triangle. */
  const norm = sumOf(variances, (variance, i) => variance * (variance + 2 * (rowSums[i] ?? NaN)));
  const squares = sumOf(dateSquares, (square) => square * square);
  /** How far S is from a multiple of I, and how much of that is the sample's noise. */
  const distance =
    (norm - 2 * meanVariance * total + seriesCount * meanVariance ** 2) / seriesCount;
  const noise = (squares / dateCount - norm) / (seriesCount * dateCount);
  if (!Number.isFinite(distance) || !Number.isFinite(noise)) {
    throw new ShrinkageError(
      "The values of some series are too large or too small to be squared, so there is no " +
        "covariance to shrink. Scale the table, or leave shrinkage out.",
    );
  }
  // Neither is negative but for rounding, and without any of one there is nothing to shrink.
  const intensity = noise > 0 && distance > 0 ? Math.min(1, noise / distance) : 0;
  return { intensity, meanVariance, variances };
}

/** Variances of all series, and for each date the sum over all series of their squared distances. */
function collectMoments(
  { seriesCount, dateCount }: Layout,
  panels: readonly (readonly NdArray[])[],
): { readonly variances: Float64Array; readonly dateSquares: Float64Array } {
  const variances = new Float64Array(seriesCount);
  const dateSquares = new Float64Array(dateCount);
  let start = 0;
  for (const [moments, squares] of panels) {
    const [rows, series = 0] = moments?.shape ?? [];
    if (rows !== 2 || squares?.data.length !== dateCount || start + series > seriesCount) {
      throw new ShrinkageError("The moments of a panel do not fit the table. Run the job again.");
    }
    // Means first, then variances.
    if (moments !== undefined) variances.set(moments.data.subarray(series), start);
    // Panels one after the other: a date's sum has the same bits whatever came first.
    for (let t = 0; t < dateCount; t += 1) {
      dateSquares[t] = (dateSquares[t] ?? 0) + (squares.data[t] ?? NaN);
    }
    start += series;
  }
  if (start === seriesCount) return { variances, dateSquares };
  throw new ShrinkageError(
    `Moments of ${start} series came, where there are ${seriesCount}. Run the job again.`,
  );
}

function sumOf(values: Float64Array, term: (value: number, index: number) => number): number {
  return values.reduce((sum, value, index) => sum + term(value, index), 0);
}

/** What shrinkage makes of a tile's correlations; the results are fresh arrays. */
export interface TileShrinker {
  /** Of the type of `r`. NaN where a variance is zero even after shrinkage. */
  readonly correlations: (tile: Tile, r: NdData) => Float64Array | Float32Array;
  readonly covariances: (tile: Tile, r: NdData) => Float64Array;
}

export function createTileShrinker(shrinkage: Shrinkage): TileShrinker {
  const { intensity, meanVariance, variances } = shrinkage;
  const kept = variances.map((variance) => (1 - intensity) * variance);
  const shrunk = kept.map((variance) => variance + intensity * meanVariance);
  const deviations = kept.map(Math.sqrt);
  // NaN for 0 / 0: where nothing varies, nothing correlates.
  const shares = kept.map((variance, i) => Math.sqrt(variance / (shrunk[i] ?? NaN)));
  const selves = shares.map((share) => (Number.isNaN(share) ? NaN : 1));
  return {
    correlations: (tile, r) => {
      const out =
        r instanceof Float32Array ? new Float32Array(r.length) : new Float64Array(r.length);
      scalePairs(out, tile, r, shares, selves);
      return out;
    },
    covariances: (tile, r) => {
      const out = new Float64Array(r.length);
      scalePairs(out, tile, r, deviations, shrunk);
      return out;
    },
  };
}
