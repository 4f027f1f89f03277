// The register tile: products of 4 rows and two registers of columns, summed date after date.
import { CHUNK_DATES, GROUP_DATES, TILE_COL_BYTES, TILE_ROWS } from "./layout";

/** A line of expanded rows: each value fills a register. */
export const EXPANDED_BYTES: usize = (<usize>TILE_ROWS) << 4;
/** Sums of one group of dates in single precision: a tile's registers. */
const TILE_BYTES: usize = <usize>TILE_ROWS * TILE_COL_BYTES;
/** Memory of the sums of a chunk's groups. */
export const GROUPS_BYTES: usize = <usize>(CHUNK_DATES / GROUP_DATES) * TILE_BYTES;

/**
 * Adds to `out` (f64, 4 rows of 4 columns in double, of 8 in single precision) the products over
 * `dates` dates of `a`, expanded rows, and of `b`, packed columns. `groups`: room for GROUPS_BYTES.
 *
 * What shapes it is what V8 makes of it. Node 20 moves all loads of a straight piece of code to its
 * start, and spills registers from the second date on; the branch after each date keeps the pieces
 * apart, and also ends a chunk of any length. Loads that spread one value over a register cannot take
 * an offset there, hence the rows expanded beforehand. 12 dates a round hide pointers and the
 * stack check of each loop. Against 4 × 4 values with spreading loads and two dates a round the
 * shape is 5 % faster, 3 × 3 registers spill, and 2 × 4 is equal.
 */
