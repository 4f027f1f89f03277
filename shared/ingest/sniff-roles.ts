// Which column plays which part: long or wide, and where dates, series' names and values are.
import { columnTitle } from "./sniff-header.ts";
import type { ColumnProfile } from "./column-profile.ts";

export interface Roles {
  readonly layout: "long" | "wide";
  readonly dateColumn: number | null;
  readonly timeColumn: number | null;
  readonly seriesColumn: number | null;
  readonly valueColumn: number | null;
  readonly ignoredColumns: readonly number[];
  /** Sentences that say why. */
  readonly reasons: readonly string[];
}

/** Roles that a person has fixed already. */
export interface FixedRoles {
  readonly layout?: "long" | "wide";
  readonly dateColumn?: number | null;
  readonly timeColumn?: number | null;
  readonly seriesColumn?: number;
  readonly valueColumn?: number;
  readonly ignoredColumns?: readonly number[];
}

const DATE_NAMES = [
  /^(?:date|datum|ds)$/i,
  /date|datum|day|timestamp/i,
  /time|period|month|year|jahr/i,
];
const SERIES_NAMES = [
  /^(?:series|symbol|ticker|name|sym)$/i,
  /symbol|ticker|series|instrument|asset|isin|stock/i,
  /^(?:currency|country|sensor|station|variable|item|code|key|id|permno|entity|region|store)$/i,
  /name|sensor|station|currency|country|code|[ _-]id$|^id[ _-]|permno/i,
];
const VALUE_NAMES = [
  /^close$/i,
  /^adj(?:usted)?[ ._-]*close$/i,
  /^price$/i,
  /^value$/i,
  /close/i,
  /price/i,
  /value|wert/i,
  /rate/i,
  /^last$|level|amount|measure|reading|return/i,
];
/** More numeric columns than this next to one constant text make a wide table with a remark. */
const LONG_VALUES_MAX = 12;
/** Dates that appear this much more often than once belong to several series. */
const REPEATS_MIN = 1.1;

const title = (profile: ColumnProfile): string => `“${columnTitle(profile.name, profile.index)}”`;

/** The position of the first pattern that fits, or patterns.length. */
function rank(name: string, patterns: readonly RegExp[]): number {
  const found = patterns.findIndex((pattern) => pattern.test(name.trim()));
  return found === -1 ? patterns.length : found;
}

function bestNamed(
  profiles: readonly ColumnProfile[],
  patterns: readonly RegExp[],
): ColumnProfile | undefined {
  return profiles.toSorted((a, b) => rank(a.name, patterns) - rank(b.name, patterns))[0];
}

type Records = readonly (readonly string[])[];

const distinctPairs = (records: Records, one: number, other: number, time: number | null): number =>
  new Set(
    records.map((cells) => {
      const moment = time === null ? "" : (cells[time] ?? "");
      return `${cells[one] ?? ""}\n${moment}\n${cells[other] ?? ""}`;
    }),
  ).size;

