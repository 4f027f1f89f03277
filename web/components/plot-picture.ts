// What a plot shows, as plain data: axes, layers over the same places on x, and marked values.

export interface PlotAxis {
  /** Shown from the first to the second; above 0 where the axis is logarithmic. */
  readonly range: readonly [from: number, to: number];
  readonly isLog: boolean;
  /** Unix milliseconds: ticks stand at whole minutes and hours. */
  readonly isTime?: true;
  /** What it counts; null where the words beside the plot say so. */
  readonly label: string | null;
  /** Words for a tick; `step` is the distance of two ticks (0 on a logarithmic axis). */
  readonly tick: (value: number, step: number) => string;
}

export type PlotLayer =
  /**
   * Thin lines are many of a kind; a strong one is what the plot is about. Of two lines the second
   * is dashed, and blue where the first is not. A null is a gap.
   */
  | {
      readonly kind: "line";
      readonly values: readonly (number | null)[];
      readonly isThin?: true;
      readonly isSecond?: true;
    }
  | { readonly kind: "band"; readonly low: readonly number[]; readonly high: readonly number[] }
  /** Bars that begin at their place on x and end where the next one begins. */
  | { readonly kind: "bars"; readonly values: readonly number[] };

/** A value on one axis that everything else is compared with. */
interface PlotMark {
  readonly axis: "x" | "y";
  readonly value: number;
  readonly words: string;
}

export interface PlotPicture {
  readonly xs: readonly number[];
  readonly x: PlotAxis;
  readonly y: PlotAxis;
  readonly layers: readonly PlotLayer[];
  readonly marks: readonly PlotMark[];
}

/** Within a decade, the places that people count by. */
const EASY = [1, 2, 5];

/** Ticks of a logarithmic axis: at most about `countMax`, decades before parts of them. */
export function logTicks(from: number, to: number, countMax: number): number[] {
  const first = Math.floor(Math.log10(from));
  const last = Math.ceil(Math.log10(to));
  const within = (tick: number): boolean => tick >= from && tick <= to;
  const decades = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  const fine = decades
    .flatMap((decade) => EASY.map((part) => Number(`${part}e${decade}`)))
    .filter(within);
  if (fine.length <= countMax) return fine;
  for (let every = 1; every <= decades.length; every += 1) {
    const coarse = decades
      .filter((decade) => decade % every === 0)
      .map((decade) => Number(`1e${decade}`))
      .filter(within);
    if (coarse.length <= countMax) return coarse;
  }
  return [];
}

const MINUTE_MS = 60_000;
/** Minutes between ticks that clocks make easy. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1_440];

/** Ticks of an axis of Unix milliseconds: at most about `countMax`, at whole minutes. */
export function timeTicks(from: number, to: number, countMax: number): number[] {
  const steps = TIME_STEPS.map((minutes) => minutes * MINUTE_MS);
  const step = steps.find((ms) => (to - from) / ms <= Math.max(1, countMax)) ?? steps.at(-1) ?? 0;
  const ticks: number[] = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) ticks.push(tick);
  return ticks;
}

/** The smallest of 1, 2 or 5 times a power of ten that is not below `value` or `least`. */
export function roundMax(value: number, least: number): number {
  const wanted = Math.max(value, least);
  const decade = 10 ** Math.floor(Math.log10(wanted));
  // Sums of fractions end a little beside the number that they mean.
  const part = EASY.find((easy) => easy * decade >= wanted * (1 - 1e-9)) ?? 10;
  return part * decade;
}

/** Widens a range to both sides by a share of itself, and to at least `spanMin`. */
export function padded(
  [from, to]: readonly [number, number],
  share: number,
  spanMin: number,
): readonly [number, number] {
  const span = Math.max(to - from, spanMin);
  const middle = (from + to) / 2;
  return [middle - span * (0.5 + share), middle + span * (0.5 + share)];
}
