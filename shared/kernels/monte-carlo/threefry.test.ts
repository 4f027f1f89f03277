// The generator against the vectors that its authors publish, and the key that a seed becomes.
import { describe, expect, it } from "vitest";
import { expandKey, expandSeed, threefry } from "./threefry-core.ts";

type Words = [number, number, number, number];

const hex = (words: string): Words => words.split(" ").map((word) => parseInt(word, 16)) as Words;

function draw(keys: Int32Array, counter: Words): string {
  const out = new Int32Array(4);
  threefry(out, keys, ...counter);
  return Array.from(out, (word) => (word >>> 0).toString(16).padStart(8, "0")).join(" ");
}

/** "threefry4x32 20" in tests/kat_vectors of DEShawResearch/random123. */
const KNOWN_ANSWERS = [
  {
    counter: "00000000 00000000 00000000 00000000",
    key: "00000000 00000000 00000000 00000000",
    answer: "9c6ca96a e17eae66 fc10ecd4 5256a7d8",
  },
  {
    counter: "ffffffff ffffffff ffffffff ffffffff",
    key: "ffffffff ffffffff ffffffff ffffffff",
    answer: "2a881696 57012287 f6c7446e a16a6732",
  },
  {
    counter: "243f6a88 85a308d3 13198a2e 03707344",
    key: "a4093822 299f31d0 082efa98 ec4e6c89",
    answer: "59cd1dbb b8879579 86b5d00c ac8b6d84",
  },
];

describe("threefry", () => {
  it.each(KNOWN_ANSWERS)("gives the published words for key $key", ({ counter, key, answer }) => {
    expect(draw(expandKey(hex(key)), hex(counter))).toBe(answer);
  });
});

describe("expandSeed", () => {
  it("uses all 53 bits of a seed, in two words before those of the stream", () => {
    expect([...expandSeed(2 ** 53 - 1).subarray(0, 4)]).toEqual([-1, 2 ** 21 - 1, 0x61736961, 1]);
    const seeds = [0, 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 52, 2 ** 53 - 1];
    const draws = seeds.map((seed) => draw(expandSeed(seed), [0, 0, 0, 0]));
    expect(new Set(draws).size).toBe(seeds.length);
  });
});
