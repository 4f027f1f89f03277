// Prices an Asian option by random walks, as a lazy graph: many simulations, and one mean of them all.
//   npx tabswarm run e2e/examples/monte-carlo.ts -- 10000
import { lazy } from "tabswarm/client";

const paths = Number(process.argv[2] ?? 10_000);
const tasks = 20;

/** The mean payoff of so many paths of 1,460 days; the seed makes it the same wherever it runs. */
const simulate = lazy((seed: number, count: number): number => {
  const [s0, mu, sigma, strike, points] = [100, 0.02, 0.2, 100, 1_460];
  const step = 1 / 365;
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  let payoffs = 0;
  for (let path = 0; path < count; path += 1) {
    let price = s0;
    let sum = s0;
    for (let point = 1; point < points; point += 1) {
      price *= 1 + mu * step + sigma * Math.sqrt(step) * normal();
      sum += price;
    }
    payoffs += Math.max(0, sum / points - strike);
  }
  return payoffs / count;
});
const mean = lazy((values: number[]): number => {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
});

// Nothing runs until `compute`, which sends the whole graph at once; only the mean comes back.
const simulations = Array.from({ length: tasks }, (_, at) =>
  simulate(at * 7_919 + 1, paths / tasks),
);
const job = await cluster.compute([mean(simulations)], { title: "Asian option" });
const [price = Number.NaN] = await job.results();
console.log(`The option is worth ${price.toFixed(2)}, from ${paths} paths`);
