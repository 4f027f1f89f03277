// The binary frames on a data channel, and their one decoder.
//
// One frame is one message; numbers are little-endian. Each side numbers its own requests, so the
// two directions of a channel do not disturb each other.
//
//   byte      0      1..3   4        8            12
//             kind   zero   request  ...
//   WANT      1      0      u32      credit u32   block, 32 bytes      asks for a block
//   CREDIT    2      0      u32      bytes u32                         allows that many more bytes
//   CANCEL    3      0      u32                                        the block is not wanted any more
//   SIZE      4      0      u32      bytes u32                         the block's size; DATA follows
//   DATA      5      0      u32      offset u32   bytes, 1 or more     the next piece, in order
//   NONE      6      0      u32      reason u32                        the block will not come
//   OPEN      7      0      u32      key, 16 bytes                     asks for a line; see line.ts
//   OPENED    8      0      u32                                        the line is there
//   ASK       9      0      u32      bytes, 1 or more                  a message to whoever opened it for us
//   REPLY     10     0      u32      bytes, 1 or more                  a message back
//   HANG-UP   11     0      u32                                        we need the line no more
//   ENDED     12     0      u32                                        the line is refused, or over
import { unreachable } from "../assert.ts";
import { BLOCK_BYTES_MAX } from "../limits.ts";
import { asBlockId, type BlockId } from "../ids.ts";

/** 64 KiB a message: every browser takes it whole, and other channels are not held up for long. */
const FRAME_BYTES_MAX = 64 * 2 ** 10;
const DATA_HEADER_BYTES = 12;
const MESSAGE_HEADER_BYTES = 8;
export const DATA_BYTES_MAX = FRAME_BYTES_MAX - DATA_HEADER_BYTES;
/** The longest message on a line. */
export const LINE_MESSAGE_BYTES_MAX = FRAME_BYTES_MAX - MESSAGE_HEADER_BYTES;
const KEY_BYTES = 16;
const UINT32_MAX = 2 ** 32 - 1;

const noneReasons = ["not-held", "busy"] as const;
type NoneReason = (typeof noneReasons)[number];

export type Frame =
  | {
      readonly kind: "want";
      readonly request: number;
      readonly block: BlockId;
      readonly credit: number;
    }
  | { readonly kind: "credit"; readonly request: number; readonly bytes: number }
  | { readonly kind: "cancel"; readonly request: number }
  | { readonly kind: "size"; readonly request: number; readonly sizeBytes: number }
  | {
      readonly kind: "data";
      readonly request: number;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: "none"; readonly request: number; readonly reason: NoneReason }
  | LineFrame;

/** `request` is the number that the side which opened the line gave it. */
export type LineFrame =
  /** `key`: 32 hexadecimal digits. */
  | { readonly kind: "open"; readonly request: number; readonly key: string }
  | { readonly kind: "ask" | "reply"; readonly request: number; readonly bytes: Uint8Array }
  | { readonly kind: "opened" | "hang-up" | "ended"; readonly request: number };

export type DecodedFrame = Frame | { readonly kind: "malformed"; readonly message: string };

const kinds = [
  "want",
  "credit",
  "cancel",
  "size",
  "data",
  "none",
  "open",
  "opened",
  "ask",
  "reply",
  "hang-up",
  "ended",
] as const;
/** The bytes of each kind; those that carry some of others' have as many more. */
const lengths = {
  want: 44,
  credit: 12,
  cancel: 8,
  size: 12,
  data: DATA_HEADER_BYTES,
  none: 12,
  open: MESSAGE_HEADER_BYTES + KEY_BYTES,
  opened: 8,
  ask: MESSAGE_HEADER_BYTES,
  reply: MESSAGE_HEADER_BYTES,
  "hang-up": 8,
  ended: 8,
} as const;
/** Kinds that carry bytes of others, at least one. */
const isCarrier = (kind: Frame["kind"]): kind is "data" | "ask" | "reply" =>
  kind === "data" || kind === "ask" || kind === "reply";

