import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { applyCorrections, sniffTable } from "./sniff.ts";
import { bytesOf, decoder, mustGuess, sniff } from "../testing/read-table.ts";

const fixture = (name: string): Uint8Array =>
  readFileSync(resolve(import.meta.dirname, "../../e2e/fixtures/tables", name));

const rows = (count: number, row: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => row(i)).join("\n");

const day = (i: number): string => `2020-01-${String(i + 1).padStart(2, "0")}`;

test("a wide table of prices", () => {
  const guess = mustGuess(fixture("stock-prices.csv"));
  expect(guess.layout).toMatchObject({
    encoding: "utf-8",
    delimiter: ",",
    decimal: ".",
    header: "present",
    layout: "wide",
    dateColumn: 0,
    ignoredColumns: [],
  });
  expect(guess.preview.header.slice(0, 3)).toEqual(["date", "GOOG", "AAPL"]);
  expect(guess.preview.rows[0]?.slice(0, 3)).toEqual(["1989-12-29", "", "0.117203"]);
  expect(guess.preview.rows).toHaveLength(8);
  expect(guess.sample.series).toBe(20);
});

test("a long table of rates", () => {
  const guess = mustGuess(fixture("exchange-rates-monthly.csv"));
  expect(guess.layout).toMatchObject({
    layout: "long",
    dateColumn: 0,
    seriesColumn: 1,
    valueColumn: 2,
  });
});

test("tickers that look like missing markers, truths or numbers are names", () => {
  const guess = mustGuess(fixture("tickers-long.csv"));
  expect(guess.layout).toMatchObject({ layout: "long", dateColumn: 1, seriesColumn: 0 });
  expect(guess.columns[guess.layout.valueColumn ?? -1]?.name).toBe("close");
});

test("semicolons, decimal commas, times of their own and empty last columns", () => {
  const guess = mustGuess(fixture("weather-german.csv"));
  expect(guess.layout).toMatchObject({
    delimiter: ";",
    decimal: ",",
    layout: "wide",
    dateColumn: 0,
    timeColumn: 1,
    ignoredColumns: [5, 6],
  });
  expect(guess.columns[3]?.name).toBe("Luftdruck; hPa");
});

test.each([
  [",", "."],
  [";", ","],
  ["\t", ","],
  ["|", "."],
  [";", "."],
  ["\t", "."],
  [" ", "."],
])("delimiter %j with decimal sign %s", (delimiter, decimal) => {
  const number = (value: number) => String(value).replace(".", decimal);
  const text = `date,AAA,BBB\n${rows(9, (i) => `${day(i)},${number(i + 0.5)},${number(7.25 * i)}`)}`;
  const table =
    decimal === delimiter
      ? text
      : text
          .split("\n")
          .map((line, i) =>
            i === 0
              ? line.replaceAll(",", delimiter)
              : [day(i - 1), number(i - 0.5), number(7.25 * (i - 1))].join(delimiter),
          )
          .join("\n");
  expect(mustGuess(table).layout).toMatchObject({ delimiter, decimal, layout: "wide" });
});

test("one series with decimal commas between semicolons is not two columns of integers", () => {
  const text = `Datum;A;B\n${rows(9, (i) => `0${i + 1}.01.2020;1,${i}5;2,${i}`)}`;
  expect(mustGuess(text).layout).toMatchObject({ delimiter: ";", decimal: "," });
});

test("where two delimiters cut equally often, the one that leaves numbers and dates wins", () => {
  const text = `Datum;A, B;C, D\n${rows(9, (i) => `0${i + 1}.01.2020;1,${i}5;2,${i}`)}`;
  expect(mustGuess(text).layout).toMatchObject({ delimiter: ";", decimal: ",", layout: "wide" });
});

