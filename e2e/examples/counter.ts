// An actor: an object that lives in one thread of one worker, and is called from here.
//   npx tabswarm run e2e/examples/counter.ts

class Counter {
  #count: number;

  constructor(start: number) {
    this.#count = start;
  }

  add(amount: number): number {
    this.#count += amount;
    return this.#count;
  }

  // With these two the counter comes back on another machine when its own is lost.
  checkpoint(): number {
    return this.#count;
  }

  restore(count: number): void {
    this.#count = count;
  }
}

const counter = await cluster.actor(Counter, 10);
// Calls run in order, one at a time; they need not be awaited one by one.
const counts = await Promise.all([1, 2, 3].map((amount) => counter.add(amount)));
console.log(`The counter went ${counts.join(", ")}`);
