// Ticks of a time axis: round times of the person's own clock, as many as there is room for.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Steps that clocks are read by, in milliseconds. */
const STEPS_MS = [
  0.01,
  0.02,
  0.05,
  0.1,
  0.2,
  0.5,
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  DAY,
];

export interface TimeTicks {
  readonly stepMs: number;
  readonly timesMs: readonly number[];
}

/**
 * Times from `fromMs` to `toMs` at most `countMax` apart from each other's room; hours and days are
 * those of the zone that is `zoneMs` ahead of UTC.
 */
export function timeTicks(
  fromMs: number,
  toMs: number,
  countMax: number,
  zoneMs: number,
): TimeTicks {
  const spanMs = toMs - fromMs;
  const roomy = STEPS_MS.find((step) => spanMs / step <= countMax);
  const stepMs = roomy ?? DAY * Math.ceil(spanMs / DAY / countMax);
  const first = Math.ceil((fromMs + zoneMs) / stepMs);
  const timesMs: number[] = [];
  for (let tick = first; tick * stepMs - zoneMs <= toMs; tick += 1) {
    timesMs.push(tick * stepMs - zoneMs);
  }
  return { stepMs, timesMs };
}