export function multiplyTile<T>(a: usize, b: usize, dates: i32, out: usize, groups: usize): void {
  let c00 = i64x2.splat(0),
    c01 = i64x2.splat(0);
  let c10 = i64x2.splat(0),
    c11 = i64x2.splat(0);
  let c20 = i64x2.splat(0),
    c21 = i64x2.splat(0);
  let c30 = i64x2.splat(0),
    c31 = i64x2.splat(0);
  let group = groups;
  let left = dates;
  for (;;) {
    let b0 = v128.load(b),
      b1 = v128.load(b, 16);
    let x = v128.load(a);
    c00 = multiplyAdd<T>(x, b0, c00);
    c01 = multiplyAdd<T>(x, b1, c01);
    x = v128.load(a, 16);
    c10 = multiplyAdd<T>(x, b0, c10);
    c11 = multiplyAdd<T>(x, b1, c11);
    x = v128.load(a, 32);
    c20 = multiplyAdd<T>(x, b0, c20);
    c21 = multiplyAdd<T>(x, b1, c21);
    x = v128.load(a, 48);
    c30 = multiplyAdd<T>(x, b0, c30);
    c31 = multiplyAdd<T>(x, b1, c31);
    if (left == 1) break;

    b0 = v128.load(b, 32);
    b1 = v128.load(b, 48);
    x = v128.load(a, 64);
    c00 = multiplyAdd<T>(x, b0, c00);
    c01 = multiplyAdd<T>(x, b1, c01);
    x = v128.load(a, 80);
    c10 = multiplyAdd<T>(x, b0, c10);
    c11 = multiplyAdd<T>(x, b1, c11);
    x = v128.load(a, 96);
    c20 = multiplyAdd<T>(x, b0, c20);
    c21 = multiplyAdd<T>(x, b1, c21);
    x = v128.load(a, 112);
    c30 = multiplyAdd<T>(x, b0, c30);
    c31 = multiplyAdd<T>(x, b1, c31);
    if (left == 2) break;

    b0 = v128.load(b, 64);
    b1 = v128.load(b, 80);
    x = v128.load(a, 128);
    c00 = multiplyAdd<T>(x, b0, c00);
    c01 = multiplyAdd<T>(x, b1, c01);
    x = v128.load(a, 144);
    c10 = multiplyAdd<T>(x, b0, c10);
    c11 = multiplyAdd<T>(x, b1, c11);
    x = v128.load(a, 160);
    c20 = multiplyAdd<T>(x, b0, c20);
    c21 = multiplyAdd<T>(x, b1, c21);
    x = v128.load(a, 176);
    c30 = multiplyAdd<T>(x, b0, c30);
    c31 = multiplyAdd<T>(x, b1, c31);
    if (left == 3) break;

    b0 = v128.load(b, 96);
    b1 = v128.load(b, 112);
    x = v128.load(a, 192);
    c00 = multiplyAdd<T>(x, b0, c00);
    c01 = multiplyAdd<T>(x, b1, c01);
    x = v128.load(a, 208);
    c10 = multiplyAdd<T>(x, b0, c10);
    c11 = multiplyAdd<T>(x, b1, c11);
    x = v128.load(a, 224);
    c20 = multiplyAdd<T>(x, b0, c20);
    c21 = multiplyAdd<T>(x, b1, c21);
    x = v128.load(a, 240);
    c30 = multiplyAdd<T>(x, b0, c30);
    c31 = multiplyAdd<T>(x, b1, c31);
    if (left == 4) break;

    b0 = v128.load(b, 128);
    b1 = v128.load(b, 144);
    x = v128.load(a, 256);
    c00 = multiplyAdd<T>(x, b0, c00);
    c01 = multiplyAdd<T>(x, b1, c01);
    x = v128.load(a, 272);
    c10 = multiplyAdd<T>(x, b0, c10);
    c11 = multiplyAdd<T>(x, b1, c11);
    x = v128.load(a, 288);
    c20 = multiplyAdd<T>(x, b0, c20);
    c21 = multiplyAdd<T>(x, b1, c21);
    x = v128.load(a, 304);
    c30 = multiplyAdd<T>(x, b0, c30);
    c31 = multiplyAdd<T>(x, b1, c31);
    if (left == 5) break;

    b0 = v128.load(b, 160);
    b1 = v128.load(b, 176);
    x = v128.load(a, 320);
    c00 = multiplyAdd<T>(x, b0, c00);
    c01 = multiplyAdd<T>(x, b1, c01);
    x = v128.load(a, 336);
    c10 = multiplyAdd<T>(x, b0, c10);
    c11 = multiplyAdd<T>(x, b1, c11);
    x = v128.load(a, 352);
    c20 = multiplyAdd<T>(x, b0, c20);
    c21 = multiplyAdd<T>(x, b1, c21);
    x = v128.load(a, 368);
    c30 = multiplyAdd<T>(x, b0, c30);
    c31 = multiplyAdd<T>(x, b1, c31);
    if (left == 6) break;

    b0 = v128.load(b, 192);
    b1 = v128.load(b, 208);
    x = v128.load(a, 384);
    c00 = multiplyAdd<T>(x, b0, c00);
    c01 = multiplyAdd<T>(x, b1, c01);
    x = v128.load(a, 400);
    c10 = multiplyAdd<T>(x, b0, c10);
    c11 = multiplyAdd<T>(x, b1, c11);
    x = v128.load(a, 416);
    c20 = multiplyAdd<T>(x, b0, c20);
    c21 = multiplyAdd<T>(x, b1, c21);
    x = v128.load(a, 432);
    c30 = multiplyAdd<T>(x, b0, c30);
    c31 = multiplyAdd<T>(x, b1, c31);
    if (left == 7) break;

    b0 = v128.load(b, 224);
    b1 = v128.load(b, 240);
    x = v128.load(a, 448);
    c00 = multiplyAdd<T>(x, b0, c00);
    c01 = multiplyAdd<T>(x, b1, c01);
    x = v128.load(a, 464);
    c10 = multiplyAdd<T>(x, b0, c10);
    c11 = multiplyAdd<T>(x, b1, c11);
    x = v128.load(a, 480);
    c20 = multiplyAdd<T>(x, b0, c20);
    c21 = multiplyAdd<T>(x, b1, c21);
    x = v128.load(a, 496);
    c30 = multiplyAdd<T>(x, b0, c30);
    c31 = multiplyAdd<T>(x, b1, c31);
    if (left == 8) break;

    b0 = v128.load(b, 256);
    b1 = v128.load(b, 272);
    x = v128.load(a, 512);
    c00 = multiplyAdd<T>(x, b0, c00);
    c01 = multiplyAdd<T>(x, b1, c01);
    x = v128.load(a, 528);
    c10 = multiplyAdd<T>(x, b0, c10);
    c11 = multiplyAdd<T>(x, b1, c11);
    x = v128.load(a, 544);
    c20 = multiplyAdd<T>(x, b0, c20);
    c21 = multiplyAdd<T>(x, b1, c21);
    x = v128.load(a, 560);
    c30 = multiplyAdd<T>(x, b0, c30);
    c31 = multiplyAdd<T>(x, b1, c31);
    if (left == 9) break;

    b0 = v128.load(b, 288);
    b1 = v128.load(b, 304);
    x = v128.load(a, 576);
    c00 = multiplyAdd<T>(x, b0, c00);
    c01 = multiplyAdd<T>(x, b1, c01);
    x = v128.load(a, 592);
    c10 = multiplyAdd<T>(x, b0, c10);
    c11 = multiplyAdd<T>(x, b1, c11);
    x = v128.load(a, 608);
    c20 = multiplyAdd<T>(x, b0, c20);
    c21 = multiplyAdd<T>(x, b1, c21);
    x = v128.load(a, 624);
    c30 = multiplyAdd<T>(x, b0, c30);
    c31 = multiplyAdd<T>(x, b1, c31);
    if (left == 10) break;

    b0 = v128.load(b, 320);
    b1 = v128.load(b, 336);
    x = v128.load(a, 640);
    c00 = multiplyAdd<T>(x, b0, c00);
    c01 = multiplyAdd<T>(x, b1, c01);
    x = v128.load(a, 656);
    c10 = multiplyAdd<T>(x, b0, c10);
    c11 = multiplyAdd<T>(x, b1, c11);
    x = v128.load(a, 672);
    c20 = multiplyAdd<T>(x, b0, c20);
    c21 = multiplyAdd<T>(x, b1, c21);
    x = v128.load(a, 688);
    c30 = multiplyAdd<T>(x, b0, c30);
    c31 = multiplyAdd<T>(x, b1, c31);
    if (left == 11) break;

    b0 = v128.load(b, 352);
    b1 = v128.load(b, 368);
    x = v128.load(a, 704);
    c00 = multiplyAdd<T>(x, b0, c00);
    c01 = multiplyAdd<T>(x, b1, c01);
    x = v128.load(a, 720);
    c10 = multiplyAdd<T>(x, b0, c10);
    c11 = multiplyAdd<T>(x, b1, c11);
    x = v128.load(a, 736);
    c20 = multiplyAdd<T>(x, b0, c20);
    c21 = multiplyAdd<T>(x, b1, c21);
    x = v128.load(a, 752);
    c30 = multiplyAdd<T>(x, b0, c30);
    c31 = multiplyAdd<T>(x, b1, c31);
    if (left == 12) break;

    left -= 12;
    a += 12 * EXPANDED_BYTES;
    b += 12 * TILE_COL_BYTES;
    if (sizeof<T>() == 4) {
      if (ASC_FEATURE_RELAXED_SIMD) addGroup(out, c00, c01, c10, c11, c20, c21, c30, c31);
      else storeGroup(group, c00, c01, c10, c11, c20, c21, c30, c31);
      group += TILE_BYTES;
      c00 = c01 = c10 = c11 = c20 = c21 = c30 = c31 = i64x2.splat(0);
    }
  }
  if (sizeof<T>() == 8) addTile(out, c00, c01, c10, c11, c20, c21, c30, c31);
  else if (ASC_FEATURE_RELAXED_SIMD) addGroup(out, c00, c01, c10, c11, c20, c21, c30, c31);
  else {
    storeGroup(group, c00, c01, c10, c11, c20, c21, c30, c31);
    for (const end = groups + GROUPS_BYTES; (group += TILE_BYTES) < end;) {
      memory.fill(group, 0, TILE_BYTES);
    }
    addGroups(groups, out);
  }
}

