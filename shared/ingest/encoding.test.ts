import { expect, test } from "vitest";
import { detectEncoding, isUtf8 } from "./encoding.ts";
import { bytesOf } from "../testing/read-table.ts";

const wide = (text: string, isLittle: boolean): Uint8Array =>
  Uint8Array.from(
    Array.from(text).flatMap((c) => (isLittle ? [c.charCodeAt(0), 0] : [0, c.charCodeAt(0)])),
  );

test("tells encodings by their mark or by their bytes", () => {
  expect(detectEncoding(bytesOf("date,é\n"))).toBe("utf-8");
  expect(detectEncoding(bytesOf("\uFEFFdate\n"))).toBe("utf-8");
  expect(detectEncoding(Uint8Array.of(0xff, 0xfe, 0x61, 0))).toBe("utf-16le");
  expect(detectEncoding(Uint8Array.of(0xfe, 0xff, 0, 0x61))).toBe("utf-16be");
  expect(detectEncoding(wide("date,a\n1,2\n", true))).toBe("utf-16le");
  expect(detectEncoding(wide("date,a\n1,2\n", false))).toBe("utf-16be");
  expect(detectEncoding(Uint8Array.of(0x4b, 0xf6, 0x6c, 0x6e, 0x0a))).toBe("windows-1252");
});

test("forgives a character cut off at the end, and nothing else", () => {
  const bytes = bytesOf("a€");
  expect(isUtf8(bytes.subarray(0, 3))).toBe(true);
  expect(isUtf8(Uint8Array.of(0xe2, 0x82, 0x61))).toBe(false);
  expect(isUtf8(Uint8Array.of(0xc0, 0x80))).toBe(false);
  expect(isUtf8(Uint8Array.of(0x80))).toBe(false);
  expect(isUtf8(bytesOf("😀 ok"))).toBe(true);
});

test.each([
  ["PNG", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]],
  ["Excel", [0x50, 0x4b, 3, 4, 20]],
  ["gzip", [0x1f, 0x8b, 8, 0]],
  ["Parquet", [0x50, 0x41, 0x52, 0x31, 0x15]],
  ["UTF-32", [0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]],
  ["binary", [0x61, 0x2c, 0x62, 0, 0x0a, 0x31, 0x32]],
])("says that a file is %s, and what to do", (what, bytes) => {
  const refusal = detectEncoding(Uint8Array.from(bytes));
  expect(refusal).toMatchObject({ kind: "refused", code: "binary" });
  expect((refusal as { message: string }).message).toContain(what);
});
