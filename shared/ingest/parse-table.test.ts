import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createTableParser } from "./parse-table.ts";
import { noticesOf } from "./report.ts";
import { bytesOf, contents, decoder, mustGuess, mustRead } from "../testing/read-table.ts";

const fixture = (name: string): Uint8Array =>
  readFileSync(resolve(import.meta.dirname, "../../e2e/fixtures/tables", name));

test("wide: dates are sorted, missing markers become NaN, infinities stay", () => {
  const table = mustRead(
    "date,A,B\n2020-01-03,3,inf\n2020-01-01,1,N/A\n2020-01-02,null,-Infinity\n2020-01-04,4,2\n",
  );
  expect(table.dates).toEqual(["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]);
  expect(contents(table)).toEqual({ A: [1, NaN, 3, 4], B: [NaN, -Infinity, Infinity, 2] });
  expect(table.missingShare).toBe(0.25);
  expect(noticesOf(table.report)).toEqual([]);
});

test("long: names are kept as they are, duplicates merged, the last of conflicting values wins", () => {
  const table = mustRead(fixture("tickers-long.csv"));
  expect(table.series).toEqual(["F", "INF", "NA", "NAN", "ON", "T", "TRUE"]);
  expect(contents(table)).toEqual({
    NA: [1.5, NaN, 1.7],
    NAN: [2.5, 2.6, 2.4],
    TRUE: [3.5, 3.4, 3.6],
    INF: [4.5, Infinity, 4.4],
    ON: [5.5, 5.4, 5.6],
    T: [6.5, 6.7, NaN],
    F: [7.9, NaN, 7.4],
  });
  expect(table.report.identicalDuplicates).toBe(1);
  expect(table.report.conflicts).toEqual({
    count: 1,
    examples: [{ date: "2017-01-03", series: "F", first: 7.5, last: 7.9 }],
  });
  expect(noticesOf(table.report).join("\n")).toContain("F on 2017-01-03: 7.5, then 7.9");
});

test("a missing value never replaces one that is there", () => {
  const table = mustRead(
    "date,A,B\n2020-01-01,1,2\n2020-01-02,3,4\n2020-01-03,5,7\n2020-01-01,,2\n",
  );
  expect(contents(table)).toEqual({ A: [1, 3, 5], B: [2, 4, 7] });
  expect(table.report.conflicts.count).toBe(0);
  expect(table.report.identicalDuplicates).toBe(1);
});

test("two ways of writing one date are one date", () => {
  const table = mustRead("date,A,B\n2020-01-01,1,2\n2020-1-1,9,\n2020-01-02,3,4\n2020-01-03,5,7\n");
  expect(table.dates).toHaveLength(3);
  expect(contents(table)).toEqual({ A: [9, 3, 5], B: [2, 4, 7] });
  expect(table.report.conflicts.examples).toEqual([
    { date: "2020-01-01", series: "A", first: 1, last: 9 },
  ]);
});

test("German weather: decimal commas, thousands, dates and times, lines of delimiters only", () => {
  const table = mustRead(fixture("weather-german.csv"));
  expect(table.dates).toEqual([
    "2024-02-03 08:00",
    "2024-02-03 09:00",
    "2024-02-13 08:00",
    "2024-02-14 08:00",
  ]);
  expect(contents(table)).toEqual({
    Temperatur: [2.6, 2.9, -1.2, 0],
    "Luftdruck; hPa": [1013.2, 1012.9, NaN, 1001],
    Regen: [0, 0.4, 1.25, NaN],
  });
  expect(table.report.rows).toBe(4);
});

test("day and month are told apart over the whole column, beyond the sample", () => {
  const head = "date,A,B\n01/02/2020,1,2\n02/02/2020,2,1\n03/02/2020,3,5\n";
  const { layout } = mustGuess(head);
  const parser = createTableParser(layout, { decoder });
  parser.push(bytesOf(`${head}13/02/2020,4,4\n`));
  const table = parser.finish();
  expect(table).toMatchObject({
    dates: ["2020-02-01", "2020-02-02", "2020-02-03", "2020-02-13"],
  });
});

test("ragged rows: short ones count what lacks as missing, long ones are left out, by line", () => {
  const table = mustRead(
    'date,A,B\n2020-01-01,1,2\n2020-01-02,3\n2020-01-03,1,234,5\n2020-01-04,5,7,\n"2020-01-05",6,8\n',
  );
  expect(contents(table)).toEqual({ A: [1, 3, 5, 6], B: [2, NaN, 7, 8] });
  expect(table.report.shortRows).toEqual({ count: 1, examples: [{ line: 3, cells: 2 }] });
  expect(table.report.longRows).toEqual({ count: 1, examples: [{ line: 4, cells: 4 }] });
  expect(noticesOf(table.report)).toEqual([
    "1 row had fewer than 3 cells (line 3); what lacks counts as missing.",
    "1 row had more than 3 cells (line 4) and was left out.",
  ]);
});

test("rows without a date or a name are left out and reported", () => {
  const rows = Array.from(
    { length: 9 },
    (_, i) => `2020-01-0${i + 1},A,${i}\n2020-01-0${i + 1},B,${i * i}\n`,
  );
  const table = mustRead(
    `date,name,value\n${rows.join("")}Total,A,9\n,A,3\n2020-01-01,,5\nTotal,B,2\n`,
  );
  expect(table.dates).toHaveLength(9);
  expect(table.report.undatedRows.count).toBe(3);
  expect(table.report.namelessRows).toEqual({ count: 1, examples: [{ line: 22 }] });
  expect(noticesOf(table.report)[0]).toContain("“Total” in line 20");
});

test("all-missing series are dropped, text columns ignored, equal names made different", () => {
  const table = mustRead(
    "date,AAPL,AAPL,AAPL (2),note,none\n2020-01-01,1,2,3,x,\n2020-01-02,3,4,1,y,NA\n2020-01-03,5,7,2,z,-\n",
  );
  expect(table.series).toEqual(["AAPL", "AAPL (3)", "AAPL (2)"]);
  expect(table.dropped).toEqual(["none"]);
  const notices = noticesOf(table.report).join("\n");
  expect(notices).toContain("1 series without any value was left out: none.");
  expect(notices).toContain("1 column is no series and was ignored: note.");
  expect(notices).toContain("AAPL became AAPL (3)");
});

test("a stray text among numbers is reported with its line and column", () => {
  const table = mustRead(
    "date,A,B\n2020-01-01,1,2\n2020-01-02,closed,4\n2020-01-03,5,7\n2020-01-04,6,8\n",
  );
  expect(contents(table)).toEqual({ A: [1, NaN, 5, 6], B: [2, 4, 7, 8] });
  expect(noticesOf(table.report)).toEqual([
    "1 cell held no number and counts as missing (“closed” in line 3, A).",
  ]);
});

test("further missing markers can be given", () => {
  const text = "date,A,B\n2020-01-01,-200,2\n2020-01-02,3,-200\n2020-01-03,5,7\n";
  expect(contents(mustRead(text, { extraMissing: ["-200"] }))).toEqual({
    A: [NaN, 3, 5],
    B: [2, NaN, 7],
  });
});

test("quoted thousands, and single quotes", () => {
  const table = mustRead(
    'date,A,B\n2020-01-01,"1,234.5",2\n2020-01-02,3,"12,345"\n2020-01-03,5,7\n',
  );
  expect(contents(table)).toEqual({ A: [1234.5, 3, 5], B: [2, 12345, 7] });
});

test("without dates the rows are numbered", () => {
  const table = mustRead("a,b\n1,2\n2,5\n4,1\n8,0\n");
  expect(table.dates).toEqual(["1", "2", "3", "4"]);
  expect(noticesOf(table.report)).toEqual(["The table has no dates, so its rows were numbered."]);
});

test("encodings are read in pieces of any size", () => {
  for (const pieceBytes of [1, 2, 3, 1_000]) {
    expect(contents(mustRead(fixture("utf-16le.csv"), {}, pieceBytes))).toEqual({
      Ångström: [2.5, 1.5, 0.5],
      β: [3, 2, 9],
    });
    expect(mustRead(fixture("utf-16be.csv"), {}, pieceBytes).series).toEqual(["Ångström", "β"]);
    expect(mustRead(fixture("windows-1252.csv"), {}, pieceBytes).series).toEqual([
      "Köln",
      "Münster",
    ]);
  }
});

test("bytes that are no UTF-8, beyond the sample, are reported", () => {
  const head = bytesOf(
    "date,name,value\n2020-01-01,a,1\n2020-01-01,b,2\n2020-01-02,a,3\n2020-01-03,a,3\n",
  );
  const parser = createTableParser(mustGuess(head).layout, { decoder });
  parser.push(head);
  parser.push(Uint8Array.from([...bytesOf("2020-01-03,K"), 0xf6, ...bytesOf("ln,5\n")]));
  const table = parser.finish();
  expect(table.kind === "table" && noticesOf(table.report).join()).toContain("as UTF-8");
});

test("real files: the bundled prices and rates", () => {
  const prices = mustRead(fixture("stock-prices.csv"), {}, 4_096);
  expect([prices.series.length, prices.dates.length]).toEqual([20, 7126]);
  expect([prices.dates[0], prices.dates.at(-1)]).toEqual(["1989-12-29", "2018-04-11"]);
  expect(prices.at(1)[0]).toBe(0.117203);
  expect(prices.missingShare).toBeCloseTo(0.2497, 4);
  const rates = mustRead(fixture("exchange-rates-monthly.csv"), {}, 4_096);
  expect([rates.series.length, rates.dates.length]).toEqual([34, 666]);
  expect(rates.at(0)[0]).toBe(0.8944);
  expect([noticesOf(prices.report), noticesOf(rates.report)]).toEqual([[], []]);
});

test("reports progress in bytes and rows", () => {
  const bytes = bytesOf("date,A,B\n2020-01-01,1,2\n2020-01-02,3,4\n");
  const parser = createTableParser(mustGuess(bytes).layout, { decoder });
  parser.push(bytes.subarray(0, 26));
  expect([parser.bytesRead, parser.rowsRead]).toEqual([26, 1]);
});

interface Format {
  readonly delimiter: string;
  readonly decimal: "." | ",";
  readonly end: string;
  readonly date: (day: number) => string;
  readonly missing: string;
  readonly isQuoted: boolean;
  readonly hasMark: boolean;
}

const isoDay = (day: number): string => new Date(86_400e3 * day).toISOString().slice(0, 10);

const format: fc.Arbitrary<Format> = fc.record({
  delimiter: fc.constantFrom(",", ";", "\t", "|"),
  decimal: fc.constantFrom(".", ","),
  end: fc.constantFrom("\n", "\r\n", "\r"),
  date: fc.constantFrom(
    isoDay,
    (day: number) => isoDay(day).replaceAll("-", "/"),
    (day: number) => isoDay(day).replaceAll("-", ""),
    (day: number) => isoDay(day).split("-").reverse().join("."),
    (day: number) => isoDay(day).replace(/(\d+)-(\d+)-(\d+)/, "$2/$3/$1"),
    (day: number) => `${isoDay(day)}T00:00:00Z`,
  ),
  missing: fc.constantFrom("", "NA", "N/A", "nan", "null", "ND"),
  isQuoted: fc.boolean(),
  hasMark: fc.boolean(),
});

/** Cells [date][series]; the first is there, so that no series is empty. */
const values = fc
  .tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 13, max: 40 }))
  .chain(([series, dates]) =>
    fc.array(
      fc.array(
        fc.option(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { nil: Number.NaN, freq: 5 }),
        { minLength: series, maxLength: series },
      ),
      { minLength: dates, maxLength: dates },
    ),
  );

