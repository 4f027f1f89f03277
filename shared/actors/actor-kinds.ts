// The kinds of actors that come with every page: trusted code, so no sandbox and no consent is needed.

/** What a kind is made of. Methods whose names begin with "_" cannot be called from outside. */
export type ActorKind = new (init: never) => object;

/** Counts; the smallest actor that there is, for measuring and for trying out. */
class Counter {
  #value: number;

  constructor(init: number | null) {
    this.#value = init ?? 0;
  }

  add(amount = 1): number {
    this.#value += amount;
    return this.#value;
  }

  value(): number {
    return this.#value;
  }

  checkpoint(): number {
    return this.#value;
  }

  restore(value: number): void {
    this.#value = value;
  }
}

/** By "name@version": whatever changes what a checkpoint means is a new version. */
const KINDS: ReadonlyMap<string, ActorKind> = new Map([["counter@1", Counter]]);

export const builtInActor = (name: string): ActorKind | undefined => KINDS.get(name);
