// The walks: what four paths' prices become by the shocks of a chunk, one function for each control.
// Shocks are one vector a step for paths 0 and 1, and `right` bytes further for paths 2 and 3.
import { FIRST_PRICE, GROWTH, SHOCKS, STATE } from "./layout";

/** Prices and their sums, both starting with the first price. */
export function startWalk(base: usize): void {
  const first = v128.load(base, FIRST_PRICE);
  for (let i: usize = 0; i < 64; i += 16) v128.store(base + i, first, STATE);
}

/** The mirrored paths start likewise. */
export function startMirror(base: usize): void {
  const first = v128.load(base, FIRST_PRICE);
  for (let i: usize = 64; i < 128; i += 16) v128.store(base + i, first, STATE);
}

/** The walk of the logarithm, without its drift, and the sum over its points. */
export function startLogWalk(base: usize): void {
  for (let i: usize = 64; i < 128; i += 16) v128.store(base + i, i64x2.splat(0), STATE);
}

/** price ← price · (growth + shock); sum ← sum + price. */
export function walk(base: usize, steps: i32, right: usize): void {
  const growth = v128.load(base, GROWTH);
  let price0 = v128.load(base, STATE);
  let price1 = v128.load(base, STATE + 16);
  let sum0 = v128.load(base, STATE + 32);
  let sum1 = v128.load(base, STATE + 48);
  const end = base + ((<usize>steps) << 4);
  for (let at = base; at < end; at += 16) {
    price0 = f64x2.mul(price0, f64x2.add(growth, v128.load(at, SHOCKS)));
    price1 = f64x2.mul(price1, f64x2.add(growth, v128.load(at + right, SHOCKS)));
    sum0 = f64x2.add(sum0, price0);
    sum1 = f64x2.add(sum1, price1);
  }
  v128.store(base, price0, STATE);
  v128.store(base, price1, STATE + 16);
  v128.store(base, sum0, STATE + 32);
  v128.store(base, sum1, STATE + 48);
}

/** The same with the shocks' signs turned, on the other half of the state. */
export function walkMirror(base: usize, steps: i32, right: usize): void {
  const growth = v128.load(base, GROWTH);
  let price0 = v128.load(base, STATE + 64);
  let price1 = v128.load(base, STATE + 80);
  let sum0 = v128.load(base, STATE + 96);
  let sum1 = v128.load(base, STATE + 112);
  const end = base + ((<usize>steps) << 4);
  for (let at = base; at < end; at += 16) {
    price0 = f64x2.mul(price0, f64x2.sub(growth, v128.load(at, SHOCKS)));
    price1 = f64x2.mul(price1, f64x2.sub(growth, v128.load(at + right, SHOCKS)));
    sum0 = f64x2.add(sum0, price0);
    sum1 = f64x2.add(sum1, price1);
  }
  v128.store(base, price0, STATE + 64);
  v128.store(base, price1, STATE + 80);
  v128.store(base, sum0, STATE + 96);
  v128.store(base, sum1, STATE + 112);
}

/** level ← level + shock; sum ← sum + level: n times the logarithm of the geometric average, but drift. */
export function walkLog(base: usize, steps: i32, right: usize): void {
  let level0 = v128.load(base, STATE + 64);
  let level1 = v128.load(base, STATE + 80);
  let sum0 = v128.load(base, STATE + 96);
  let sum1 = v128.load(base, STATE + 112);
  const end = base + ((<usize>steps) << 4);
  for (let at = base; at < end; at += 16) {
    level0 = f64x2.add(level0, v128.load(at, SHOCKS));
    level1 = f64x2.add(level1, v128.load(at + right, SHOCKS));
    sum0 = f64x2.add(sum0, level0);
    sum1 = f64x2.add(sum1, level1);
  }
  v128.store(base, level0, STATE + 64);
  v128.store(base, level1, STATE + 80);
  v128.store(base, sum0, STATE + 96);
  v128.store(base, sum1, STATE + 112);
}
