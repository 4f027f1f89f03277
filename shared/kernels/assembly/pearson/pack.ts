// Packs a stage of a side: eight series side by side, standardised and with zeros for missing dates.
import {
  CHUNK_DATES,
  FLAG_COMPLETE,
  STRIP_SERIES,
  Series,
  TILE_COL_BYTES,
  seriesAt,
} from "./layout";
import { standardise } from "./prepare";
import { Side } from "./side";

/** So many dates of eight series at a time are packed: what is written stays in the nearest cache. */
const PIECE_DATES: i32 = 64;

/** Packs `dates` dates from `first` on. */
export function packStage<T>(side: Side, first: i32, dates: i32): void {
  for (let strip = 0; strip < side.strips; strip++) {
    for (let t = 0; t < dates; t += PIECE_DATES) {
      packPiece<T>(side, strip, t, first + t, min(PIECE_DATES, dates - t));
    }
  }
}

/** `t`: the stage's date that is the table's `first`. */
function packPiece<T>(side: Side, strip: i32, t: i32, first: i32, dates: i32): void {
  const chunk = t / CHUNK_DATES;
  const date = <usize>(t % CHUNK_DATES);
  for (let lane = 0; lane < STRIP_SERIES; lane += 2) {
    const index = strip * STRIP_SERIES + lane;
    // The last strip's lanes without a series repeat the last one: they are never looked at.
    const a = seriesAt(side.list, min(index, side.series - 1));
    const b = seriesAt(side.list, min(index + 1, side.series - 1));
    const out = side.packed + packedAt<T>(side, chunk, index) + date * TILE_COL_BYTES;
    if (a.flags & b.flags & FLAG_COMPLETE) packPair<T>(out, a, b, first, dates, true);
    else packPair<T>(out, a, b, first, dates, false);
  }
}

/** Where in `packed` the chunk's values of a series begin. */
export function packedAt<T>(side: Side, chunk: i32, series: i32): usize {
  const width = <i32>(TILE_COL_BYTES / sizeof<T>());
  const column = chunk * side.strips * (STRIP_SERIES / width) + series / width;
  return <usize>(column * CHUNK_DATES) * TILE_COL_BYTES + <usize>(series % width) * sizeof<T>();
}

/** Two series, two dates at a time: more of either would need more registers than there are. */
function packPair<T>(
  out: usize,
  a: Series,
  b: Series,
  first: i32,
  dates: i32,
  complete: bool,
): void {
  const meanA = f64x2.splat(a.mean);
  const meanB = f64x2.splat(b.mean);
  const scaleA = f64x2.splat(a.scale);
  const scaleB = f64x2.splat(b.scale);
  let atA = a.values + ((<usize>first) << 3);
  let atB = b.values + ((<usize>first) << 3);
  const end = atA + ((<usize>dates) << 3);
  do {
    const vA = v128.load(atA);
    const vB = v128.load(atB);
    const zA = complete ? f64x2.mul(f64x2.sub(vA, meanA), scaleA) : standardise(vA, meanA, scaleA);
    const zB = complete ? f64x2.mul(f64x2.sub(vB, meanB), scaleB) : standardise(vB, meanB, scaleB);
    const low = v128.shuffle<f64>(zA, zB, 0, 2);
    const high = v128.shuffle<f64>(zA, zB, 1, 3);
    if (sizeof<T>() == 8) {
      v128.store(out, low);
      v128.store(out, high, TILE_COL_BYTES);
    } else {
      v128.store64_lane(out, f32x4.demote_f64x2_zero(low), 0);
      v128.store64_lane(out, f32x4.demote_f64x2_zero(high), 0, TILE_COL_BYTES);
    }
    atA += 16;
    atB += 16;
    out += 2 * TILE_COL_BYTES;
  } while (atA < end);
}
