// A small seedable generator for simulations and seeded tie-breaks; not for cryptography.

/** The state of sfc32 (Chris Doty-Humphrey, PractRand): plain data, so that it can live in a snapshot. */
export interface Prng {
  a: number;
  b: number;
  c: number;
  counter: number;
}

/** A generator whose stream is fixed by `seed` (any integer) and `stream`. */
export function createPrng(seed: number, stream = 0): Prng {
  const prng = { a: seed | 0, b: Math.floor(seed / 2 ** 32) | 0, c: stream | 0, counter: 1 };
  for (let i = 0; i < 15; i += 1) nextUint32(prng);
  return prng;
}

/** The next 32 random bits, as an unsigned integer. */
function nextUint32(prng: Prng): number {
  const sum = (((prng.a + prng.b) | 0) + prng.counter) | 0;
  prng.counter = (prng.counter + 1) | 0;
  prng.a = prng.b ^ (prng.b >>> 9);
  prng.b = (prng.c + (prng.c << 3)) | 0;
  prng.c = (((prng.c << 21) | (prng.c >>> 11)) + sum) | 0;
  return sum >>> 0;
}

/** A float in [0, 1) with 32 random bits. */
export const nextFloat = (prng: Prng): number => nextUint32(prng) / 2 ** 32;

/** An integer in [0, bound). `bound` up to 2^32. */
export const nextInteger = (prng: Prng, bound: number): number =>
  Math.floor(nextFloat(prng) * bound);
