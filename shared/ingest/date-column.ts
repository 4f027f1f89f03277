// All dates of a table at once: which order they are written in, how they sort, what to call them.
import { parseDate, type DateGrain, type ParsedDate } from "./date-text.ts";
import type { DateOrder } from "./table-layout.ts";

export interface ResolvedDates {
  readonly order: DateOrder;
  /** True when day and month could be exchanged everywhere, so that the order is a mere guess. */
  readonly isAmbiguous: boolean;
  /** One a text, in the texts' order: what to sort by; NaN for a text that is no date. */
  readonly keys: Float64Array;
  /** One a text: "2017-01-03", with a time where there is one; "" for a text that is no date. */
  readonly labels: readonly string[];
}

type CalendarOrder = "ymd" | "dmy" | "mdy";

/** At least this share of the texts must be dates for the column to be read as dates. */
const DATES_SHARE_MIN = 0.8;
const LABEL_CHARS_MAX = 64;
const DAY_US = 86_400e6;

/** How well an order fits: how many texts it can read, and how often time would run backwards. */
interface Fit {
  readonly order: CalendarOrder;
  readonly parsed: readonly (ParsedDate | undefined)[];
  readonly count: number;
  readonly turns: number;
}

function fit(texts: readonly string[], order: CalendarOrder): Fit {
  const parsed = texts.map((text) => parseDate(text, order));
  let count = 0;
  let ups = 0;
  let downs = 0;
  let last: number | undefined;
  for (const date of parsed) {
    if (date === undefined) continue;
    count += 1;
    if (last !== undefined) {
      if (date.localUs > last) ups += 1;
      else downs += 1;
    }
    last = date.localUs;
  }
  return { order, parsed, count, turns: Math.min(ups, downs) };
}

/** The best order of the calendar; `prefersDayFirst` decides what the dates leave open. */
function bestFit(
  texts: readonly string[],
  prefersDayFirst: boolean,
): { readonly fit: Fit; readonly isAmbiguous: boolean } {
  const yearFirst = fit(texts, "ymd");
  if (yearFirst.count === texts.length) return { fit: yearFirst, isAmbiguous: false };
  const dayFirst = fit(texts, "dmy");
  const monthFirst = fit(texts, "mdy");
  const numeric = dayFirst.count >= monthFirst.count ? dayFirst : monthFirst;
  if (yearFirst.count >= numeric.count) return { fit: yearFirst, isAmbiguous: false };
  if (dayFirst.count !== monthFirst.count) return { fit: numeric, isAmbiguous: false };
  const isAmbiguous = dayFirst.turns === monthFirst.turns;
  const takesDay = isAmbiguous ? prefersDayFirst : dayFirst.turns < monthFirst.turns;
  return { fit: takesDay ? dayFirst : monthFirst, isAmbiguous };
}

/** Reads a column's distinct texts, in order of appearance, as dates. */
export function resolveDates(
  texts: readonly string[],
  order: DateOrder | "auto",
  prefersDayFirst: boolean,
): ResolvedDates {
  if (order === "number") return numberDates(texts);
  if (order === "text") return textDates(texts);
  if (order !== "auto") return calendarDates(fit(texts, order), false);
  const best = bestFit(texts, prefersDayFirst);
  if (best.fit.count >= DATES_SHARE_MIN * texts.length && texts.length > 0) {
    return calendarDates(best.fit, best.isAmbiguous);
  }
  const numbers = numberDates(texts);
  const areNumbers = numbers.keys.every((key) => !Number.isNaN(key));
  return areNumbers ? numbers : textDates(texts);
}

const shortLabel = (text: string): string => {
  const trimmed = text.trim();
  return trimmed.length <= LABEL_CHARS_MAX ? trimmed : `${trimmed.slice(0, LABEL_CHARS_MAX - 1)}…`;
};

function numberDates(texts: readonly string[]): ResolvedDates {
  const keys = Float64Array.from(texts, (text) =>
    /^\s*[+-]?\d+(?:[.,]\d+)?\s*$/.test(text) ? Number(text.replace(",", ".")) : Number.NaN,
  );
  return { order: "number", isAmbiguous: false, keys, labels: texts.map(shortLabel) };
}

/** Texts that are no dates keep the file's order. */
function textDates(texts: readonly string[]): ResolvedDates {
  const keys = Float64Array.from(texts, (_, i) => i);
  return { order: "text", isAmbiguous: false, keys, labels: texts.map(shortLabel) };
}

function calendarDates(best: Fit, isAmbiguous: boolean): ResolvedDates {
  const offsets = new Set<number | null>();
  for (const date of best.parsed) if (date?.grain === "time") offsets.add(date.offsetMinutes);
  // One zone for all is left out of the labels; several are brought to UTC and say so.
  const isMixed = offsets.size > 1;
  const keys = Float64Array.from(best.parsed, (date) => {
    if (date === undefined) return Number.NaN;
    return date.localUs - (isMixed ? (date.offsetMinutes ?? 0) * 60e6 : 0);
  });
  const label = labelStyle(best.parsed, keys, isMixed);
  const labels = Array.from(keys, (key) => (Number.isNaN(key) ? "" : label(key)));
  return { order: best.order, isAmbiguous, keys, labels };
}

/** How to write all labels of a column: as fine as its finest date, and no finer. */
function labelStyle(
  parsed: readonly (ParsedDate | undefined)[],
  keys: Float64Array,
  isUtc: boolean,
): (key: number) => string {
  const grains = new Set<DateGrain>();
  for (const date of parsed) if (date !== undefined) grains.add(date.grain);
  const iso = (key: number): string => new Date(Math.floor(key / 1_000)).toISOString();
  if (grains.size === 1 && grains.has("year")) return (key) => iso(key).slice(0, 4);
  if (grains.size === 1 && grains.has("month")) return (key) => iso(key).slice(0, 7);
  if (grains.size === 1 && grains.has("quarter")) {
    return (key) => `${iso(key).slice(0, 4)}-Q${Math.ceil(Number(iso(key).slice(5, 7)) / 3)}`;
  }
  const differs = (unitUs: number): boolean =>
    keys.some((key) => !Number.isNaN(key) && key % unitUs !== 0);
  if (!differs(DAY_US)) return (key) => iso(key).slice(0, 10);
  const end = isUtc ? "Z" : "";
  const upTo = differs(1e6) ? 23 : differs(60e6) ? 19 : 16;
  const micros = differs(1_000);
  return (key) => {
    const fine = micros ? String(((key % 1_000) + 1_000) % 1_000).padStart(3, "0") : "";
    return `${iso(key).slice(0, upTo).replace("T", " ")}${fine}${end}`;
  };
}