test("names of rows stand for dates only where each is there once", () => {
  expect(mustGuess(",a,b\nx,1,2\ny,3,4\nz,5,6\n").layout.dateColumn).toBe(0);
  expect(mustGuess(",a,b\nx,1,2\nx,3,4\nz,5,6\n").layout.dateColumn).toBeNull();
});

test("a column that only counts the rows is not taken for the values", () => {
  const text = `date,name,much,index\n${rows(8, (i) => `${day(i >> 1)},${i % 2 ? "A" : "B"},${i}.5,${i}`)}`;
  expect(mustGuess(text).layout).toMatchObject({ layout: "long", valueColumn: 2 });
});

test("R's row numbers are ignored, with or without a header of their own", () => {
  const named = mustGuess(
    `"","Date","stock","value"\n${rows(8, (i) => `"${i + 1}",${day(i >> 1)},"${i % 2 ? "A" : "B"}",${i}.5`)}`,
  );
  expect(named.layout).toMatchObject({
    layout: "long",
    dateColumn: 1,
    seriesColumn: 2,
    valueColumn: 3,
  });
  const shifted = mustGuess(`a b c\n${rows(5, (i) => `"${i + 1}" ${i}.5 ${i * i} 3`)}`);
  expect(shifted.layout).toMatchObject({ header: "shifted", layout: "wide", ignoredColumns: [0] });
  expect(shifted.columns.map((column) => column.name)).toEqual(["", "a", "b", "c"]);
});

test("an unnamed first column of dates, as pandas writes an index", () => {
  const guess = mustGuess(`,A,B\n${rows(5, (i) => `${day(i)},${i},${i * i}`)}`);
  expect(guess.layout).toMatchObject({ layout: "wide", dateColumn: 0 });
});

test("lines before the header are skipped", () => {
  const guess = mustGuess(
    `Author: somebody\nMade: today\ndate,A,B\n${rows(5, (i) => `${day(i)},${i},2`)}`,
  );
  expect(guess.layout).toMatchObject({ skipRecords: 2, header: "present", dateColumn: 0 });
});

test("a table without a header", () => {
  const guess = mustGuess(rows(5, (i) => `${day(i)},${i}.5,${i * i}`));
  expect(guess.layout).toMatchObject({ header: "absent", layout: "wide", dateColumn: 0 });
  expect(guess.preview.header).toEqual(["column 1", "column 2", "column 3"]);
});

test("numeric codes in the header of a wide table", () => {
  const guess = mustGuess(`date,000001,600519\n${rows(5, (i) => `${day(i)},${i}.5,${i * i}`)}`);
  expect(guess.layout.header).toBe("present");
});

test("a delimiter at the end of each line of data only", () => {
  const guess = mustGuess(`date,A,B\n${rows(5, (i) => `${day(i)},${i}.5,${i * i},`)}`);
  expect(guess.layout).toMatchObject({ header: "present", dateColumn: 0, ignoredColumns: [] });
});

test("text columns of a wide table are ignored; with no dates the rows are numbered", () => {
  const guess = mustGuess(
    `carat,cut,depth\n${rows(6, (i) => `0.${i},${i % 2 ? "Good" : "Fair"},${i}`)}`,
  );
  expect(guess.layout).toMatchObject({ layout: "wide", dateColumn: null, ignoredColumns: [1] });
  expect(guess.reasons.join(" ")).toContain("No column holds dates");
});

test("a long file sorted by series, of which the sample shows the first only", () => {
  const bytes = bytesOf(
    `symbol,date,close\n${rows(20, (i) => `AAPL,${day(i)},${i}.5`)}\nMSFT,2020-01-01,1`,
  );
  const guess = sniffTable(bytes.subarray(0, bytes.length - 30), { decoder, isWholeFile: false });
  expect(guess).toMatchObject({ layout: { layout: "long", seriesColumn: 0, valueColumn: 2 } });
});