/** The bytes of a frame. What it carries of others' is copied once, here. */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const carried = "bytes" in frame && typeof frame.bytes !== "number" ? frame.bytes : null;
  const headerBytes = lengths[frame.kind];
  const bytes = new Uint8Array(headerBytes + (carried?.length ?? 0));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kinds.indexOf(frame.kind) + 1);
  view.setUint32(4, frame.request, true);
  if (carried !== null) bytes.set(carried, headerBytes);
  switch (frame.kind) {
    case "want":
      view.setUint32(8, frame.credit, true);
      writeHex(bytes, 12, frame.block);
      break;
    case "credit":
      view.setUint32(8, frame.bytes, true);
      break;
    case "size":
      view.setUint32(8, frame.sizeBytes, true);
      break;
    case "data":
      view.setUint32(8, frame.offset, true);
      break;
    case "none":
      view.setUint32(8, noneReasons.indexOf(frame.reason), true);
      break;
    case "open":
      writeHex(bytes, 8, frame.key);
      break;
    case "cancel":
    case "opened":
    case "ask":
    case "reply":
    case "hang-up":
    case "ended":
      break;
  }
  return bytes;
}

const malformed = (message: string): DecodedFrame => ({ kind: "malformed", message });

/** Reads one message. What it carries is a view of `bytes`. Never throws. */
export function decodeFrame(bytes: Uint8Array): DecodedFrame {
  if (bytes.length < 8 || bytes.length > FRAME_BYTES_MAX) {
    return malformed(`A frame of ${bytes.length} bytes is out of bounds.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = kinds[view.getUint8(0) - 1];
  if (kind === undefined) return malformed(`Unknown frame kind ${view.getUint8(0)}.`);
  if (view.getUint32(0, true) >>> 8 !== 0) return malformed("The reserved bytes are not zero.");
  const headerBytes = lengths[kind];
  if (isCarrier(kind) ? bytes.length <= headerBytes : bytes.length !== headerBytes) {
    return malformed(`A ${kind} frame of ${bytes.length} bytes has the wrong length.`);
  }
  return decodeKind(kind, bytes, view);
}

function decodeKind(kind: Frame["kind"], bytes: Uint8Array, view: DataView): DecodedFrame {
  const request = view.getUint32(4, true);
  const value = lengths[kind] >= 12 ? view.getUint32(8, true) : 0;
  switch (kind) {
    case "cancel":
    case "opened":
    case "hang-up":
    case "ended":
      return { kind, request };
    case "want":
      return { kind, request, credit: value, block: asBlockId(readHex(bytes, 12)) };
    case "credit":
      return { kind, request, bytes: value };
    case "size":
      if (value > BLOCK_BYTES_MAX) return malformed(`A block of ${value} bytes is too large.`);
      return { kind, request, sizeBytes: value };
    case "data":
      return { kind, request, offset: value, bytes: bytes.subarray(DATA_HEADER_BYTES) };
    case "none": {
      const reason = noneReasons[value];
      return reason === undefined
        ? malformed(`Unknown reason ${value}.`)
        : { kind, request, reason };
    }
    case "open":
      return { kind, request, key: readHex(bytes, 8) };
    case "ask":
    case "reply":
      return { kind, request, bytes: bytes.subarray(MESSAGE_HEADER_BYTES) };
    default:
      return unreachable(kind);
  }
}

/** The request number after `request`. */
export const nextRequest = (request: number): number => (request === UINT32_MAX ? 0 : request + 1);

function writeHex(target: Uint8Array, offset: number, hex: string): void {
  for (let i = 0; i < hex.length / 2; i += 1) {
    target[offset + i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  }
}

/** From `offset` to the end. */
function readHex(source: Uint8Array, offset: number): string {
  let text = "";
  for (const byte of source.subarray(offset)) text += byte.toString(16).padStart(2, "0");
  return text;
}
