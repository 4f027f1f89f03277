// Races contenders fairly: each proves its output first, then they take turns, and medians are compared.

export interface Contender {
  readonly name: string;
  /** Does the work and checks what comes out. Throws WrongOutputError. */
  verify(): Promise<void>;
  /** Does the work once more, on other content where a result could be found again: a time or a rate. */
  measure(round: number): Promise<number>;
}

/** A contender computed something else: its time would mean nothing. */
export class WrongOutputError extends Error {
  override name = "WrongOutputError";
}

export interface RaceOptions {
  readonly rounds: number;
  /** No round is begun that would probably end later than this, but for the first. */
  readonly untilMs: number;
  readonly nowMs: () => number;
}

export class RaceResult {
  readonly rounds: number;
  readonly #values: ReadonlyMap<string, readonly number[]>;

  constructor(values: ReadonlyMap<string, readonly number[]>, rounds: number) {
    this.#values = values;
    this.rounds = rounds;
  }

  median(name: string): number {
    return median(this.#of(name));
  }

  /**
   * The median of the ratios round by round: a clock that drifts between rounds changes both values
   * of a round, and the medians of each alone more than their ratio.
   */
  ratio(over: string, under: string): number {
    const below = this.#of(under);
    return median(this.#of(over).map((value, round) => value / (below[round] ?? NaN)));
  }

  #of(name: string): readonly number[] {
    const values = this.#values.get(name);
    if (values === undefined) throw new Error(`Nobody called ${name} took part in the race.`);
    return values;
  }
}

/** Rejects with the first error of a contender; nothing is timed before all are verified. */
export async function race(
  contenders: readonly Contender[],
  options: RaceOptions,
): Promise<RaceResult> {
  for (const contender of contenders) await contender.verify();
  const values = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  const startMs = options.nowMs();
  let rounds = 0;
  while (rounds < options.rounds) {
    const nowMs = options.nowMs();
    const roundMs = rounds === 0 ? 0 : (nowMs - startMs) / rounds;
    if (rounds > 0 && nowMs + roundMs > options.untilMs) break;
    rounds += 1;
    // Whoever comes after another finds its caches, its heat and its garbage: places change.
    const order = rounds % 2 === 1 ? contenders : contenders.toReversed();
    for (const contender of order) {
      values.get(contender.name)?.push(await contender.measure(rounds));
    }
  }
  return new RaceResult(values, rounds);
}

/** The middle value, or the mean of the two middle ones; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}
