// What the cells of each column look like in a sample: the evidence from which roles are guessed.
import { parseDate } from "./date-text.ts";
import { isTimeText } from "./date-text.ts";
import { isMissingText, parseNumber } from "./number-text.ts";
import type { DecimalSign } from "./table-layout.ts";

type ColumnKind = "date" | "time" | "number" | "text" | "empty";

export interface ColumnProfile {
  readonly index: number;
  readonly name: string;
  readonly kind: ColumnKind;
  /** The first few texts that are not missing. */
  readonly examples: readonly string[];
  readonly missing: number;
  readonly numbers: number;
  /** Distinct texts that are not missing. */
  readonly distinct: number;
  /** True when every value is an integer, one more than that of the row before. */
  readonly countsRows: boolean;
  readonly areIntegers: boolean;
}

/** At least this share of a column's cells must be dates (numbers) for it to count as such. */
const DATES_SHARE_MIN = 0.8;
const NUMBERS_SHARE_MIN = 0.5;
const EXAMPLES = 3;
/** A column of bare years, or of digits only, is a column of dates only under such a name. */
const DATE_NAME =
  /^(?:unnamed.*|index)?$|date|datum|fecha|jahr|year|month|monat|period|time|zeit|quarter|^day$|^ds$/i;
const BARE_DIGITS = /^\s*\d+\s*$/;
/** Seconds or milliseconds since 1970. */
const UNIX_TIME = /^\s*1\d{9}(?:\d{3})?\s*$/;

interface Tally {
  missing: number;
  dates: number;
  times: number;
  numbers: number;
  bareDigits: number;
}

const isDateText = (text: string): boolean =>
  parseDate(text, "dmy") !== undefined || parseDate(text, "mdy") !== undefined;

function tally(texts: readonly string[], decimal: DecimalSign): Tally {
  const sums: Tally = { missing: 0, dates: 0, times: 0, numbers: 0, bareDigits: 0 };
  for (const text of texts) {
    if (isMissingText(text)) {
      sums.missing += 1;
      continue;
    }
    if (BARE_DIGITS.test(text)) sums.bareDigits += 1;
    if (!Number.isNaN(parseNumber(text, decimal))) {
      sums.numbers += 1;
      if (BARE_DIGITS.test(text) && (UNIX_TIME.test(text) || isDateText(text))) sums.dates += 1;
    } else if (isDateText(text)) sums.dates += 1;
    else if (isTimeText(text)) sums.times += 1;
  }
  return sums;
}

function kindOf(sums: Tally, count: number, name: string, distinct: number): ColumnKind {
  const filled = count - sums.missing;
  if (filled === 0) return "empty";
  const isMostly = (part: number, share: number): boolean => part >= share * filled;
  if (isMostly(sums.dates, DATES_SHARE_MIN)) {
    // "20170103" may be a quantity, and "2017" mostly is one: the name has to agree.
    const isBare = isMostly(sums.bareDigits, 1 - DATES_SHARE_MIN);
    if (!isBare || (DATE_NAME.test(name) && distinct > 1)) return "date";
  }
  if (isMostly(sums.numbers, NUMBERS_SHARE_MIN)) return "number";
  return isMostly(sums.times, DATES_SHARE_MIN) ? "time" : "text";
}

/** True for 1, 2, 3 … or any other integers that grow by one from row to row. */
function countsUp(texts: readonly string[]): boolean {
  let last: number | undefined;
  for (const text of texts) {
    if (!BARE_DIGITS.test(text)) return false;
    const value = Number(text);
    if (last !== undefined && value !== last + 1) return false;
    last = value;
  }
  return texts.length > 1;
}

/** Profiles column `index` over `records`, which hold data only, no header. */
export function profileColumn(
  records: readonly (readonly string[])[],
  index: number,
  name: string,
  decimal: DecimalSign,
): ColumnProfile {
  const texts = records.map((cells) => cells[index] ?? "");
  const sums = tally(texts, decimal);
  const filled = texts.filter((text) => !isMissingText(text));
  const distinct = new Set(filled).size;
  return {
    index,
    name,
    kind: kindOf(sums, texts.length, name, distinct),
    examples: filled.slice(0, EXAMPLES),
    missing: sums.missing,
    numbers: sums.numbers,
    distinct,
    countsRows: countsUp(texts),
    areIntegers: filled.length > 0 && filled.every((text) => /^\s*[+-]?\d+\s*$/.test(text)),
  };
}
