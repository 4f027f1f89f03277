// The engine without WebAssembly: the same bits, path by path, several times slower.
// Hot loops over typed arrays: an index in range is the loops' own condition, hence `as number`.
import { BATCH_PATHS } from "../../monte-carlo/asian-option.ts";
import { createTurns, normalPair, scaleLogarithm } from "./normals-core.ts";
import { expandSeed, threefry } from "./threefry-core.ts";
import { type WalkEngine, type WalkRequest, stepOf } from "./walk-engine.ts";

export function createTypescriptWalkEngine(): WalkEngine {
  const prices = new Float64Array(BATCH_PATHS);
  const others = new Float64Array(BATCH_PATHS);
  let turns: Float64Array | null = null;
  return {
    simulate(request) {
      turns ??= createTurns();
      const { option, paths, firstPath } = request;
      const { growth, variance } = stepOf(option);
      const scaled = scaleLogarithm(variance);
      const keys = expandSeed(request.seed);
      const steps = option.points - 1;
      const shocks = new Float64Array(Math.ceil(steps / 4) * 4);
      for (let path = 0; path < paths; path += 1) {
        fillShocks(shocks, firstPath + path, keys, scaled, turns);
        prices[path] = sumPrices(shocks, steps, option.s0, growth, 1);
        others[path] = sumOther(request, shocks, growth);
      }
      return { prices, others };
    },
  };
}

/** The shocks of one path: four a block of the generator. */
export function fillShocks(
  shocks: Float64Array,
  path: number,
  keys: Int32Array,
  scaled: Float64Array,
  turns: Float64Array,
): void {
  const words = new Int32Array(4);
  const high = Math.floor(path / 2 ** 32);
  for (let at = 0; at < shocks.length; at += 4) {
    threefry(words, keys, path | 0, high, at >> 2, 0);
    normalPair(shocks, at, words[0] as number, words[1] as number, scaled, turns);
    normalPair(shocks, at + 2, words[2] as number, words[3] as number, scaled, turns);
  }
}

function sumOther({ control, option }: WalkRequest, shocks: Float64Array, growth: number): number {
  const steps = option.points - 1;
  if (control === "antithetic") return sumPrices(shocks, steps, option.s0, growth, -1);
  return control === "geometric" ? sumLevels(shocks, steps) : 0;
}

function sumPrices(
  shocks: Float64Array,
  steps: number,
  s0: number,
  growth: number,
  sign: 1 | -1,
): number {
  let price = s0;
  let sum = s0;
  for (let step = 0; step < steps; step += 1) {
    price *= growth + sign * (shocks[step] as number);
    sum += price;
  }
  return sum;
}

function sumLevels(shocks: Float64Array, steps: number): number {
  let level = 0;
  let sum = 0;
  for (let step = 0; step < steps; step += 1) {
    level += shocks[step] as number;
    sum += level;
  }
  return sum;
}
