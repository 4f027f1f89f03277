// How many dates each row shares with each column, from the dates of which the row lists the fewer.
import { CHUNK_DATES, FLAG_COMPLETE, Series, chunkCountOf, chunksOf, seriesAt } from "./layout";
import { Side } from "./side";

/** Dates that are counted at once, as whole chunks and whole words of masks; 512 columns' bits are 0.5 MB. */
const PIECE_CHUNKS: i32 = 42;
const PIECE_DATES: i32 = PIECE_CHUNKS * CHUNK_DATES;
/** Columns whose bits fill a register. */
const BLOCK_COLS: i32 = 128;
const BIT_BYTES: usize = 16;
/** Binary digits of a count of up to PIECE_DATES / 2. */
const DIGITS: i32 = 12;

/** Columns of the counts, as i32 row after row. */
export function countColsOf(series: i32): i32 {
  return (series + BLOCK_COLS - 1) & ~(BLOCK_COLS - 1);
}
export function countsBytes(rows: i32, cols: i32): usize {
  return (<usize>(rows * countColsOf(cols))) << 2;
}
/** Memory to work in: bits of the columns, their counts, a list of dates, digits. */
export function countingBytes(cols: i32, dates: i32): usize {
  const length = <usize>min(PIECE_DATES, dates);
  const blocks = <usize>(countColsOf(cols) / BLOCK_COLS);
  const columnBytes = (<usize>countColsOf(cols)) << 2;
  return blocks * bitsBytes(length) + columnBytes + listBytes(length) + <usize>DIGITS * BIT_BYTES;
}
/** A line of bits for each date, in whole words of masks, and one without any. */
function bitsBytes(dates: usize): usize {
  return (((dates + 63) & ~63) + 1) * BIT_BYTES;
}
function listBytes(dates: usize): usize {
  return ((dates >> 1) + 8) << 2;
}

/** Writes the counts of all rows that have gaps. */
export function countCommon(counts: usize, rows: Side, cols: Side, dates: i32, room: usize): void {
  memory.fill(counts, 0, countsBytes(rows.series, cols.series));
  const blocks = countColsOf(cols.series) / BLOCK_COLS;
  for (let first = 0; first < dates; first += PIECE_DATES) {
    const length = min(PIECE_DATES, dates - first);
    const blockBytes = bitsBytes(length);
    const columnCounts = room + <usize>blocks * blockBytes;
    const list = columnCounts + ((<usize>countColsOf(cols.series)) << 2);
    const digits = list + listBytes(length);
    transposeMasks(room, blockBytes, cols, first, length);
    countColumns(columnCounts, cols, first / CHUNK_DATES, length);
    for (let i = 0; i < rows.series; i++) {
      const row = seriesAt(rows.list, i);
      if (row.flags & FLAG_COMPLETE) continue;
      const present = countPiece(row, first / CHUNK_DATES, length);
      const isMissing = 2 * present >= length;
      const end = listDates(list, row, first, length, isMissing, blockBytes - BIT_BYTES);
      for (let block = 0; block < blocks; block++) {
        const at = (<usize>(block * BLOCK_COLS)) << 2;
        const out = counts + ((<usize>(i * countColsOf(cols.series))) << 2) + at;
        countDigits(digits, room + <usize>block * blockBytes, list, end);
        addCounts(out, digits, columnCounts + at, isMissing);
      }
    }
  }
}

function countPiece(series: Series, firstChunk: i32, dates: i32): i32 {
  let count = 0;
  for (let chunk = 0; chunk < chunksOf(dates); chunk++) {
    count += chunkCountOf(series, firstChunk + chunk);
  }
  return count;
}

function countColumns(out: usize, cols: Side, firstChunk: i32, dates: i32): void {
  for (let j = 0; j < cols.series; j++) {
    store<i32>(out + ((<usize>j) << 2), countPiece(seriesAt(cols.list, j), firstChunk, dates));
  }
}

/** For each block of columns and each date a register of bits, in the order of the columns. */
function transposeMasks(out: usize, blockBytes: usize, cols: Side, first: i32, dates: i32): void {
  const words = (dates + 63) >> 6;
  for (let j = 0; j < countColsOf(cols.series); j += 64) {
    const block = out + <usize>(j / BLOCK_COLS) * blockBytes;
    const half = <usize>((j % BLOCK_COLS) >> 3);
    for (let word = 0; word < words; word++) {
      const lines = block + half + <usize>(word << 6) * BIT_BYTES;
      const mask = (<usize>((first >> 6) + word)) << 3;
      for (let k = 0; k < 64; k++) {
        const bits = j + k < cols.series ? load<u64>(seriesAt(cols.list, j + k).mask + mask) : 0;
        store<u64>(lines + <usize>k * BIT_BYTES, bits);
      }
      transposeWords(lines);
    }
    store<u64>(block + half + <usize>(words << 6) * BIT_BYTES, 0);
  }
}

/** Transposes 64 × 64 bits in words BIT_BYTES apart: halves change places, then quarters, and so on. */
function transposeWords(lines: usize): void {
  let mask: u64 = 0xffffffff;
  for (let width = 32; width > 0; width >>= 1, mask ^= mask << (<u64>width)) {
    for (let k = 0; k < 64; k = (k + width + 1) & ~width) {
      const upper = lines + <usize>k * BIT_BYTES;
      const lower = upper + <usize>width * BIT_BYTES;
      const moved = ((load<u64>(upper) >> <u64>width) ^ load<u64>(lower)) & mask;
      store<u64>(lower, load<u64>(lower) ^ moved);
      store<u64>(upper, load<u64>(upper) ^ (moved << (<u64>width)));
    }
  }
}

