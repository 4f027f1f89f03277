// Sums of products of ranks over all dates, in whole numbers: exact, so in any order the same.

/** Rows and columns of a register tile; three by three would need more registers than there are. */
export const TILE_ROWS: i32 = 4;
export const TILE_COLS: i32 = 2;
/** A tile's sums, each in two f64 that are to be added. */
export const TILE_BYTES: usize = (<usize>(TILE_ROWS * TILE_COLS)) << 4;

/**
 * How many vectors of products may be added up in 32 bits: each adds two products of ranks within
 * ±(dates - 1) to every number.
 */
export function vectorsMax(dates: i32): i32 {
  const most = <i64>(dates - 1);
  return most == 0 ? 0xffff : <i32>min<i64>(<i64>i32.MAX_VALUE / (2 * most * most), 0xffff);
}

/**
 * 4 × 2 sums over `vectors` vectors, of which `most` at a time are added up in 32 bits. `rows`, `cols`:
 * lists of u32 addresses of 16-bit ranks.
 */
export function multiplyTile(rows: usize, cols: usize, vectors: i32, most: i32, tile: usize): void {
  let a0 = <usize>load<u32>(rows);
  let a1 = <usize>load<u32>(rows, 4);
  let a2 = <usize>load<u32>(rows, 8);
  let a3 = <usize>load<u32>(rows, 12);
  let b0 = <usize>load<u32>(cols);
  let b1 = <usize>load<u32>(cols, 4);
  memory.fill(tile, 0, TILE_BYTES);
  for (let left = vectors; left > 0; left -= most) {
    let c00 = i32x4.splat(0),
      c01 = i32x4.splat(0);
    let c10 = i32x4.splat(0),
      c11 = i32x4.splat(0);
    let c20 = i32x4.splat(0),
      c21 = i32x4.splat(0);
    let c30 = i32x4.splat(0),
      c31 = i32x4.splat(0);
    const end = a0 + ((<usize>min(most, left)) << 4);
    while (a0 < end) {
      const y0 = v128.load(b0),
        y1 = v128.load(b1);
      let x = v128.load(a0);
      c00 = i32x4.add(c00, i32x4.dot_i16x8_s(x, y0));
      c01 = i32x4.add(c01, i32x4.dot_i16x8_s(x, y1));
      x = v128.load(a1);
      c10 = i32x4.add(c10, i32x4.dot_i16x8_s(x, y0));
      c11 = i32x4.add(c11, i32x4.dot_i16x8_s(x, y1));
      x = v128.load(a2);
      c20 = i32x4.add(c20, i32x4.dot_i16x8_s(x, y0));
      c21 = i32x4.add(c21, i32x4.dot_i16x8_s(x, y1));
      x = v128.load(a3);
      c30 = i32x4.add(c30, i32x4.dot_i16x8_s(x, y0));
      c31 = i32x4.add(c31, i32x4.dot_i16x8_s(x, y1));
      a0 += 16;
      a1 += 16;
      a2 += 16;
      a3 += 16;
      b0 += 16;
      b1 += 16;
    }
    addPartial(tile, c00);
    addPartial(tile + 16, c01);
    addPartial(tile + 32, c10);
    addPartial(tile + 48, c11);
    addPartial(tile + 64, c20);
    addPartial(tile + 80, c21);
    addPartial(tile + 96, c30);
    addPartial(tile + 112, c31);
  }
}

/** Adds four 32-bit sums to two f64, exactly: with 16-bit ranks these stay far below 2^53. */
function addPartial(sums: usize, partial: v128): void {
  const low = f64x2.convert_low_i32x4_s(partial);
  const high = f64x2.convert_low_i32x4_s(v128.shuffle<i64>(partial, partial, 1, 1));
  v128.store(sums, f64x2.add(v128.load(sums), f64x2.add(low, high)));
}

/**
 * The sum of products of 32-bit ranks. It is below n³/3, hence exact in 64 bits up to three million
 * dates.
 */
export function multiplyWide(a: usize, b: usize, dates: i32): i64 {
  let low = i64x2.splat(0);
  let high = i64x2.splat(0);
  const end = a + ((<usize>dates) << 2);
  for (; a < end; a += 16, b += 16) {
    const x = v128.load(a);
    const y = v128.load(b);
    low = i64x2.add(low, i64x2.extmul_low_i32x4_s(x, y));
    high = i64x2.add(high, i64x2.extmul_high_i32x4_s(x, y));
  }
  const sums = i64x2.add(low, high);
  return i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1);
}
