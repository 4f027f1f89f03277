// Checks that each guess can be corrected and that corrections do not outlive what they were about.
import { describe, expect, it } from "vitest";
import type { TableLayout } from "../../../shared/ingest/table-layout.ts";
import {
  blindLayoutControls,
  columnRole,
  layoutControls,
  mergeCorrections,
  rareLayoutControls,
} from "./layout-choices.ts";

const wide: TableLayout = {
  encoding: "utf-8",
  delimiter: ";",
  quote: '"',
  decimal: ",",
  skipRecords: 0,
  header: "present",
  layout: "wide",
  dateColumn: 0,
  timeColumn: null,
  dateOrder: "auto",
  seriesColumn: null,
  valueColumn: null,
  ignoredColumns: [2],
  extraMissing: [],
};
const long: TableLayout = { ...wide, layout: "long", seriesColumn: 1, valueColumn: 2 };
const columns = ["Date", "Name", "Value"];
const ids = (layout: TableLayout) => layoutControls(layout, columns).map(({ id }) => id);
const control = (layout: TableLayout, id: string) =>
  [...layoutControls(layout, columns), ...rareLayoutControls(layout)].find((c) => c.id === id);

describe("layoutControls", () => {
  it("offers names and values of a long table, and only there", () => {
    expect(ids(wide)).toEqual(["layout", "delimiter", "decimal", "date"]);
    expect(ids(long)).toEqual(["layout", "delimiter", "decimal", "date", "series", "value"]);
  });

  it("always offers the present value, however unusual", () => {
    const unusual = { ...wide, delimiter: "~", dateColumn: 700 };
    for (const { value, choices } of layoutControls(unusual, columns)) {
      expect(choices.map((choice) => choice.value)).toContain(value);
    }
  });

  it("turns choices into corrections", () => {
    expect(control(long, "series")?.correction("2")).toEqual({ seriesColumn: 2 });
    expect(control(wide, "date")?.correction("none")).toEqual({ dateColumn: null });
    expect(control(wide, "quote")?.correction("none")).toEqual({ quote: null });
    expect(control(wide, "decimal")?.correction(".")).toEqual({ decimal: "." });
  });

  it("lets a long table have no choice without dates", () => {
    const values = control(long, "date")?.choices.map(({ value }) => value);
    expect(values).toEqual(["0", "1", "2"]);
  });
});

describe("blindLayoutControls", () => {
  it("shows what was chosen so far, and nothing as chosen otherwise", () => {
    expect(blindLayoutControls({}).map(({ value }) => value)).toEqual([null, null, null, null]);
    const chosen = blindLayoutControls({ delimiter: ";", quote: null });
    expect(chosen.map(({ value }) => value)).toEqual([";", null, "none", null]);
  });
});

describe("mergeCorrections", () => {
  it("keeps corrections, the later one winning", () => {
    expect(mergeCorrections({ decimal: "," }, { dateOrder: "dmy" })).toEqual({
      decimal: ",",
      dateOrder: "dmy",
    });
  });

  it("forgets chosen columns when the columns themselves change", () => {
    const before = { decimal: ",", dateColumn: 3, seriesColumn: 1, valueColumn: 2 } as const;
    expect(mergeCorrections(before, { delimiter: "\t" })).toEqual({
      decimal: ",",
      delimiter: "\t",
    });
  });
});

describe("columnRole", () => {
  it("says what each column is for", () => {
    expect([0, 1, 2].map((index) => columnRole(wide, index))).toEqual(["date", "value", "ignored"]);
    expect([0, 1, 2, 3].map((index) => columnRole(long, index))).toEqual([
      "date",
      "series",
      "value",
      "ignored",
    ]);
  });
});
