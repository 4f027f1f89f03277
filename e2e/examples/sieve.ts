// The sieve of Eratosthenes over one segment of the numbers; used by primes.ts.

/** How many primes there are from `from` up to, and without, `to`. */
export function countPrimes(from: number, to: number): number {
  const isComposite = new Uint8Array(Math.max(0, to - from));
  for (const prime of primesUpTo(Math.floor(Math.sqrt(to)))) {
    const first = Math.max(prime * prime, Math.ceil(from / prime) * prime);
    for (let multiple = first; multiple < to; multiple += prime) isComposite[multiple - from] = 1;
  }
  let count = 0;
  for (let n = Math.max(2, from); n < to; n += 1) if (isComposite[n - from] === 0) count += 1;
  return count;
}

function primesUpTo(last: number): number[] {
  const primes: number[] = [];
  for (let n = 2; n <= last; n += 1) {
    if (primes.every((prime) => prime * prime > n || n % prime !== 0)) primes.push(n);
  }
  return primes;
}
