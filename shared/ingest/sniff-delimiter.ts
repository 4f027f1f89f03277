// Which character separates the cells of a sample, and in which record the table begins.
import { createCsvTokenizer } from "./csv-tokenizer.ts";
import { parseDate, isTimeText } from "./date-text.ts";
import { guessDecimal, isMissingText, parseNumber } from "./number-text.ts";
import type { DecimalSign, TableRefusal } from "./table-layout.ts";

export interface SampleRecord {
  readonly cells: string[];
  readonly line: number;
}

export interface SampleRecords {
  readonly records: readonly SampleRecord[];
  readonly refusal: TableRefusal | undefined;
}

type Quote = '"' | "'" | null;

const CANDIDATES = [",", ";", "\t", "|", " "] as const;
/** Records looked at for each candidate; enough to outvote a few odd lines. */
const TRIAL_RECORDS = 200;
/** Characters looked at for each candidate, so that very wide tables do not take long. */
const TRIAL_CHARS = 2 ** 18;

/** The complete records at the start of `text`; with the last one when the text is the whole file. */
export function readRecords(
  text: string,
  delimiter: string,
  quote: Quote,
  isWhole: boolean,
  recordsMax: number,
): SampleRecords {
  const records: SampleRecord[] = [];
  const tokenizer = createCsvTokenizer({ delimiter, quote }, (cells, line) => {
    records.push({ cells, line });
    return records.length < recordsMax;
  });
  const refusal = tokenizer.push(text) ?? (isWhole ? tokenizer.finish() : undefined);
  return { records, refusal };
}

/** The number of cells that most records have; of equally common ones the larger. */
export function usualWidth(records: readonly SampleRecord[]): number {
  const counts = new Map<number, number>();
  for (const { cells } of records) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  let best = 0;
  let bestCount = 0;
  for (const [width, count] of counts) {
    if (count > bestCount || (count === bestCount && width > best)) {
      best = width;
      bestCount = count;
    }
  }
  return best;
}

const isTyped = (text: string, decimal: DecimalSign): boolean =>
  isMissingText(text) ||
  !Number.isNaN(parseNumber(text, decimal)) ||
  parseDate(text, "dmy") !== undefined ||
  parseDate(text, "mdy") !== undefined ||
  isTimeText(text);

/** 0 for no table at all; the more regular the records and the plainer the cells, the higher. */
function score(records: readonly SampleRecord[], delimiter: string): number {
  const width = usualWidth(records);
  if (width < 2) return 0;
  const regular = records.filter(({ cells }) => cells.length === width);
  // The first record is probably the header, whose cells are texts in any case.
  const body = regular.slice(regular.length > 1 ? 1 : 0, 50);
  const cells = body.flatMap((record) => record.cells.slice(0, 200));
  const decimal = guessDecimal(cells, delimiter);
  const typed = cells.filter((cell) => isTyped(cell, decimal)).length / Math.max(1, cells.length);
  const regularity = regular.length / records.length;
  return regularity * (0.2 + 0.8 * typed);
}

/** Single quotes count as such only where they enclose cells again and again. */
export function guessQuote(text: string): Quote {
  const start = text.slice(0, TRIAL_CHARS);
  if (start.includes('"')) return '"';
  const enclosed = start.match(/(?:^|[,;\t|\n])'[^'\n]*'(?=[,;\t|\r\n]|$)/g)?.length ?? 0;
  return enclosed > 2 ? "'" : '"';
}

/** The likeliest delimiter, or null when every one leaves a single column. */
export function guessDelimiter(text: string, quote: Quote, isWhole: boolean): string | null {
  const start = text.slice(0, TRIAL_CHARS);
  const isAll = isWhole && start.length === text.length;
  let best: string | null = null;
  let bestScore = 0;
  for (const delimiter of CANDIDATES) {
    if (!start.includes(delimiter)) continue;
    let { records } = readRecords(start, delimiter, quote, isAll, TRIAL_RECORDS);
    // One line may be longer than the trial: its beginning has to do.
    if (records.length === 0) ({ records } = readRecords(start, delimiter, quote, true, 1));
    if (records.length === 0) continue;
    const candidateScore = score(records, delimiter);
    if (candidateScore > bestScore + 1e-9) {
      best = delimiter;
      bestScore = candidateScore;
    }
  }
  return best;
}
