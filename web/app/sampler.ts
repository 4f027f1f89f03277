// Lets bursts of changes through a few times a second: the first at once, the last always.

/** The clock and timer that a sampler needs, given by the caller so that tests can. */
export interface SamplerTimers {
  nowMs(): number;
  /** Calls once after the delay; the answer takes the call back. */
  after(delayMs: number, call: () => void): () => void;
}

export interface Sampler {
  /** Says that something changed; publishes now or as soon as the interval allows. */
  request(): void;
  close(): void;
}

export const browserTimers: SamplerTimers = {
  nowMs: () => performance.now(),
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Figures roll four times a second at most: faster than that nobody can read them. */
const FIGURES_INTERVAL_MS = 250;

export function createSampler(
  publish: () => void,
  timers: SamplerTimers = browserTimers,
  intervalMs: number = FIGURES_INTERVAL_MS,
): Sampler {
  let lastMs = Number.NEGATIVE_INFINITY;
  let cancelPending: (() => void) | null = null;
  let isClosed = false;

  const publishNow = (): void => {
    cancelPending = null;
    lastMs = timers.nowMs();
    publish();
  };

  return {
    request() {
      if (isClosed || cancelPending !== null) return;
      const waitMs = lastMs + intervalMs - timers.nowMs();
      if (waitMs <= 0) publishNow();
      else cancelPending = timers.after(waitMs, publishNow);
    },
    close() {
      isClosed = true;
      cancelPending?.();
      cancelPending = null;
    },
  };
}