function multiplyAdd<T>(x: v128, y: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(x, y, sum);
  return v128.add<T>(sum, v128.mul<T>(x, y));
}

function addTile(
  out: usize,
  c00: v128,
  c01: v128,
  c10: v128,
  c11: v128,
  c20: v128,
  c21: v128,
  c30: v128,
  c31: v128,
): void {
  addTo(out, c00);
  addTo(out + 16, c01);
  addTo(out + 32, c10);
  addTo(out + 48, c11);
  addTo(out + 64, c20);
  addTo(out + 80, c21);
  addTo(out + 96, c30);
  addTo(out + 112, c31);
}

function addTo(out: usize, sums: v128): void {
  v128.store(out, f64x2.add(v128.load(out), sums));
}

function storeGroup(
  out: usize,
  c00: v128,
  c01: v128,
  c10: v128,
  c11: v128,
  c20: v128,
  c21: v128,
  c30: v128,
  c31: v128,
): void {
  v128.store(out, c00);
  v128.store(out, c01, 16);
  v128.store(out, c10, 32);
  v128.store(out, c11, 48);
  v128.store(out, c20, 64);
  v128.store(out, c21, 80);
  v128.store(out, c30, 96);
  v128.store(out, c31, 112);
}

/** A group's sums to the totals: fused additions leave room for these. */
function addGroup(
  out: usize,
  c00: v128,
  c01: v128,
  c10: v128,
  c11: v128,
  c20: v128,
  c21: v128,
  c30: v128,
  c31: v128,
): void {
  addWide(out, c00);
  addWide(out + 32, c01);
  addWide(out + 64, c10);
  addWide(out + 96, c11);
  addWide(out + 128, c20);
  addWide(out + 160, c21);
  addWide(out + 192, c30);
  addWide(out + 224, c31);
}