test("numbers that name series, where dates repeat", () => {
  const guess = mustGuess(
    `permno,date,ret\n${rows(12, (i) => `${10_000 + (i % 3)},${day((i / 3) | 0)},0.${i}`)}`,
  );
  expect(guess.layout).toMatchObject({ layout: "long", seriesColumn: 0, valueColumn: 2 });
});

test("years, and compact dates, count as dates under a fitting name only", () => {
  const years = mustGuess(`year,A,B\n${rows(5, (i) => `${1990 + i},${i}.5,${i * i}`)}`);
  expect(years.layout.dateColumn).toBe(0);
  const quantities = mustGuess(`a,b,c\n${rows(5, (i) => `${1990 + i},${i}.5,${i * i}`)}`);
  expect(quantities.layout.dateColumn).toBeNull();
  const compact = mustGuess(`date,A,B\n${rows(5, (i) => `2020010${i + 1},${i}.5,${i * i}`)}`);
  expect(compact.layout.dateColumn).toBe(0);
  const unix = mustGuess(`timestamp,A,B\n${rows(5, (i) => `${1_585_542_839 + i},${i}.5,${i}`)}`);
  expect(unix.layout.dateColumn).toBe(0);
});

test("column names that look like dates suggest a transposed table", () => {
  const guess = mustGuess(`name,2020-01-01,2020-01-02,2020-01-03\nA,1,2,3\nB,4,5,6\nC,7,8,10`);
  expect(guess.reasons.join(" ")).toContain("transposed");
});

test("single quotes, where they enclose cells", () => {
  const guess = mustGuess(`date,'A, B',C\n${rows(5, (i) => `'${day(i)}','${i}.5',${i}`)}`);
  expect(guess.layout.quote).toBe("'");
  expect(guess.columns[1]?.name).toBe("A, B");
});

test("encodings", () => {
  expect(mustGuess(fixture("utf-16le.csv")).columns[1]?.name).toBe("Ångström");
  expect(mustGuess(fixture("utf-16be.csv")).columns[2]?.name).toBe("β");
  const latin = mustGuess(fixture("windows-1252.csv"));
  expect([latin.layout.encoding, latin.columns[1]?.name]).toEqual(["windows-1252", "Köln"]);
});

test("corrections hold, and the rest is guessed anew around them", () => {
  const bytes = fixture("tickers-long.csv");
  const options = { decoder, isWholeFile: true };
  expect(applyCorrections(bytes, options, { valueColumn: "OPEN" })).toMatchObject({
    layout: { layout: "long", seriesColumn: 0, valueColumn: 2 },
  });
  expect(applyCorrections(bytes, options, { layout: "wide" })).toMatchObject({
    layout: { layout: "wide", dateColumn: 1, seriesColumn: null, ignoredColumns: [0] },
  });
  expect(applyCorrections(bytes, options, { seriesColumn: "symbol", dateColumn: 1 })).toMatchObject(
    {
      layout: { layout: "long", valueColumn: 3 },
    },
  );
  expect(applyCorrections(bytes, options, { dateColumn: null, layout: "wide" })).toMatchObject({
    layout: { dateColumn: null },
  });
  expect(applyCorrections(bytes, options, { delimiter: ";" })).toMatchObject({
    code: "one-column",
  });
});

test("a long layout can be asked for where it is not obvious", () => {
  const text = `when,what,much\n${rows(6, (i) => `${day(i)},${i % 2 ? "x" : "y"},${i}`)}`;
  expect(mustGuess(text).layout.layout).toBe("wide");
  expect(mustGuess(text, { layout: "long" }).layout).toMatchObject({
    dateColumn: 0,
    seriesColumn: 1,
    valueColumn: 2,
  });
});

test("a column that is not there is refused with the names that are", () => {
  const refusal = sniff("date,A,B\n2020-01-01,1,2\n", { valueColumn: "clsoe" });
  expect(refusal).toMatchObject({ code: "no-such-column" });
  expect((refusal as { message: string }).message).toContain("date, A, B");
});
