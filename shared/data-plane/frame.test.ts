import { expect, test } from "vitest";
import fc from "fast-check";
import { asBlockId } from "../ids.ts";
import { BLOCK_BYTES_MAX } from "../limits.ts";
import { DATA_BYTES_MAX, LINE_MESSAGE_BYTES_MAX, nextRequest } from "./frame.ts";
import { decodeFrame, encodeFrame, type Frame } from "./frame.ts";

const block = asBlockId("0123456789abcdef".repeat(4));
const frames: Frame[] = [
  { kind: "want", request: 1, block, credit: 4_000_000 },
  { kind: "credit", request: 2, bytes: 65_536 },
  { kind: "cancel", request: 2 ** 32 - 1 },
  { kind: "size", request: 0, sizeBytes: BLOCK_BYTES_MAX },
  { kind: "data", request: 7, offset: 131_072, bytes: new Uint8Array([1, 2, 3]) },
  { kind: "none", request: 8, reason: "busy" },
  { kind: "open", request: 9, key: "00112233445566778899aabbccddeeff" },
  { kind: "opened", request: 9 },
  { kind: "ask", request: 9, bytes: new Uint8Array([4]) },
  { kind: "reply", request: 9, bytes: new Uint8Array([5, 6]) },
  { kind: "hang-up", request: 9 },
  { kind: "ended", request: 9 },
];

test.each(frames)("a $kind frame comes back as it went", (frame) => {
  expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
});

test("a full DATA frame, or message on a line, is exactly 64 KiB", () => {
  const message = new Uint8Array(LINE_MESSAGE_BYTES_MAX);
  expect(encodeFrame({ kind: "ask", request: 1, bytes: message }).length).toBe(65_536);
  const bytes = new Uint8Array(DATA_BYTES_MAX);
  expect(encodeFrame({ kind: "data", request: 1, offset: 0, bytes }).length).toBe(65_536);
});

test("what is no frame is told apart, never thrown", () => {
  const bad = (bytes: number[]) => decodeFrame(new Uint8Array(bytes)).kind;
  expect(bad([])).toBe("malformed");
  expect(bad([13, 0, 0, 0, 0, 0, 0, 0])).toBe("malformed");
  expect(bad([9, 0, 0, 0, 0, 0, 0, 0])).toBe("malformed");
  expect(bad([0, 0, 0, 0, 0, 0, 0, 0])).toBe("malformed");
  expect(bad([3, 1, 0, 0, 0, 0, 0, 0])).toBe("malformed");
  expect(bad([3, 0, 0, 0, 0, 0, 0, 0, 0])).toBe("malformed");
  expect(bad([5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])).toBe("malformed");
  expect(bad([6, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0])).toBe("malformed");
  const tooLarge = encodeFrame({ kind: "size", request: 1, sizeBytes: BLOCK_BYTES_MAX + 1 });
  expect(decodeFrame(tooLarge).kind).toBe("malformed");
  expect(decodeFrame(new Uint8Array(65_537)).kind).toBe("malformed");
});

test("any bytes decode to a frame that encodes to the same bytes, or are malformed", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.integer({ min: 0, max: 13 }),
      (bytes, kind) => {
        if (bytes.length > 4) bytes.set([kind, 0, 0, 0]);
        const frame = decodeFrame(bytes);
        if (frame.kind !== "malformed") expect([...encodeFrame(frame)]).toEqual([...bytes]);
      },
    ),
  );
});

test("request numbers start again after the last", () => {
  expect(nextRequest(2 ** 32 - 1)).toBe(0);
});
