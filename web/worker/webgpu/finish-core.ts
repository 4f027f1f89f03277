// From the GPU's sums to coefficients, in double precision and by the rules of the single-precision kernel.
// Hot loops over typed arrays: an index in range is the loops' own condition, hence `as number`.
import { correlatePairwise } from "../../../shared/kernels/correlation/pearson-reference.ts";
import type { SeriesFacts } from "./pack-panel-core.ts";
import { COUNT_PLANE, HIGH_UNITS, LOW_UNITS, SUM_SLOTS } from "./tile-layout.ts";

// The limits are explained and mirrored in shared/kernels/correlation/pearson-core.ts.
const FEW_DATES = 32;
const CONDITION_LIMIT_F64 = 1000;
const CONDITION_LIMIT_F32 = 5;

/** The planes of a stripe, as the GPU wrote them: each `pairs` numbers, row by row. */
export interface StripeSums {
  readonly planes: Int32Array;
  readonly pairs: number;
  /** The stripe's first row, and the row after its last. */
  readonly top: number;
  readonly end: number;
}

export interface TileSides {
  readonly rows: readonly SeriesFacts[];
  readonly cols: readonly SeriesFacts[];
  /** The columns are the rows: what lies below the diagonal is mirrored. */
  readonly diagonal: boolean;
  readonly minPeriods: number;
}

/** The tile's outputs, rows × columns. */
export interface TileArrays {
  readonly r: Float32Array;
  readonly n: Uint16Array | Uint32Array;
}

/** Stands for "doubtful": no coefficient can be infinite, and a number is returned without a box. */
const DOUBTFUL = Infinity;

/** Fills in the stripe's pairs; gives the places in `out` of those that must be recomputed. */
export function finishStripe(sides: TileSides, stripe: StripeSums, out: TileArrays): number[] {
  const { rows, cols, diagonal, minPeriods } = sides;
  const width = cols.length;
  const doubtful: number[] = [];
  for (let i = stripe.top; i < stripe.end; i += 1) {
    const x = rows[i] as SeriesFacts;
    if (diagonal) {
      const isDefined = x.count >= minPeriods && !x.constant && !x.overflow;
      write(out, width, i, i, isDefined ? 1 : NaN, x.count);
    }
    for (let j = diagonal ? i + 1 : 0; j < width; j += 1) {
      const y = cols[j] as SeriesFacts;
      const pair = (i - stripe.top) * width + j;
      const n = countCommon(x, y, stripe, pair);
      let r = NaN;
      if (n >= minPeriods && n > 0 && !x.constant && !y.constant) {
        const isDoubtful = n < FEW_DATES || x.pairwise || y.pairwise;
        r = isDoubtful ? DOUBTFUL : correlateSums(x, y, n, stripe, pair);
        if (r === DOUBTFUL) doubtful.push(i * width + j);
      }
      write(out, width, i, j, r, n);
      if (diagonal) write(out, width, j, i, r, n);
    }
  }
  return doubtful;
}

/** The exact recurrence on the original values, for the places that `finishStripe` gave. */
export function recomputePairs(sides: TileSides, places: readonly number[], out: TileArrays): void {
  const width = sides.cols.length;
  for (const at of places) {
    const i = Math.floor(at / width);
    const j = at - i * width;
    const x = sides.rows[i] as SeriesFacts;
    const y = sides.cols[j] as SeriesFacts;
    const { r, n } = correlatePairwise(y.values, x.values, sides.minPeriods);
    write(out, width, i, j, r, n);
    if (sides.diagonal) write(out, width, j, i, r, n);
  }
}

function write(out: TileArrays, width: number, i: number, j: number, r: number, n: number): void {
  out.r[i * width + j] = r;
  out.n[i * width + j] = n;
}

function countCommon(x: SeriesFacts, y: SeriesFacts, stripe: StripeSums, pair: number): number {
  if (x.complete) return y.count;
  if (y.complete) return x.count;
  return stripe.planes[COUNT_PLANE * stripe.pairs + pair] as number;
}

/** From the six sums over the common dates; DOUBTFUL when too much of them cancels out. */
function correlateSums(
  x: SeriesFacts,
  y: SeriesFacts,
  n: number,
  stripe: StripeSums,
  pair: number,
): number {
  const sxy = sumAt(stripe, SUM_SLOTS.xy, pair);
  const sx = y.complete ? x.sum : sumAt(stripe, SUM_SLOTS.x, pair);
  const sxx = y.complete ? x.squares : sumAt(stripe, SUM_SLOTS.xx, pair);
  const sy = x.complete ? y.sum : sumAt(stripe, SUM_SLOTS.y, pair);
  const syy = x.complete ? y.squares : sumAt(stripe, SUM_SLOTS.yy, pair);
  const a = sxx - (sx * sx) / n;
  const b = syy - (sy * sy) / n;
  const c = sxy - (sx * sy) / n;
  // Written so that NaN also counts as doubtful.
  if (!(a * CONDITION_LIMIT_F64 >= x.squares && b * CONDITION_LIMIT_F64 >= y.squares)) {
    return DOUBTFUL;
  }
  if (!(a * CONDITION_LIMIT_F32 >= sxx && b * CONDITION_LIMIT_F32 >= syy)) {
    return DOUBTFUL;
  }
  return Math.max(-1, Math.min(1, c / Math.sqrt(a * b)));
}

/** Both units are powers of two, so that multiplying is exact. */
function sumAt({ planes, pairs }: StripeSums, slot: number, pair: number): number {
  const at = 2 * slot * pairs + pair;
  return (
    (planes[at] as number) * (1 / HIGH_UNITS) + (planes[at + pairs] as number) * (1 / LOW_UNITS)
  );
}
