// How fast a job goes and how long it will take, from what was done in the last seconds.

export interface Estimate {
  /** Of the whole job a second, 0 to 1. */
  readonly sharePerSecond: number;
  readonly leftMs: number;
}

interface Sample {
  readonly atMs: number;
  readonly share: number;
}

/** Long enough to smooth tiles that end together, short enough to notice a machine that joins. */
const WINDOW_MS = 20_000;
/** An estimate from less than this would only be noise. */
const SPAN_MIN_MS = 1_500;

export class ProgressEstimator {
  #samples: Sample[] = [];

  /** Notes that `share` (0 to 1) of the job is done at this time. */
  note(share: number, atMs: number): void {
    const last = this.#samples.at(-1);
    // Only changes count: a view that repeats itself says nothing about speed.
    if (last !== undefined && last.share === share) return;
    // Work that was lost and is done again: the speed before says nothing about the speed now.
    if (last !== undefined && share < last.share) this.#samples = [];
    this.#samples.push({ atMs, share });
    const from = this.#samples.findIndex((sample) => sample.atMs >= atMs - WINDOW_MS);
    // One sample from before the window keeps slow jobs measurable.
    if (from > 1) this.#samples.splice(0, from - 1);
  }

  /** Forgets everything: after a pause, the time that passed is no work. */
  reset(): void {
    this.#samples = [];
  }

  /** Null while too little was seen. */
  estimate(nowMs: number): Estimate | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.share <= first.share) return null;
    // Time without progress counts once it is longer than the usual time between two samples.
    const usualMs = (last.atMs - first.atMs) / (this.#samples.length - 1);
    const endMs = Math.max(last.atMs, nowMs - usualMs);
    const spanMs = endMs - first.atMs;
    if (spanMs < SPAN_MIN_MS) return null;
    const perMs = (last.share - first.share) / spanMs;
    return { sharePerSecond: perMs * 1_000, leftMs: (1 - last.share) / perMs };
  }
}