/**
 * Lists the dates that a row lacks, or has, as offsets of lines of bits. To a multiple of eight the
 * list is filled up with `empty`, the line without any. Returns its end.
 */
function listDates(
  list: usize,
  row: Series,
  first: i32,
  dates: i32,
  isMissing: bool,
  empty: usize,
): usize {
  const start = list;
  const flip: u64 = isMissing ? ~(<u64>0) : 0;
  for (let t = 0; t < dates; t += 64) {
    let word = load<u64>(row.mask + ((first + t) >> 3)) ^ flip;
    if (dates - t < 64) word &= ((<u64>1) << (<u64>(dates - t))) - 1;
    for (; word; word &= word - 1, list += 4) {
      store<u32>(list, (<u32>t + <u32>ctz<u64>(word)) * <u32>BIT_BYTES);
    }
  }
  for (; (list - start) & 31; list += 4) store<u32>(list, <u32>empty);
  return list;
}

/**
 * Adds up the bits of the listed lines, column by column, into binary digits: a register of each. Eight
 * lines at a time pass through full adders, and leave one carry for the digit of eights.
 */
function countDigits(digits: usize, bits: usize, list: usize, end: usize): void {
  memory.fill(digits, 0, <usize>DIGITS * BIT_BYTES);
  const last = digits + <usize>DIGITS * BIT_BYTES;
  let ones = i64x2.splat(0);
  let twos = i64x2.splat(0);
  let fours = i64x2.splat(0);
  for (; list < end; list += 32) {
    const w0 = loadLine(bits, list, 0);
    const w1 = loadLine(bits, list, 1);
    const twos0 = carryOf(ones, w0, w1);
    ones = sumOf(ones, w0, w1);
    const w2 = loadLine(bits, list, 2);
    const w3 = loadLine(bits, list, 3);
    const twos1 = carryOf(ones, w2, w3);
    ones = sumOf(ones, w2, w3);
    const fours0 = carryOf(twos, twos0, twos1);
    twos = sumOf(twos, twos0, twos1);
    const w4 = loadLine(bits, list, 4);
    const w5 = loadLine(bits, list, 5);
    const twos2 = carryOf(ones, w4, w5);
    ones = sumOf(ones, w4, w5);
    const w6 = loadLine(bits, list, 6);
    const w7 = loadLine(bits, list, 7);
    const twos3 = carryOf(ones, w6, w7);
    ones = sumOf(ones, w6, w7);
    const fours1 = carryOf(twos, twos2, twos3);
    twos = sumOf(twos, twos2, twos3);
    let carry = carryOf(fours, fours0, fours1);
    fours = sumOf(fours, fours0, fours1);
    for (let digit = digits + 3 * BIT_BYTES; digit < last; digit += BIT_BYTES) {
      if (!v128.any_true(carry)) break;
      const held = v128.load(digit);
      v128.store(digit, v128.xor(held, carry));
      carry = v128.and(held, carry);
    }
  }
  v128.store(digits, ones);
  v128.store(digits, twos, BIT_BYTES);
  v128.store(digits, fours, 2 * BIT_BYTES);
}

function loadLine(bits: usize, list: usize, index: i32): v128 {
  return v128.load(bits + <usize>load<u32>(list + ((<usize>index) << 2)));
}
function sumOf(a: v128, b: v128, c: v128): v128 {
  return v128.xor(v128.xor(a, b), c);
}
function carryOf(a: v128, b: v128, c: v128): v128 {
  return v128.or(v128.and(a, b), v128.and(v128.xor(a, b), c));
}

/** Adds to the counts of a block what the digits say, or what they leave of the columns' own counts. */
function addCounts(out: usize, digits: usize, columns: usize, isMissing: bool): void {
  for (let k: usize = 0; k < BIT_BYTES; k += 2) {
    const low = gatherDigits(digits + k, 8, 0);
    const high = gatherDigits(digits + k, DIGITS, 8);
    const first = v128.shuffle<i8>(
      low,
      high,
      0,
      16,
      1,
      17,
      2,
      18,
      3,
      19,
      4,
      20,
      5,
      21,
      6,
      22,
      7,
      23,
    );
    const second = v128.shuffle<i8>(
      low,
      high,
      8,
      24,
      9,
      25,
      10,
      26,
      11,
      27,
      12,
      28,
      13,
      29,
      14,
      30,
      15,
      31,
    );
    const at = k << 5;
    addFour(out + at, columns + at, i32x4.extend_low_i16x8_u(first), isMissing);
    addFour(out + at + 16, columns + at + 16, i32x4.extend_high_i16x8_u(first), isMissing);
    addFour(out + at + 32, columns + at + 32, i32x4.extend_low_i16x8_u(second), isMissing);
    addFour(out + at + 48, columns + at + 48, i32x4.extend_high_i16x8_u(second), isMissing);
  }
}

function addFour(out: usize, columns: usize, counts: v128, isMissing: bool): void {
  const added = isMissing ? i32x4.sub(v128.load(columns), counts) : counts;
  v128.store(out, i32x4.add(v128.load(out), added));
}

/** Digits `from` to `end` of sixteen columns, whose bits are two bytes of each digit, as bytes. */
function gatherDigits(digits: usize, end: i32, from: i32): v128 {
  const places = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
  let numbers = i8x16.splat(0);
  for (let digit = from; digit < end; digit++) {
    const two = v128.load16_splat(digits + <usize>digit * BIT_BYTES);
    const bits = v128.and(
      v128.shuffle<i8>(two, two, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1),
      places,
    );
    const value = i8x16.shl(i8x16.splat(1), digit - from);
    numbers = v128.or(numbers, v128.and(i8x16.eq(bits, places), value));
  }
  return numbers;
}
