// How late the page's timers fire: a machine with something else to do lets them wait.

const INTERVAL_MS = 250;
/** Five seconds: a single late timer, as after sleep, moves the median of twenty little. */
const SAMPLES = 20;
/** Finer differences are no news to anybody, and would be told every few seconds. */
const STEP_MS = 5;
/** Before this many the median says nothing. */
const SAMPLES_MIN = 8;

export interface LagMeter {
  /** Null while the page is hidden, whose timers are late on purpose, and for two seconds after. */
  readonly medianMs: number | null;
  close(): void;
}

/** Measures while the page is visible. */
export function createLagMeter(): LagMeter {
  const samples: number[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const closing = new AbortController();

  function sample(): void {
    const dueMs = performance.now() + INTERVAL_MS;
    timer = setTimeout(() => {
      samples.push(performance.now() - dueMs);
      if (samples.length > SAMPLES) samples.shift();
      sample();
    }, INTERVAL_MS);
  }

  const follow = (): void => {
    clearTimeout(timer);
    samples.length = 0;
    if (!document.hidden) sample();
  };
  document.addEventListener("visibilitychange", follow, { signal: closing.signal });
  follow();

  return {
    get medianMs() {
      if (samples.length < SAMPLES_MIN) return null;
      const sorted = samples.toSorted((a, b) => a - b);
      const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
      return Math.max(0, Math.round(median / STEP_MS) * STEP_MS);
    },
    close() {
      closing.abort();
      clearTimeout(timer);
    },
  };
}
