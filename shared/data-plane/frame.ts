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
import { unreachable } from "../assert.ts";
import { BLOCK_BYTES_MAX } from "../limits.ts";
import { asBlockId, type BlockId } from "../ids.ts";

/** 64 KiB a message: every browser takes it whole, and other channels are not held up for long. */
const FRAME_BYTES_MAX = 64 * 2 ** 10;
const DATA_HEADER_BYTES = 12;
export const DATA_BYTES_MAX = FRAME_BYTES_MAX - DATA_HEADER_BYTES;
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
  | { readonly kind: "none"; readonly request: number; readonly reason: NoneReason };

export type DecodedFrame = Frame | { readonly kind: "malformed"; readonly message: string };

const kinds = ["want", "credit", "cancel", "size", "data", "none"] as const;
const lengths = { want: 44, credit: 12, cancel: 8, size: 12, none: 12 } as const;

/** The bytes of a frame. DATA is copied once, here. */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const length =
    frame.kind === "data" ? DATA_HEADER_BYTES + frame.bytes.length : lengths[frame.kind];
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kinds.indexOf(frame.kind) + 1);
  view.setUint32(4, frame.request, true);
  switch (frame.kind) {
    case "want":
      view.setUint32(8, frame.credit, true);
      writeBlockId(bytes, 12, frame.block);
      break;
    case "credit":
      view.setUint32(8, frame.bytes, true);
      break;
    case "size":
      view.setUint32(8, frame.sizeBytes, true);
      break;
    case "data":
      view.setUint32(8, frame.offset, true);
      bytes.set(frame.bytes, DATA_HEADER_BYTES);
      break;
    case "none":
      view.setUint32(8, noneReasons.indexOf(frame.reason), true);
      break;
    case "cancel":
      break;
  }
  return bytes;
}

const malformed = (message: string): DecodedFrame => ({ kind: "malformed", message });

/** Reads one message. DATA's bytes are a view of `bytes`. Never throws. */
export function decodeFrame(bytes: Uint8Array): DecodedFrame {
  if (bytes.length < 8 || bytes.length > FRAME_BYTES_MAX) {
    return malformed(`A frame of ${bytes.length} bytes is out of bounds.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = kinds[view.getUint8(0) - 1];
  if (kind === undefined) return malformed(`Unknown frame kind ${view.getUint8(0)}.`);
  if (view.getUint32(0, true) >>> 8 !== 0) return malformed("The reserved bytes are not zero.");
  if (kind === "data" ? bytes.length <= DATA_HEADER_BYTES : bytes.length !== lengths[kind]) {
    return malformed(`A ${kind} frame of ${bytes.length} bytes has the wrong length.`);
  }
  const request = view.getUint32(4, true);
  const value = kind === "cancel" ? 0 : view.getUint32(8, true);
  switch (kind) {
    case "cancel":
      return { kind, request };
    case "want":
      return { kind, request, credit: value, block: readBlockId(bytes, 12) };
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
    default:
      return unreachable(kind);
  }
}

/** The request number after `request`. */
export const nextRequest = (request: number): number => (request === UINT32_MAX ? 0 : request + 1);

function writeBlockId(target: Uint8Array, offset: number, block: BlockId): void {
  for (let i = 0; i < 32; i += 1) {
    target[offset + i] = Number.parseInt(block.slice(2 * i, 2 * i + 2), 16);
  }
}

function readBlockId(source: Uint8Array, offset: number): BlockId {
  let text = "";
  for (const byte of source.subarray(offset, offset + 32))
    text += byte.toString(16).padStart(2, "0");
  return asBlockId(text);
}
