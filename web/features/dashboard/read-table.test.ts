// Checks that files become summaries, and that every way of failing is said in words.
import { describe, expect, it } from "vitest";
import { readTable, type FileLike, type ReadOptions } from "./read-table.ts";

const options: ReadOptions = {
  corrections: {},
  onProgress: () => undefined,
  isSuperseded: () => false,
};
const wide = "date,A,B,C\n2024-01-01,1,2,\n2024-01-02,2,,\n2024-01-03,4,1,\n2024-01-04,3,5,\n";

describe("readTable", () => {
  it("summarises what it read", async () => {
    const progress: number[] = [];
    const file = new File([wide], "prices.csv");
    const result = await readTable(file, {
      ...options,
      onProgress: (bytes) => void progress.push(bytes),
    });
    expect(result).toMatchObject({
      kind: "read",
      summary: {
        name: "prices.csv",
        columns: ["date", "A", "B", "C"],
        columnCount: 4,
        seriesCount: 2,
        dateCount: 4,
        firstDate: "2024-01-01",
        lastDate: "2024-01-04",
        missingShare: 1 / 8,
      },
    });
    if (result.kind !== "read") throw new Error("refused");
    expect(result.summary.firstRows[1]).toEqual(["2024-01-02", "2", "", ""]);
    expect(result.summary.notices.join(" ")).toContain("C");
    expect(progress).toEqual([file.size]);
  });

  it("holds to corrections", async () => {
    const file = new File(["date;A;B\n1;1,5;2\n2;2,5;1\n3;0,5;4\n"], "x.csv");
    const result = await readTable(file, { ...options, corrections: { decimal: "." } });
    expect(result).toMatchObject({ kind: "read", summary: { layout: { decimal: "." } } });
  });

  it.each([
    ["an empty file", ""],
    ["a header alone", "date,A,B\n"],
    ["one column", "A\n1\n2\n3\n"],
    ["two dates only", "date,A,B\n2024-01-01,1,2\n2024-01-02,2,3\n"],
  ])("refuses %s in words", async (_what, text) => {
    const result = await readTable(new File([text], "x.csv"), options);
    expect(result.kind).toBe("refused");
    if (result.kind === "refused") expect(result.message).toMatch(/^[A-Z].{30,}\.$/);
  });

  it("says that a file changed when the browser refuses to read it on", async () => {
    const changing: FileLike = {
      name: "x.csv",
      size: 10,
      slice: () => ({
        arrayBuffer: () => Promise.reject(new DOMException("gone", "NotReadableError")),
      }),
    };
    const result = await readTable(changing, options);
    expect(result).toMatchObject({ kind: "refused" });
    if (result.kind === "refused") expect(result.message).toContain("was changed");
  });

  it("says that a file changed when it ends early", async () => {
    const bytes = new TextEncoder().encode(wide);
    const shorter: FileLike = {
      name: "x.csv",
      size: bytes.length + 100,
      slice: (start, end) => new Blob([bytes.slice(start, end)]),
    };
    const result = await readTable(shorter, options);
    expect(result.kind).toBe("refused");
    if (result.kind === "refused") expect(result.message).toContain("changed");
  });

  it("stops when a newer read took its place", async () => {
    const file = new File([wide], "prices.csv");
    expect(await readTable(file, { ...options, isSuperseded: () => true })).toEqual({
      kind: "superseded",
    });
  });
});
