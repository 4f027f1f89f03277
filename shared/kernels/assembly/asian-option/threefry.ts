// Threefry4x32 with 20 rounds (Salmon et al., SC 2011): 128 random bits of a path and a block of steps.
// The counter is (path low, path high, block, 0); threefry-core.ts is the same in TypeScript.
import { KEYS, PAIRS, PATH_WORDS } from "./layout";

function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

function mix(sum: v128, x: v128, bits: i32): v128 {
  return v128.xor(rotate(x, bits), sum);
}

/** Does the half of the first round that only depends on the path's number, for paths `low` to `low` + 3. */
export function preparePaths(base: usize, low: i32, high: i32): void {
  const numbers = i32x4.add(i32x4.splat(low), i32x4(0, 1, 2, 3));
  let x1 = i32x4.add(i32x4.splat(high), v128.load(base, KEYS + 16));
  const x0 = i32x4.add(i32x4.add(numbers, v128.load(base, KEYS)), x1);
  x1 = mix(x0, x1, 10);
  v128.store(base, x0, PATH_WORDS);
  v128.store(base, x1, PATH_WORDS + 16);
}

/**
 * Writes the words of the prepared paths for `blocks` blocks, an even number, from block `first` on, as
 * pairs in 64 bits, the first word the lower half: for paths 0 and 1 words 0 and 1, then 2 and 3 of each
 * block, then all that again for paths 2 and 3.
 *
 * Two blocks at once: one alone does not fill the processor's units (1.27 times slower on Zen 4), and
 * a loop over rounds instead of lines costs another eighth.
 */
