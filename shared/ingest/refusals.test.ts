import { expect, test } from "vitest";
import { CELL_CHARS_MAX, SERIES_MAX } from "../limits.ts";
import { createTableParser } from "./parse-table.ts";
import { bytesOf, decoder, mustGuess, mustRead, readTable } from "../testing/read-table.ts";
import type { TableRefusalCode } from "./table-layout.ts";

const THREE = "date,A,B\n2020-01-01,1,2\n2020-01-02,3,4\n2020-01-03,5,7\n";

const cases: [string, TableRefusalCode, string | Uint8Array][] = [
  ["an empty file", "empty", ""],
  ["blank lines only", "empty", "\n \r\n\n"],
  ["a header only", "header-only", "date,A,B\n"],
  ["one column", "one-column", "price\n1\n2\n3\n"],
  ["a line of prose", "one-column", "Hello_world\n"],
  ["a PNG", "binary", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13)],
  ["a NUL in the text", "binary", `${THREE}\0`],
  ["JSON", "not-delimited-text", '[{"date": "2020-01-01", "A": 1}, {"date": "2020-01-02"}]'],
  ["HTML", "not-delimited-text", "<!DOCTYPE html><html><body>1,2</body></html>"],
  ["no numeric series", "no-numbers", "date,A,B\n2020-01-01,x,y\n2020-01-02,z,w\n2020-01-03,u,v\n"],
  ["two dates only", "too-few-dates", "date,A,B\n2020-01-01,1,2\n2020-01-02,3,4\n"],
  [
    "two dates in a long table",
    "too-few-dates",
    "date,name,value\n2020-01-01,A,1\n2020-01-01,B,2\n2020-01-02,A,3\n2020-01-02,B,4\n",
  ],
  ["one series", "one-series", "date,A,name\n2020-01-01,1,x\n2020-01-02,2,y\n2020-01-03,3,z\n"],
  ["an open quotation mark", "quote-not-closed", `${THREE}2020-01-04,"5,6\n`],
  ["an endless cell", "cell-too-long", `${THREE}"${"x".repeat(CELL_CHARS_MAX + 1)}",1,2\n`],
  [
    "too many series",
    "too-many-series",
    `date,${Array.from({ length: SERIES_MAX + 1 }, (_, i) => `s${i}`).join(",")}\n${`2020-01-01${",1".repeat(SERIES_MAX + 1)}\n`.repeat(2)}`,
  ],
];

test.each(cases)("%s is refused in plain words (%s)", (_, code, input) => {
  const refusal = readTable(input, {}, 65_536);
  expect(refusal).toMatchObject({ kind: "refused", code });
  const { message } = refusal as { message: string };
  expect(message).toMatch(/^[A-Z].*[.]$/);
  expect(message.length).toBeLessThan(260);
});

test("a cell of 10,000 characters is a text like any other", () => {
  const long = "x".repeat(10_000);
  const table = mustRead(
    `date,A,B,note\n2020-01-01,1,2,${long}\n2020-01-02,3,4,\n2020-01-03,5,7,\n`,
  );
  expect(table.series).toEqual(["A", "B"]);
  const named = mustRead(`date,${long},B\n2020-01-01,1,2\n2020-01-02,3,4\n2020-01-03,5,7\n`);
  expect(named.series[0]?.length).toBeLessThanOrEqual(1_000);
});

test("too many series in a long table are refused while it is read", () => {
  const head = "date,name,value\n2020-01-01,a,1\n2020-01-01,b,1\n2020-01-02,a,1\n";
  const { layout } = mustGuess(head);
  const parser = createTableParser(layout, { decoder });
  expect(parser.push(bytesOf(head))).toBeUndefined();
  const rows = Array.from({ length: SERIES_MAX }, (_, i) => `2020-01-03,s${i},1\n`).join("");
  expect(parser.push(bytesOf(rows))).toMatchObject({ code: "too-many-series" });
  expect(parser.finish()).toMatchObject({ code: "too-many-series" });
});

test("a file that shrank or grew while it was read is refused", () => {
  const bytes = bytesOf(THREE);
  const { layout } = mustGuess(bytes);
  const shrunk = createTableParser(layout, { decoder, sizeBytes: bytes.length + 1 });
  shrunk.push(bytes);
  expect(shrunk.finish()).toMatchObject({ code: "file-changed" });
  const grown = createTableParser(layout, { decoder, sizeBytes: bytes.length - 1 });
  expect(grown.push(bytes)).toMatchObject({ code: "file-changed" });
  expect(grown.finish()).toMatchObject({ code: "file-changed" });
});

test("columns of dates without any readable date are refused", () => {
  const parser = createTableParser({ ...mustGuess(THREE).layout, dateOrder: "mdy" }, { decoder });
  parser.push(bytesOf("date,A,B\n13/13/2020,1,2\n14/14/2020,3,4\n15/15/2020,5,6\n"));
  expect(parser.finish()).toMatchObject({ code: "no-dates" });
});