function addWide(out: usize, sums: v128): void {
  addTo(out, f64x2.promote_low_f32x4(sums));
  addTo(out + 16, f64x2.promote_low_f32x4(v128.shuffle<f64>(sums, sums, 1, 1)));
}

/** Adds the 16 groups' sums in pairs, these in pairs and so on, and then to the totals. */
function addGroups(groups: usize, out: usize): void {
  for (const end = groups + TILE_BYTES; groups < end; groups += 16, out += 32) {
    const first = addEight(groups);
    // As in multiplyTile: never true, it keeps the loads of the second half behind the first sums.
    if (out == 0) break;
    addWide(out, f32x4.add(first, addEight(groups + 8 * TILE_BYTES)));
  }
}

function addEight(at: usize): v128 {
  return f32x4.add(addFour(at), addFour(at + 4 * TILE_BYTES));
}

function addFour(at: usize): v128 {
  return f32x4.add(
    f32x4.add(v128.load(at), v128.load(at, TILE_BYTES)),
    f32x4.add(v128.load(at, 2 * TILE_BYTES), v128.load(at, 3 * TILE_BYTES)),
  );
}

/** Spreads four packed rows over a register each: `dates` lines of EXPANDED_BYTES. */
export function expandRows<T>(out: usize, packed: usize, dates: i32): void {
  const end = packed + <usize>dates * TILE_COL_BYTES;
  do {
    if (sizeof<T>() == 8) {
      v128.store(out, v128.load64_splat(packed));
      v128.store(out, v128.load64_splat(packed, 8), 16);
      v128.store(out, v128.load64_splat(packed, 16), 32);
      v128.store(out, v128.load64_splat(packed, 24), 48);
    } else {
      v128.store(out, v128.load32_splat(packed));
      v128.store(out, v128.load32_splat(packed, 4), 16);
      v128.store(out, v128.load32_splat(packed, 8), 32);
      v128.store(out, v128.load32_splat(packed, 12), 48);
    }
    out += EXPANDED_BYTES;
    packed += TILE_COL_BYTES;
  } while (packed < end);
}
