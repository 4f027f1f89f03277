import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBase64, encodeBase64 } from "./base64.ts";

test("text is what Node makes of the same bytes, and reads back as them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = encodeBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64"));
      expect(decodeBase64(text)).toEqual(new Uint8Array(bytes));
      expect(decodeBase64(text.replaceAll("=", ""))).toEqual(new Uint8Array(bytes));
    }),
  );
});

test("anything else is refused", () => {
  for (const text of ["a-b_", "ab cd", "ä", "a=b="]) {
    expect(() => decodeBase64(text)).toThrow("not base64");
  }
});
