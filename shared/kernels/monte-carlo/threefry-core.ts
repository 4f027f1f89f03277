// Threefry4x32 with 20 rounds: 128 random bits from a counter and a key, wherever they are asked for.
// J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
// Hot loops over typed arrays: an index in range is the loops' own condition, hence `as number`.

/** Left rotations of the two halves of the state, round by round with a period of eight. */
const ROTATIONS = new Uint8Array([10, 26, 11, 21, 13, 27, 23, 5, 6, 20, 17, 11, 25, 10, 18, 20]);
const ROUNDS = 20;
const ROUNDS_BETWEEN_KEYS = 4;
/** C240 of Skein (Ferguson et al.), lower half. */
const KEY_PARITY = 0x1bd11bda;

/** The last two key words: this stream of numbers and its version. */
const STREAM = [0x61736961, 1] as const;

/**
 * What is added to the state before the first round and after every fourth, four words each: the key's
 * words and their parity in turn, the last with the number of the addition.
 */
export function expandKey(key: readonly [number, number, number, number]): Int32Array {
  const words = [...key, key.reduce((parity, word) => parity ^ word, KEY_PARITY)];
  return Int32Array.from({ length: (ROUNDS / ROUNDS_BETWEEN_KEYS + 1) * 4 }, (_, at) => {
    const injection = at >> 2;
    const word = at & 3;
    return (words[(injection + word) % words.length] as number) + (word === 3 ? injection : 0);
  });
}

/** The expanded key of a seed, a whole number from 0 to 2^53 - 1. */
export const expandSeed = (seed: number): Int32Array =>
  expandKey([seed | 0, Math.floor(seed / 2 ** 32), ...STREAM]);

/** Writes the four words that belong to a counter. */
export function threefry(
  out: Int32Array,
  keys: Int32Array,
  counter0: number,
  counter1: number,
  counter2: number,
  counter3: number,
): void {
  let x0 = (counter0 + (keys[0] as number)) | 0;
  let x1 = (counter1 + (keys[1] as number)) | 0;
  let x2 = (counter2 + (keys[2] as number)) | 0;
  let x3 = (counter3 + (keys[3] as number)) | 0;
  for (let round = 0; round < ROUNDS; round += 2) {
    const at = (2 * round) & 15;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, ROTATIONS[at] as number) ^ x0;
    x2 = (x2 + x3) | 0;
    x3 = rotate(x3, ROTATIONS[at + 1] as number) ^ x2;
    x0 = (x0 + x3) | 0;
    x3 = rotate(x3, ROTATIONS[at + 2] as number) ^ x0;
    x2 = (x2 + x1) | 0;
    x1 = rotate(x1, ROTATIONS[at + 3] as number) ^ x2;
    if ((round & 2) === 0) continue;
    const key = round + 2;
    x0 = (x0 + (keys[key] as number)) | 0;
    x1 = (x1 + (keys[key + 1] as number)) | 0;
    x2 = (x2 + (keys[key + 2] as number)) | 0;
    x3 = (x3 + (keys[key + 3] as number)) | 0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}

const rotate = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));