/** A first column without a name that only counts the rows, as R and pandas write it. */
function isRowNumber(profile: ColumnProfile): boolean {
  return profile.countsRows && /^(?:|unnamed: 0|index|row|#)$/i.test(profile.name.trim());
}

function guessDateColumn(
  profiles: readonly ColumnProfile[],
  rows: number,
): ColumnProfile | undefined {
  const dates = profiles.filter((profile) => profile.kind === "date");
  if (dates.length > 0) return bestNamed(dates, DATE_NAMES);
  // Row names: texts without a header's name, each once, stand for dates that we cannot read.
  const first = profiles[0];
  const areRowNames =
    first !== undefined &&
    first.kind === "text" &&
    first.name === "" &&
    first.distinct === rows &&
    rows > 1;
  return areRowNames ? first : undefined;
}

function guessSeriesColumn(
  profiles: readonly ColumnProfile[],
  records: Records,
  date: ColumnProfile,
  time: number | null,
): ColumnProfile | undefined {
  const dates = distinctPairs(records, date.index, date.index, time);
  const repeats = records.length / Math.max(1, dates);
  const numbers = profiles.filter((profile) => profile.kind === "number");
  const texts = profiles.filter(
    (profile) => profile.kind === "text" && profile.index !== date.index && profile.index !== time,
  );
  if (repeats < REPEATS_MIN) {
    // Every date once: still long when the sample ends within the first series of a sorted file.
    const constant = texts.filter((profile) => profile.distinct === 1);
    const named = bestNamed(constant, SERIES_NAMES);
    const isNamed = named !== undefined && rank(named.name, SERIES_NAMES) < SERIES_NAMES.length;
    return isNamed && numbers.length > 0 && numbers.length <= LONG_VALUES_MAX ? named : undefined;
  }
  const numericNames = numbers.filter(
    (profile) => profile.areIntegers && rank(profile.name, SERIES_NAMES) < SERIES_NAMES.length,
  );
  const keyed = [...texts, ...numericNames].filter(
    (profile) =>
      profile.distinct >= 1 &&
      // Together with the date it has to name nearly every row; a date published twice is allowed.
      distinctPairs(records, date.index, profile.index, time) > 1.05 * dates &&
      numbers.some((number) => number.index !== profile.index),
  );
  const pairs = (profile: ColumnProfile): number =>
    distinctPairs(records, date.index, profile.index, time);
  const most = Math.max(0, ...keyed.map(pairs));
  return bestNamed(
    keyed.filter((profile) => pairs(profile) >= 0.9 * most),
    SERIES_NAMES,
  );
}

function longRoles(
  profiles: readonly ColumnProfile[],
  date: ColumnProfile | undefined,
  time: number | null,
  series: ColumnProfile | undefined,
  fixedValue: number | undefined,
): Roles {
  const values = profiles.filter(
    (profile) =>
      (profile.kind === "number" || profile.kind === "empty") &&
      profile.index !== date?.index &&
      profile.index !== series?.index &&
      profile.index !== time &&
      !isRowNumber(profile),
  );
  const named = bestNamed(values, VALUE_NAMES);
  const isNamed = named !== undefined && rank(named.name, VALUE_NAMES) < VALUE_NAMES.length;
  const value = fixedValue === undefined ? (isNamed ? named : values.at(-1)) : profiles[fixedValue];
  const reasons = [
    `Long: each row has one value of one series${series === undefined ? "" : `, named in ${title(series)}`}.`,
  ];
  if (value !== undefined && fixedValue === undefined && values.length > 1) {
    reasons.push(
      `${values.length} columns have numbers; ${title(value)} is taken ${isNamed ? "by its name" : "as the last one"}.`,
    );
  }
  return {
    layout: "long",
    dateColumn: date?.index ?? null,
    timeColumn: time,
    seriesColumn: series?.index ?? null,
    valueColumn: value?.index ?? null,
    ignoredColumns: [],
    reasons,
  };
}

function wideRoles(
  profiles: readonly ColumnProfile[],
  date: ColumnProfile | undefined,
  time: number | null,
  fixedIgnored: readonly number[] | undefined,
): Roles {
  const ignored =
    fixedIgnored ??
    profiles
      .filter(
        (profile) =>
          profile.index !== date?.index &&
          profile.index !== time &&
          (profile.kind === "text" ||
            profile.kind === "date" ||
            profile.kind === "time" ||
            (profile.kind === "empty" && profile.name === "") ||
            (profile.index === 0 && isRowNumber(profile))),
      )
      .map((profile) => profile.index);
  const reasons = ["Wide: each column of numbers is one series, each row one date."];
  if (date === undefined) {
    reasons.push("No column holds dates, so the rows are numbered instead.");
    const dated = profiles.filter((profile) => /^\d{4}-\d{2}(?:-\d{2})?$/.test(profile.name));
    if (dated.length > profiles.length / 2) {
      reasons.push("The columns' names look like dates: perhaps the table should be transposed.");
    }
  }
  return {
    layout: "wide",
    dateColumn: date?.index ?? null,
    timeColumn: time,
    seriesColumn: null,
    valueColumn: null,
    ignoredColumns: ignored.filter((index) => index !== date?.index && index !== time),
    reasons,
  };
}

/** Guesses all roles that are not fixed. `records` are data only. */
export function guessRoles(
  profiles: readonly ColumnProfile[],
  records: Records,
  fixed: FixedRoles,
): Roles {
  const date =
    fixed.dateColumn === undefined
      ? guessDateColumn(
          profiles.filter((profile) => profile.index !== fixed.seriesColumn),
          records.length,
        )
      : fixed.dateColumn === null
        ? undefined
        : profiles[fixed.dateColumn];
  const firstTime = profiles.find((profile) => profile.kind === "time");
  const time =
    fixed.timeColumn === undefined
      ? date && firstTime
        ? firstTime.index
        : null
      : fixed.timeColumn;
  const isLongFixed =
    fixed.layout === "long" ||
    (fixed.layout === undefined &&
      (fixed.seriesColumn !== undefined || fixed.valueColumn !== undefined));
  if (fixed.layout === "wide") return wideRoles(profiles, date, time, fixed.ignoredColumns);
  let series = fixed.seriesColumn === undefined ? undefined : profiles[fixed.seriesColumn];
  if (series === undefined && date !== undefined) {
    series = guessSeriesColumn(profiles, records, date, time);
  }
  if (series === undefined && isLongFixed) {
    const others = profiles.filter(
      (profile) =>
        profile.index !== date?.index &&
        profile.index !== fixed.valueColumn &&
        !isRowNumber(profile) &&
        profile.kind !== "empty",
    );
    series = bestNamed(
      others.filter((profile) => profile.kind === "text"),
      SERIES_NAMES,
    );
    series ??= bestNamed(others, SERIES_NAMES);
  }
  if (series !== undefined || isLongFixed) {
    return longRoles(profiles, date, time, series, fixed.valueColumn);
  }
  return wideRoles(profiles, date, time, fixed.ignoredColumns);
}
