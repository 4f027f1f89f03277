// Where things lie in the workspace: offsets from its base, which is a multiple of 64.

/** Paths side by side: the 32-bit lanes of a vector. Two vectors of doubles hold their prices. */
export const LANES: i32 = 4;
/**
 * Blocks of four steps that pass through the stages together: their words, radii and shocks take 10 KiB
 * and stay, with the 16 KiB table of turns, in a first-level cache of 32 KiB.
 */
export const CHUNK_BLOCKS: i32 = 32;
/** Paths of one call. */
const PATHS_MAX: usize = 4096;

const VECTOR: usize = 16;
/** Bytes of one 32-bit word of all lanes for each of the four words of each block. */
const CHUNK_BYTES: usize = <usize>CHUNK_BLOCKS * 4 * VECTOR;

// The host fills everything from here on …
/** Six times four key words, each in all lanes: the key itself, then what is added after 4, 8 … rounds. */
export const KEYS: usize = 0;
const NUMBERS: usize = KEYS + 24 * VECTOR;
// Numbers and masks, each in both lanes; in the order in which wasm-engine.ts writes them.
export const FORTY_BITS: usize = NUMBERS;
/** The bits of 2^52: an integer below becomes a double when they are or-ed. */
export const TWO_52: usize = NUMBERS + 1 * VECTOR;
/** 2^52 - 1/2 */
export const TWO_52_LESS_HALF: usize = NUMBERS + 2 * VECTOR;
/** The bits of 1 less those of about √½. */
export const TO_ROOT_HALF: usize = NUMBERS + 3 * VECTOR;
/** 2^52 + 1023 + 40: the exponent's bias, and 2^40 by which the integer is divided. */
export const EXPONENT_BIAS: usize = NUMBERS + 4 * VECTOR;
export const MANTISSA_BITS: usize = NUMBERS + 5 * VECTOR;
/** The bits of about √½. */
export const ROOT_HALF: usize = NUMBERS + 6 * VECTOR;
export const ONE: usize = NUMBERS + 7 * VECTOR;
/** The logarithm's coefficients times the variance's -2: ln 2, then the powers 0 to 6 of s². */
export const LOG_TWO: usize = NUMBERS + 8 * VECTOR;
export const LOG_POWERS: usize = NUMBERS + 9 * VECTOR;
/** The twelve bits of the angle within a table's step, at the top of a mantissa. */
export const FINE_BITS: usize = NUMBERS + 16 * VECTOR;
/** 3/2 - 2^-13 */
export const FINE_CENTRE: usize = NUMBERS + 17 * VECTOR;
export const SINE_POWERS: usize = NUMBERS + 18 * VECTOR;
export const COSINE_POWERS: usize = NUMBERS + 20 * VECTOR;
/** 1 + drift of one step. */
export const GROWTH: usize = NUMBERS + 22 * VECTOR;
export const FIRST_PRICE: usize = NUMBERS + 23 * VECTOR;
/** Cosine and sine of the middle of each 1,024th of a turn. */
export const TURNS: usize = NUMBERS + 24 * VECTOR;

// … to here; what follows is the kernel's own.
/** Per lane: what the first round makes of the path's number. */
export const PATH_WORDS: usize = TURNS + 1024 * VECTOR;
/** What a walk carries from chunk to chunk: up to four values of two vectors each. */
export const STATE: usize = PATH_WORDS + 2 * VECTOR;
/**
 * Pairs of words, 64 bits a lane: two a block for paths 0 and 1, then those of paths 2 and 3. Two vectors
 * before it are unused, so that it and all that follows begin with a cache line.
 */
export const PAIRS: usize = STATE + 10 * VECTOR;
/** s = (m - 1) / (m + 1) of the logarithm, then the radius in its place. */
export const RADII: usize = PAIRS + CHUNK_BYTES;
/** The exponent's part of the logarithm. */
export const EXPONENTS: usize = RADII + CHUNK_BYTES;
/** One a step for paths 0 and 1, then those of paths 2 and 3. */
export const SHOCKS: usize = EXPONENTS + CHUNK_BYTES;
/** Results, one double a path. */
export const SUMS: usize = SHOCKS + 2 * CHUNK_BYTES;
export const OTHERS: usize = SUMS + PATHS_MAX * 8;

export function heapBase(): usize {
  return __heap_base;
}

/** The workspace, a piece of memory from a multiple of 64 on, whose address `simulate` takes. */
export function workspaceBytes(): usize {
  return OTHERS + PATHS_MAX * 8;
}
