import { expect, test } from "vitest";
import { resolveDates } from "./date-column.ts";
import { isTimeText, parseDate } from "./date-text.ts";

const iso = (text: string, order: "ymd" | "dmy" | "mdy" = "ymd") => {
  const date = parseDate(text, order);
  return date && new Date(date.localUs / 1_000).toISOString().replace(".000Z", "");
};

test.each([
  ["2017-01-03", "2017-01-03T00:00:00"],
  ["2017/1/3", "2017-01-03T00:00:00"],
  ["2017.01.03", "2017-01-03T00:00:00"],
  ["20170103", "2017-01-03T00:00:00"],
  ["20170103T101500", "2017-01-03T10:15:00"],
  ["2017-01-03T10:15", "2017-01-03T10:15:00"],
  ["2017-01-03T10:15:30Z", "2017-01-03T10:15:30"],
  ["2017-01-03 10:15:30.250+02:00", "2017-01-03T10:15:30.250Z"],
  ["1990-01-02 00:00:00+00:00", "1990-01-02T00:00:00"],
  ["2017-01-03Z", "2017-01-03T00:00:00"],
  ["2017-01-03 12:05 AM", "2017-01-03T00:05:00"],
  ["2017-01-03 1:05 pm", "2017-01-03T13:05:00"],
  ["02 Jan 2006", "2006-01-02T00:00:00"],
  ["2-Jan-06", "2006-01-02T00:00:00"],
  ["Jan 2, 2006", "2006-01-02T00:00:00"],
  ["Mon, 02 January 2006 15:04:05", "2006-01-02T15:04:05"],
  ["Jan 2006", "2006-01-01T00:00:00"],
  ["1990-02", "1990-02-01T00:00:00"],
  ["1990M02", "1990-02-01T00:00:00"],
  ["1990-Q3", "1990-07-01T00:00:00"],
  ["2024-02-29", "2024-02-29T00:00:00"],
])("reads %s in any order", (text, expected) => {
  for (const order of ["ymd", "dmy", "mdy"] as const) expect(iso(text, order)).toBe(expected);
});

test("reads day and month by the given order", () => {
  expect(iso("03/04/2017", "dmy")).toBe("2017-04-03T00:00:00");
  expect(iso("03/04/2017", "mdy")).toBe("2017-03-04T00:00:00");
  expect(iso("3.4.17", "dmy")).toBe("2017-04-03T00:00:00");
  expect(iso("10/03/2004 18.00.00", "dmy")).toBe("2004-03-10T18:00:00");
  expect(iso("3/3/71 21:53", "mdy")).toBe("1971-03-03T21:53:00");
  expect(iso("03/04/2017", "ymd")).toBeUndefined();
});

test.each([
  "2017-02-29",
  "2017-13-01",
  "2017-00-10",
  "20171301",
  "Total",
  "Marble 2 2006",
  "12345",
  "1.5",
  "2017-01-03 25:00",
  "",
  "1/2/3/4",
  "0001-01-01",
])("takes %j for no date", (text) => {
  for (const order of ["ymd", "dmy", "mdy"] as const) expect(iso(text, order)).toBeUndefined();
});

test("knows times of day", () => {
  for (const text of ["18.00.00", "18:00", "6:05 PM", "23:59:59.5"]) {
    expect(isTimeText(text)).toBe(true);
  }
  for (const text of ["18", "25:00", "18:61", "x"]) expect(isTimeText(text)).toBe(false);
});

const resolve = (texts: string[], prefersDayFirst = false) =>
  resolveDates(texts, "auto", prefersDayFirst);

test("one day beyond twelve decides the order of the whole column", () => {
  const days = resolve(["01/02/2020", "02/02/2020", "13/02/2020"]);
  expect([days.order, days.isAmbiguous, days.labels[0]]).toEqual(["dmy", false, "2020-02-01"]);
  const months = resolve(["01/02/2020", "02/02/2020", "02/13/2020"]);
  expect([months.order, months.isAmbiguous, months.labels[0]]).toEqual([
    "mdy",
    false,
    "2020-01-02",
  ]);
});

test("without such a day, the order in which time runs one way wins", () => {
  const months = ["01/01/2020", "01/02/2020", "01/03/2020", "02/01/2020", "02/02/2020"];
  expect(resolve(months, true).order).toBe("mdy");
  const days = ["01/01/2020", "02/01/2020", "03/01/2020", "01/02/2020", "02/02/2020"];
  expect(resolve(days, false).order).toBe("dmy");
});

test("an open question is decided by preference and told", () => {
  const texts = ["01/01/2020", "01/02/2020", "01/03/2020"];
  expect(resolve(texts, true)).toMatchObject({ order: "dmy", isAmbiguous: true });
  expect(resolve(texts, false)).toMatchObject({ order: "mdy", isAmbiguous: true });
});

test("labels are as fine as the finest date", () => {
  expect(resolve(["1990-01-02 00:00:00+00:00"]).labels).toEqual(["1990-01-02"]);
  expect(resolve(["1990", "1991"]).labels).toEqual(["1990", "1991"]);
  expect(resolve(["1990-01", "1990-02"]).labels).toEqual(["1990-01", "1990-02"]);
  expect(resolve(["1990Q1", "1990Q4"]).labels).toEqual(["1990-Q1", "1990-Q4"]);
  expect(resolve(["2020-01-01 10:00", "2020-01-02"]).labels).toEqual([
    "2020-01-01 10:00",
    "2020-01-02 00:00",
  ]);
  expect(resolve(["2020-01-01 10:00:05"]).labels).toEqual(["2020-01-01 10:00:05"]);
  expect(resolve(["2020-01-01 10:00:05.25"]).labels).toEqual(["2020-01-01 10:00:05.250"]);
  expect(resolve(["2020-01-01 10:00:05.250001"]).labels).toEqual(["2020-01-01 10:00:05.250001"]);
  expect(resolve(["1960-01-01 10:00:05.250001"]).labels).toEqual(["1960-01-01 10:00:05.250001"]);
});

test("one zone keeps its clock; several are brought to UTC", () => {
  expect(resolve(["2020-01-01T10:00+02:00", "2020-01-01T11:00+02:00"]).labels).toEqual([
    "2020-01-01 10:00",
    "2020-01-01 11:00",
  ]);
  expect(resolve(["2020-01-01T10:00+02:00", "2020-01-01T10:00+01:00"]).labels).toEqual([
    "2020-01-01 08:00Z",
    "2020-01-01 09:00Z",
  ]);
});

test("a few odd texts are no dates; a column of them is numbers or texts", () => {
  const most = resolve(["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04", "Total"]);
  expect(Number.isNaN(most.keys[4])).toBe(true);
  expect(resolve(["10", "9", "11"])).toMatchObject({ order: "number", labels: ["10", "9", "11"] });
  expect(resolve(["i1", "i2"])).toMatchObject({ order: "text", labels: ["i1", "i2"] });
});
