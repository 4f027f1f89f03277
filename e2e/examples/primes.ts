// Counts the primes below a bound, segment by segment, and tells of each segment as it comes.
//   npx tabswarm run e2e/examples/primes.ts -- 10000000
import { asCompleted } from "tabswarm/client";

const bound = Number(process.argv[2] ?? 2_000_000);
const segment = Math.ceil(bound / 16);

// The sieve is in a file of its own; `load` bundles it with all that it imports.
const { countPrimes } = await cluster.load<typeof import("./sieve.ts")>("./sieve.ts");

const starts = Array.from({ length: 16 }, (_, at) => at * segment);
const futures = starts.map((from) =>
  cluster.submit(countPrimes, from, Math.min(bound, from + segment)),
);
let total = 0;
for await (const future of asCompleted(futures)) total += await future.result();
console.log(`${total} primes below ${bound}`);
