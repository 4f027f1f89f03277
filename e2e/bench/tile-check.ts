// Checks tiles of a correlation matrix against the slow, clear reference, pair by pair at random places.
import type { NdData } from "../../shared/codecs/npy.ts";
import type { Precision, Tile } from "../../shared/correlation/plan.ts";
import { correlatePairwise } from "../../shared/kernels/correlation/pearson-reference.ts";
import { createPrng, nextInteger } from "../../shared/prng.ts";
import { makeTable, type TableShape } from "./made-table.ts";
import { WrongOutputError } from "./race.ts";

export interface TileOutput {
  readonly r: NdData;
  /** Common dates of each pair; null from those who do not count them. */
  readonly n: NdData | null;
}

/** How far correlations may be off, as our kernels promise. */
const TOLERANCE: Readonly<Record<Precision, number>> = { f64: 1e-12, f32: 1e-6 };
/** Single-precision libraries sum all dates in single precision, which thousands of them feel. */
const LIBRARY_TOLERANCE_F32 = 1e-5;

/** Gives the largest difference of `samples` pairs of a tile; not finite where a count is wrong. */
export function createTileCheck(
  shape: TableShape,
): (tile: Tile, output: TileOutput, samples: number) => number {
  const table = makeTable(shape);
  const prng = createPrng(shape.seed + 1);
  return (tile, { r, n }, samples) => {
    let worst = 0;
    for (let sample = 0; sample < samples; sample += 1) {
      const i = nextInteger(prng, tile.rowCount);
      const j = nextInteger(prng, tile.colCount);
      const at = i * tile.colCount + j;
      const x = table.at(tile.rowStart + i);
      const expected = correlatePairwise(x, table.at(tile.colStart + j), 1);
      worst = worse(worst, r[at], expected.r);
      if (n !== null && n[at] !== expected.n) return Infinity;
    }
    return worst;
  };
}

/** The larger of `worst` and a difference; both undefined (NaN) is none, one of them is infinite. */
export function worse(worst: number, value: number | undefined, expected: number): number {
  if (value === undefined) return Infinity;
  if (Number.isNaN(value) && Number.isNaN(expected)) return worst;
  const difference = Math.abs(value - expected);
  return Number.isNaN(difference) ? Infinity : Math.max(worst, difference);
}

/** Throws WrongOutputError when `who` was off by more than ours may be, or a library. */
export function requireClose(
  who: string,
  worst: number,
  precision: Precision,
  kind: "ours" | "library" = "ours",
): void {
  const isLibraryF32 = kind === "library" && precision === "f32";
  const allowed = isLibraryF32 ? LIBRARY_TOLERANCE_F32 : TOLERANCE[precision];
  if (worst <= allowed) return;
  throw new WrongOutputError(
    `${who} differs from the reference by ${worst.toPrecision(2)}, where ${allowed} is allowed in ${precision}.`,
  );
}
