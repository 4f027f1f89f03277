// One date as text to an instant: the formats that tables use, for a given order of day and month.

/** The finest part that the text names; labels show no more than that. */
export type DateGrain = "year" | "quarter" | "month" | "day" | "time";

export interface ParsedDate {
  /** Microseconds since 1970-01-01 00:00 of the clock that the text shows, zone left aside. */
  readonly localUs: number;
  /** What that clock is ahead of UTC, or null when the text names no zone. */
  readonly offsetMinutes: number | null;
  readonly grain: DateGrain;
}

const NUMERIC = /^(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})$/;
const COMPACT = /^(\d{4})(\d{2})(\d{2})(?:[T_ ]?(\d{2})(\d{2})(\d{2})?(Z?))?$/;
const DAY_MONTH_NAME =
  /^(?:[A-Za-z]{3,9},?\s+)?(\d{1,2})[-\s/.]*([A-Za-z]{3,9})[-\s/.,]*(\d{4}|\d{2})$/;
const MONTH_NAME_DAY = /^(?:[A-Za-z]{3,9},?\s+)?([A-Za-z]{3,9})\.?[-\s]+(\d{1,2}),?[-\s]+(\d{4})$/;
const MONTH_NAME_YEAR = /^([A-Za-z]{3,9})\.?[-\s,]+(\d{4})$/;
const YEAR_MONTH = /^(\d{4})(?:[-/]|-?[Mm])(\d{1,2})$/;
const YEAR_QUARTER = /^(\d{4})[-\s]?[Qq]([1-4])$/;
const YEAR = /^\d{4}$/;
/** Splits a time of day off: "T" or blanks, then hours and minutes. */
const WITH_TIME = /^(.*?[\dA-Za-z])(?:T|,?\s+)(\d{1,2}[:.]\d{2}(?![\d.]*[-/]).*)$/;
const TIME =
  /^(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp]\.?[Mm]\.?)?\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$/;
const ZONE_AFTER_DATE = /^(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2})$/;

const MONTHS =
  "january february march april may june july august september october november december".split(
    " ",
  );

/** 1 to 12 for an English name or its first letters; 0 for anything else. */
const monthOfName = (name: string): number =>
  MONTHS.findIndex((month) => month.startsWith(name.toLowerCase())) + 1;

/** Two digits mean 1969 to 2068, as POSIX has it. */
function fullYear(text: string): number {
  const year = Number(text);
  if (text.length === 4) return year;
  if (text.length !== 2) return Number.NaN;
  return year >= 69 ? 1900 + year : 2000 + year;
}

/** Midnight of a day, or undefined when the calendar has no such day. */
function dayUs(year: number, month: number, day: number): number | undefined {
  if (!(year >= 1000 && year <= 9999 && month >= 1 && month <= 12 && day >= 1)) return undefined;
  const ms = Date.UTC(year, month - 1, day);
  return new Date(ms).getUTCDate() === day ? ms * 1_000 : undefined;
}

interface Day {
  readonly us: number;
  readonly grain: DateGrain;
}

function dayOf(year: number, month: number, day: number, grain: DateGrain): Day | undefined {
  const us = dayUs(year, month, day);
  return us === undefined ? undefined : { us, grain };
}

function parseNumericDay(match: RegExpExecArray, order: "ymd" | "dmy" | "mdy"): Day | undefined {
  const [, first = "", , second = "", third = ""] = match;
  if (first.length === 4) return dayOf(Number(first), Number(second), Number(third), "day");
  if (first.length > 2 || order === "ymd") return undefined;
  const [day, month] = order === "dmy" ? [first, second] : [second, first];
  return dayOf(fullYear(third), Number(month), Number(day), "day");
}

function parseDay(text: string, order: "ymd" | "dmy" | "mdy"): Day | undefined {
  const numeric = NUMERIC.exec(text);
  if (numeric !== null) return parseNumericDay(numeric, order);
  const compact = COMPACT.exec(text);
  if (compact !== null) {
    return dayOf(Number(compact[1]), Number(compact[2]), Number(compact[3]), "day");
  }
  const dayFirst = DAY_MONTH_NAME.exec(text);
  if (dayFirst !== null) {
    const [, day = "", month = "", year = ""] = dayFirst;
    return dayOf(fullYear(year), monthOfName(month), Number(day), "day");
  }
  const monthFirst = MONTH_NAME_DAY.exec(text);
  if (monthFirst !== null) {
    const [, month = "", day = "", year = ""] = monthFirst;
    return dayOf(fullYear(year), monthOfName(month), Number(day), "day");
  }
  return parseCoarseDay(text);
}

