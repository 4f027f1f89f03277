// Paths in groups of four, a chunk of steps at a time: words, shocks, walks.
import { CHUNK_BLOCKS, LANES, OTHERS, STATE, SUMS } from "./layout";
import { makeShocks } from "./shocks";
import { drawWords, preparePaths } from "./threefry";
import { startLogWalk, startMirror, startWalk, walk, walkLog, walkMirror } from "./walk";

// As CONTROL_CODES in wasm-engine.ts.
const ANTITHETIC: i32 = 1;
const GEOMETRIC: i32 = 2;

/**
 * Simulates `paths` paths, at most 4,096 and rounded up to a multiple of four, from number `high` · 2^32 +
 * `low` on, where `low` + `paths` does not exceed 2^32. Writes each path's sum of prices, and its mirror's
 * (antithetic) or the sum over its logarithm's walk without drift (geometric).
 */
export function simulate(
  base: usize,
  control: i32,
  low: i32,
  high: i32,
  paths: i32,
  steps: i32,
): void {
  for (let path = 0; path < paths; path += LANES) {
    preparePaths(base, low + path, high);
    startWalk(base);
    if (control == ANTITHETIC) startMirror(base);
    else if (control == GEOMETRIC) startLogWalk(base);
    for (let step = 0; step < steps; step += 4 * CHUNK_BLOCKS) {
      const length = min(4 * CHUNK_BLOCKS, steps - step);
      // Words are drawn for two blocks at once.
      const blocks = ((length + 7) >> 3) << 1;
      const right = (<usize>blocks) << 6;
      drawWords(base, step >> 2, blocks);
      makeShocks(base, blocks);
      walk(base, length, right);
      if (control == ANTITHETIC) walkMirror(base, length, right);
      else if (control == GEOMETRIC) walkLog(base, length, right);
    }
    const out = base + ((<usize>path) << 3);
    v128.store(out, v128.load(base, STATE + 32), SUMS);
    v128.store(out, v128.load(base, STATE + 48), SUMS + 16);
    v128.store(out, v128.load(base, STATE + 96), OTHERS);
    v128.store(out, v128.load(base, STATE + 112), OTHERS + 16);
  }
}