function writeRows(rows: readonly (readonly string[])[], style: Format): Uint8Array {
  const quote = (cell: string): string =>
    style.isQuoted || cell.includes(style.delimiter) ? `"${cell}"` : cell;
  const text = rows.map((row) => row.map(quote).join(style.delimiter) + style.end).join("");
  return bytesOf((style.hasMark ? "\uFEFF" : "") + text);
}

test("what was written is read, for any values, format, order of rows and cuts", () => {
  fc.assert(
    fc.property(
      values,
      format,
      fc.boolean(),
      fc.integer({ min: 1, max: 200 }),
      fc.integer(),
      (cells, style, isLong, pieceBytes, seed) => {
        const names = (cells[0] ?? []).map((_, s) => `S${s}`);
        const known = cells.map((row, t) => row.map((v, s) => (t === 0 ? s + 0.5 : v)));
        const number = (v: number): string =>
          Number.isNaN(v) ? style.missing : String(v).replace(".", style.decimal);
        const date = (t: number): string => style.date(18_000 + t);
        const rows = isLong
          ? known.flatMap((row, t) => row.map((v, s) => [date(t), names[s] ?? "", number(v)]))
          : known.map((row, t) => [date(t), ...row.map(number)]);
        // A rotation is order enough to need sorting, and keeps the sample's first rows mixed.
        const cut = Math.abs(seed) % rows.length;
        const header = isLong ? ["date", "name", "value"] : ["date", ...names];
        const bytes = writeRows([header, ...rows.slice(cut), ...rows.slice(0, cut)], style);
        const table = mustRead(
          bytes,
          { delimiter: style.delimiter, decimal: style.decimal, layout: isLong ? "long" : "wide" },
          pieceBytes,
        );
        expect(table.dates).toEqual(known.map((_, t) => isoDay(18_000 + t)));
        expect(table.series).toEqual(names);
        for (const s of names.keys()) {
          const expected = known.map((row) => row[s] ?? Number.NaN);
          const actual = Array.from(table.at(s));
          expect(
            actual.every((v, t) => v === expected[t] || (v !== v && expected[t] !== expected[t])),
          ).toBe(true);
        }
      },
    ),
    { numRuns: 250 },
  );
});
