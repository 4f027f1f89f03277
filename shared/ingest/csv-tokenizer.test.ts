import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CELL_CHARS_MAX } from "../limits.ts";
import { createCsvTokenizer, type TokenizerOptions } from "./csv-tokenizer.ts";

const COMMA: TokenizerOptions = { delimiter: ",", quote: '"' };

function tokenize(pieces: readonly string[], options = COMMA) {
  const records: { cells: string[]; line: number }[] = [];
  const tokenizer = createCsvTokenizer(options, (cells, line) => {
    records.push({ cells, line });
    return true;
  });
  let refusal;
  for (const piece of pieces) refusal ??= tokenizer.push(piece);
  refusal ??= tokenizer.finish();
  return { records, refusal, malformed: tokenizer.malformedQuoteLines };
}

const cells = (text: string, options = COMMA) =>
  tokenize([text], options).records.map((record) => record.cells);

const spectrum = resolve(import.meta.dirname, "../../e2e/fixtures/tables/csv-spectrum");

for (const file of readdirSync(spectrum).filter((name) => name.endsWith(".csv"))) {
  test(`reads csv-spectrum/${file} as its companion says, however it is cut`, () => {
    const text = readFileSync(resolve(spectrum, file), "utf8");
    const expected = JSON.parse(
      readFileSync(resolve(spectrum, file.replace(".csv", ".json")), "utf8"),
    ) as Record<string, string>[];
    for (const pieces of [[text], Array.from(text)]) {
      const [header = [], ...rows] = tokenize(pieces).records.map((record) => record.cells);
      const objects = rows.map((row) =>
        Object.fromEntries(header.map((name, i) => [name, row[i]])),
      );
      const normal = (value: unknown) => JSON.stringify(value).replaceAll("\\r\\n", "\\n");
      expect(normal(objects)).toBe(normal(expected));
    }
  });
}

test("keeps each record's own number of cells", () => {
  expect(cells("a,b,c\n1,2\n3,4,5,6\n\n7,8,9")).toEqual([
    ["a", "b", "c"],
    ["1", "2"],
    ["3", "4", "5", "6"],
    ["7", "8", "9"],
  ]);
});

test("accepts LF, CRLF, CR and a mixture of the first two", () => {
  for (const text of ["a,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\r1,2\r", "a,b\r\n1,2\n", "a,b\n1,2\r"]) {
    for (const pieces of [[text], Array.from(text)]) {
      expect(tokenize(pieces).records.map((record) => record.cells)).toEqual([
        ["a", "b"],
        ["1", "2"],
      ]);
    }
  }
});

test("counts lines, also those inside quotes and blank ones", () => {
  const text = 'a,b\n"x\ny\nz",1\n\n2,3\n"4\n",5\n6,7\n';
  for (const pieces of [[text], Array.from(text)]) {
    expect(tokenize(pieces).records.map((record) => record.line)).toEqual([1, 2, 6, 7, 9]);
  }
});

test("takes runs of blanks for one separator", () => {
  expect(cells(" 1   2 3 \n4 5  6", { delimiter: " ", quote: null })).toEqual([
    ["1", "2", "3"],
    ["4", "5", "6"],
  ]);
});

test("takes quotation marks as text when there are no quotes", () => {
  expect(cells('a,5"\n"b,6\n', { delimiter: ",", quote: null })).toEqual([
    ["a", '5"'],
    ['"b', "6"],
  ]);
});

test("names the line where text follows a closing quotation mark", () => {
  const { records, malformed } = tokenize(['a,b\n1,2\n"x"y",3\n4,5\n']);
  expect(malformed).toEqual([3]);
  expect(records.map((record) => record.cells[1])).toEqual(["b", "2", "3", "5"]);
});

test("refuses a quotation mark that is never closed, and names its line", () => {
  const { refusal } = tokenize(['a,b\n1,2\n"x,3\n4,5\n']);
  expect(refusal?.code).toBe("quote-not-closed");
  expect(refusal?.message).toContain("line 3");
});

test("accepts a cell of 10,000 characters and refuses one beyond the limit, however cut", () => {
  const long = "x".repeat(10_000);
  expect(tokenize([`a,b\n${long},1\n`]).records[1]?.cells[0]).toBe(long);
  const tooLong = `a,b\n1,2\n"${"x".repeat(CELL_CHARS_MAX + 1)}",1\n`;
  const half = Math.floor(tooLong.length / 2);
  for (const pieces of [[tooLong], [tooLong.slice(0, half), tooLong.slice(half)]]) {
    const { refusal } = tokenize(pieces);
    expect(refusal?.code).toBe("cell-too-long");
    expect(refusal?.message).toContain("line 3");
  }
});

test("refuses early when an open quotation mark swallows the file", () => {
  const tokenizer = createCsvTokenizer(COMMA, () => true);
  const piece = "1,2\n".repeat(2 ** 16);
  expect(tokenizer.push('a,b\n"')).toBeUndefined();
  let pushed = 0;
  let refusal;
  while (refusal === undefined && pushed < 64) {
    refusal = tokenizer.push(piece);
    pushed += 1;
  }
  expect(refusal?.code).toBe("cell-too-long");
  expect(pushed * piece.length).toBeLessThan(4 * CELL_CHARS_MAX);
});

test("reads a record much longer than a piece", () => {
  const wide = Array.from({ length: 200_000 }, (_, i) => `s${i}`);
  const text = `${wide.join(",")}\n${wide.map(() => "1.5").join(",")}\n`;
  const pieces = Array.from({ length: Math.ceil(text.length / 60_000) }, (_, i) =>
    text.slice(60_000 * i, 60_000 * (i + 1)),
  );
  const { records } = tokenize(pieces);
  expect(records.map((record) => record.cells.length)).toEqual([200_000, 200_000]);
});

test("stops when the sink has enough", () => {
  const lines: number[] = [];
  const tokenizer = createCsvTokenizer(COMMA, (_, line) => lines.push(line) < 2);
  expect(tokenizer.push("1,2\n3,4\n5,6\n7,8\n")).toBeUndefined();
  expect(tokenizer.stopped).toBe(true);
  expect(tokenizer.push("9,9\n")).toBeUndefined();
  expect(tokenizer.finish()).toBeUndefined();
  expect(lines).toEqual([1, 2]);
});

test("gives back what was quoted, for any cells, delimiter, line break and cuts", () => {
  const cell = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom('"', '""', "a\nb", "\n", ",", ";", 'x","y', "é€😀", "1.5"),
  );
  fc.assert(
    fc.property(
      fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom(",", ";", "\t", "|"),
      fc.constantFrom("\n", "\r\n"),
      fc.boolean(),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (rows, delimiter, end, isEnded, sizes) => {
        const clean = rows.map((row) => row.map((text) => text.replaceAll("\r", "")));
        const text =
          clean
            .map((row) => row.map((c) => `"${c.replaceAll('"', '""')}"`).join(delimiter))
            .join(end) + (isEnded ? end : "");
        const pieces: string[] = [];
        for (let at = 0; at < text.length;) {
          const size = sizes.next().value as number;
          pieces.push(text.slice(at, at + size));
          at += size;
        }
        const { records, refusal } = tokenize(pieces, { delimiter, quote: '"' });
        expect(refusal).toBeUndefined();
        expect(records.map((record) => record.cells)).toEqual(clean);
      },
    ),
    { numRuns: 300 },
  );
});