function parseCoarseDay(text: string): Day | undefined {
  const named = MONTH_NAME_YEAR.exec(text);
  if (named !== null) return dayOf(Number(named[2]), monthOfName(named[1] ?? ""), 1, "month");
  if (YEAR.test(text)) return dayOf(Number(text), 1, 1, "year");
  const month = YEAR_MONTH.exec(text);
  if (month !== null) return dayOf(Number(month[1]), Number(month[2]), 1, "month");
  const quarter = YEAR_QUARTER.exec(text);
  if (quarter !== null) return dayOf(Number(quarter[1]), 3 * Number(quarter[2]) - 2, 1, "quarter");
  return undefined;
}

/** Minutes ahead of UTC; null when the text names no zone. */
function zoneMinutes(zone: string | undefined): number | null {
  if (zone === undefined || zone === "") return null;
  const digits = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone);
  if (digits === null) return 0;
  return (digits[1] === "-" ? -1 : 1) * (60 * Number(digits[2]) + Number(digits[3] ?? 0));
}

interface TimeOfDay {
  readonly us: number;
  readonly offsetMinutes: number | null;
}

function parseTime(text: string): TimeOfDay | undefined {
  const match = TIME.exec(text.trim());
  if (match === null) return undefined;
  const [, hourText, minutes, seconds = "0", fraction = "", half, zone] = match;
  let hours = Number(hourText);
  if (half !== undefined) {
    if (hours < 1 || hours > 12) return undefined;
    hours = (hours % 12) + (half.toLowerCase().startsWith("p") ? 12 : 0);
  }
  if (hours > 24 || Number(minutes) > 59 || Number(seconds) > 60) return undefined;
  const wholeSeconds = 3_600 * hours + 60 * Number(minutes) + Number(seconds);
  const fractionUs = Number(fraction.slice(0, 6).padEnd(6, "0"));
  return { us: wholeSeconds * 1e6 + fractionUs, offsetMinutes: zoneMinutes(zone) };
}

/** True for a text that is a time of day and nothing else. */
export const isTimeText = (text: string): boolean => parseTime(text) !== undefined;

/**
 * Reads a date, with a time of day and a zone if there is one; undefined when it is none. Texts
 * that name the year first, or the month by its English name, mean the same in every order.
 */
export function parseDate(text: string, order: "ymd" | "dmy" | "mdy"): ParsedDate | undefined {
  const trimmed = text.trim();
  // The shortest date is a year; the longest has a weekday, a month's name, a time and a zone.
  if (trimmed.length < 4 || trimmed.length > 60) return undefined;
  const plain = parseDay(trimmed, order);
  if (plain !== undefined) return withCompactTime(trimmed, plain);
  const zoned = ZONE_AFTER_DATE.exec(trimmed);
  if (zoned !== null) {
    const day = parseDay(zoned[1] ?? "", order);
    return day && { localUs: day.us, offsetMinutes: zoneMinutes(zoned[2]), grain: "day" };
  }
  const split = WITH_TIME.exec(trimmed);
  if (split === null) return undefined;
  const day = parseDay(split[1] ?? "", order);
  const time = parseTime(split[2] ?? "");
  if (day === undefined || time === undefined || day.grain !== "day") return undefined;
  return { localUs: day.us + time.us, offsetMinutes: time.offsetMinutes, grain: "time" };
}

/** "20170103T101500": digits only, so that the time belongs to the same pattern as the day. */
function withCompactTime(text: string, day: Day): ParsedDate | undefined {
  const [, , , , hours, minutes, seconds, zone] = COMPACT.exec(text) ?? [];
  if (hours === undefined) return { localUs: day.us, offsetMinutes: null, grain: day.grain };
  const time = parseTime(`${hours}:${minutes}:${seconds ?? "00"}${zone ?? ""}`);
  if (time === undefined) return undefined;
  return { localUs: day.us + time.us, offsetMinutes: time.offsetMinutes, grain: "time" };
}