export function drawWords(base: usize, first: i32, blocks: i32): void {
  const key2 = load<i32>(base, KEYS + 32);
  const key3 = load<i32>(base, KEYS + 48);
  const turned = rotl<i32>(key3, 26);
  const x0 = v128.load(base, PATH_WORDS);
  const x1 = v128.load(base, PATH_WORDS + 16);
  let left = base;
  let right = base + ((<usize>blocks) << 5);
  for (let block = first; block < first + blocks; block += 2) {
    // The other half of the first round is the same for all paths.
    const sumA = block + key2 + key3;
    const sumB = sumA + 1;
    let a0 = x0;
    let a1 = x1;
    let a2 = i32x4.splat(sumA);
    let a3 = i32x4.splat(turned ^ sumA);
    let b0 = x0;
    let b1 = x1;
    let b2 = i32x4.splat(sumB);
    let b3 = i32x4.splat(turned ^ sumB);

    a0 = i32x4.add(a0, a3);
    b0 = i32x4.add(b0, b3);
    a3 = mix(a0, a3, 11);
    b3 = mix(b0, b3, 11);
    a2 = i32x4.add(a2, a1);
    b2 = i32x4.add(b2, b1);
    a1 = mix(a2, a1, 21);
    b1 = mix(b2, b1, 21);

    a0 = i32x4.add(a0, a1);
    b0 = i32x4.add(b0, b1);
    a1 = mix(a0, a1, 13);
    b1 = mix(b0, b1, 13);
    a2 = i32x4.add(a2, a3);
    b2 = i32x4.add(b2, b3);
    a3 = mix(a2, a3, 27);
    b3 = mix(b2, b3, 27);

    a0 = i32x4.add(a0, a3);
    b0 = i32x4.add(b0, b3);
    a3 = mix(a0, a3, 23);
    b3 = mix(b0, b3, 23);
    a2 = i32x4.add(a2, a1);
    b2 = i32x4.add(b2, b1);
    a1 = mix(a2, a1, 5);
    b1 = mix(b2, b1, 5);

    let k = v128.load(base, KEYS + 64);
    a0 = i32x4.add(a0, k);
    b0 = i32x4.add(b0, k);
    k = v128.load(base, KEYS + 80);
    a1 = i32x4.add(a1, k);
    b1 = i32x4.add(b1, k);
    k = v128.load(base, KEYS + 96);
    a2 = i32x4.add(a2, k);
    b2 = i32x4.add(b2, k);
    k = v128.load(base, KEYS + 112);
    a3 = i32x4.add(a3, k);
    b3 = i32x4.add(b3, k);

    a0 = i32x4.add(a0, a1);
    b0 = i32x4.add(b0, b1);
    a1 = mix(a0, a1, 6);
    b1 = mix(b0, b1, 6);
    a2 = i32x4.add(a2, a3);
    b2 = i32x4.add(b2, b3);
    a3 = mix(a2, a3, 20);
    b3 = mix(b2, b3, 20);

    a0 = i32x4.add(a0, a3);
    b0 = i32x4.add(b0, b3);
    a3 = mix(a0, a3, 17);
    b3 = mix(b0, b3, 17);
    a2 = i32x4.add(a2, a1);
    b2 = i32x4.add(b2, b1);
    a1 = mix(a2, a1, 11);
    b1 = mix(b2, b1, 11);

    a0 = i32x4.add(a0, a1);
    b0 = i32x4.add(b0, b1);
    a1 = mix(a0, a1, 25);
    b1 = mix(b0, b1, 25);
    a2 = i32x4.add(a2, a3);
    b2 = i32x4.add(b2, b3);
    a3 = mix(a2, a3, 10);
    b3 = mix(b2, b3, 10);

    a0 = i32x4.add(a0, a3);
    b0 = i32x4.add(b0, b3);
    a3 = mix(a0, a3, 18);
    b3 = mix(b0, b3, 18);
    a2 = i32x4.add(a2, a1);
    b2 = i32x4.add(b2, b1);
    a1 = mix(a2, a1, 20);
    b1 = mix(b2, b1, 20);

    k = v128.load(base, KEYS + 128);
    a0 = i32x4.add(a0, k);
    b0 = i32x4.add(b0, k);
    k = v128.load(base, KEYS + 144);
    a1 = i32x4.add(a1, k);
    b1 = i32x4.add(b1, k);
    k = v128.load(base, KEYS + 160);
    a2 = i32x4.add(a2, k);
    b2 = i32x4.add(b2, k);
    k = v128.load(base, KEYS + 176);
    a3 = i32x4.add(a3, k);
    b3 = i32x4.add(b3, k);

    a0 = i32x4.add(a0, a1);
    b0 = i32x4.add(b0, b1);
    a1 = mix(a0, a1, 10);
    b1 = mix(b0, b1, 10);
    a2 = i32x4.add(a2, a3);
    b2 = i32x4.add(b2, b3);
    a3 = mix(a2, a3, 26);
    b3 = mix(b2, b3, 26);

    a0 = i32x4.add(a0, a3);
    b0 = i32x4.add(b0, b3);
    a3 = mix(a0, a3, 11);
    b3 = mix(b0, b3, 11);
    a2 = i32x4.add(a2, a1);
    b2 = i32x4.add(b2, b1);
    a1 = mix(a2, a1, 21);
    b1 = mix(b2, b1, 21);

    a0 = i32x4.add(a0, a1);
    b0 = i32x4.add(b0, b1);
    a1 = mix(a0, a1, 13);
    b1 = mix(b0, b1, 13);
    a2 = i32x4.add(a2, a3);
    b2 = i32x4.add(b2, b3);
    a3 = mix(a2, a3, 27);
    b3 = mix(b2, b3, 27);

    a0 = i32x4.add(a0, a3);
    b0 = i32x4.add(b0, b3);
    a3 = mix(a0, a3, 23);
    b3 = mix(b0, b3, 23);
    a2 = i32x4.add(a2, a1);
    b2 = i32x4.add(b2, b1);
    a1 = mix(a2, a1, 5);
    b1 = mix(b2, b1, 5);

    k = v128.load(base, KEYS + 192);
    a0 = i32x4.add(a0, k);
    b0 = i32x4.add(b0, k);
    k = v128.load(base, KEYS + 208);
    a1 = i32x4.add(a1, k);
    b1 = i32x4.add(b1, k);
    k = v128.load(base, KEYS + 224);
    a2 = i32x4.add(a2, k);
    b2 = i32x4.add(b2, k);
    k = v128.load(base, KEYS + 240);
    a3 = i32x4.add(a3, k);
    b3 = i32x4.add(b3, k);

    a0 = i32x4.add(a0, a1);
    b0 = i32x4.add(b0, b1);
    a1 = mix(a0, a1, 6);
    b1 = mix(b0, b1, 6);
    a2 = i32x4.add(a2, a3);
    b2 = i32x4.add(b2, b3);
    a3 = mix(a2, a3, 20);
    b3 = mix(b2, b3, 20);

    a0 = i32x4.add(a0, a3);
    b0 = i32x4.add(b0, b3);
    a3 = mix(a0, a3, 17);
    b3 = mix(b0, b3, 17);
    a2 = i32x4.add(a2, a1);
    b2 = i32x4.add(b2, b1);
    a1 = mix(a2, a1, 11);
    b1 = mix(b2, b1, 11);

    a0 = i32x4.add(a0, a1);
    b0 = i32x4.add(b0, b1);
    a1 = mix(a0, a1, 25);
    b1 = mix(b0, b1, 25);
    a2 = i32x4.add(a2, a3);
    b2 = i32x4.add(b2, b3);
    a3 = mix(a2, a3, 10);
    b3 = mix(b2, b3, 10);

    a0 = i32x4.add(a0, a3);
    b0 = i32x4.add(b0, b3);
    a3 = mix(a0, a3, 18);
    b3 = mix(b0, b3, 18);
    a2 = i32x4.add(a2, a1);
    b2 = i32x4.add(b2, b1);
    a1 = mix(a2, a1, 20);
    b1 = mix(b2, b1, 20);

    k = v128.load(base, KEYS + 256);
    a0 = i32x4.add(a0, k);
    b0 = i32x4.add(b0, k);
    k = v128.load(base, KEYS + 272);
    a1 = i32x4.add(a1, k);
    b1 = i32x4.add(b1, k);
    k = v128.load(base, KEYS + 288);
    a2 = i32x4.add(a2, k);
    b2 = i32x4.add(b2, k);
    k = v128.load(base, KEYS + 304);
    a3 = i32x4.add(a3, k);
    b3 = i32x4.add(b3, k);

    a0 = i32x4.add(a0, a1);
    b0 = i32x4.add(b0, b1);
    a1 = mix(a0, a1, 10);
    b1 = mix(b0, b1, 10);
    a2 = i32x4.add(a2, a3);
    b2 = i32x4.add(b2, b3);
    a3 = mix(a2, a3, 26);
    b3 = mix(b2, b3, 26);

    a0 = i32x4.add(a0, a3);
    b0 = i32x4.add(b0, b3);
    a3 = mix(a0, a3, 11);
    b3 = mix(b0, b3, 11);
    a2 = i32x4.add(a2, a1);
    b2 = i32x4.add(b2, b1);
    a1 = mix(a2, a1, 21);
    b1 = mix(b2, b1, 21);

    a0 = i32x4.add(a0, a1);
    b0 = i32x4.add(b0, b1);
    a1 = mix(a0, a1, 13);
    b1 = mix(b0, b1, 13);
    a2 = i32x4.add(a2, a3);
    b2 = i32x4.add(b2, b3);
    a3 = mix(a2, a3, 27);
    b3 = mix(b2, b3, 27);

    a0 = i32x4.add(a0, a3);
    b0 = i32x4.add(b0, b3);
    a3 = mix(a0, a3, 23);
    b3 = mix(b0, b3, 23);
    a2 = i32x4.add(a2, a1);
    b2 = i32x4.add(b2, b1);
    a1 = mix(a2, a1, 5);
    b1 = mix(b2, b1, 5);

    k = v128.load(base, KEYS + 320);
    a0 = i32x4.add(a0, k);
    b0 = i32x4.add(b0, k);
    k = v128.load(base, KEYS + 336);
    a1 = i32x4.add(a1, k);
    b1 = i32x4.add(b1, k);
    k = v128.load(base, KEYS + 352);
    a2 = i32x4.add(a2, k);
    b2 = i32x4.add(b2, k);
    k = v128.load(base, KEYS + 368);
    a3 = i32x4.add(a3, k);
    b3 = i32x4.add(b3, k);

    v128.store(left, v128.shuffle<i32>(a0, a1, 0, 4, 1, 5), PAIRS);
    v128.store(right, v128.shuffle<i32>(a0, a1, 2, 6, 3, 7), PAIRS);
    v128.store(left, v128.shuffle<i32>(a2, a3, 0, 4, 1, 5), PAIRS + 16);
    v128.store(right, v128.shuffle<i32>(a2, a3, 2, 6, 3, 7), PAIRS + 16);
    v128.store(left, v128.shuffle<i32>(b0, b1, 0, 4, 1, 5), PAIRS + 32);
    v128.store(right, v128.shuffle<i32>(b0, b1, 2, 6, 3, 7), PAIRS + 32);
    v128.store(left, v128.shuffle<i32>(b2, b3, 0, 4, 1, 5), PAIRS + 48);
    v128.store(right, v128.shuffle<i32>(b2, b3, 2, 6, 3, 7), PAIRS + 48);
    left += 64;
    right += 64;
  }
}
