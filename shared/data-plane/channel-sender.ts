// The serving half of a channel: answers WANT with SIZE and DATA, as credits and the channel allow.
import type { BlockId } from "../ids.ts";
import type { Channel } from "./channel.ts";
import type { Lookup } from "./channel-session.ts";
import { DATA_BYTES_MAX, type Frame } from "./frame.ts";

/** Above this the channel has enough to send; browsers fail near 16 MiB. */
const BUFFERED_BYTES_MAX = 2 * 2 ** 20;
/** Requests served or waiting at once; a peer that follows the protocol asks for at most four. */
const SERVED_MAX = 16;
/** No sum of credits can honestly be above a few blocks. */
const CREDIT_BYTES_MAX = 2 ** 32;

interface Serving {
  readonly request: number;
  /** Bytes that the peer allows in total. */
  allowedBytes: number;
  /** Null while the block is being looked up. */
  bytes: Uint8Array | null;
  offset: number;
}

export interface ChannelSender {
  handle(frame: Extract<Frame, { kind: "want" | "credit" | "cancel" }>): void;
  /** Sends what may be sent now. */
  pump(): void;
  readonly bytesSent: number;
  readonly active: number;
  close(): void;
}

export function createChannelSender(options: {
  readonly channel: Channel;
  readonly lookup: Lookup;
  readonly send: (frame: Frame) => void;
}): ChannelSender {
  const { channel, lookup, send } = options;
  const servings = new Map<number, Serving>();
  let bytesSent = 0;
  let isClosed = false;

  async function serve(serving: Serving, block: BlockId): Promise<void> {
    let bytes: Uint8Array | null = null;
    try {
      bytes = await lookup(block);
    } catch {
      // What cannot be read is not held; the peer will go elsewhere.
    }
    if (isClosed || servings.get(serving.request) !== serving) return;
    if (bytes === null) {
      servings.delete(serving.request);
      send({ kind: "none", request: serving.request, reason: "not-held" });
      return;
    }
    send({ kind: "size", request: serving.request, sizeBytes: bytes.length });
    serving.bytes = bytes;
    pump();
  }

  /** Sends the next piece of `serving`; false when it has none that may go now. */
  function sendPiece(serving: Serving): boolean {
    const { bytes, offset } = serving;
    if (bytes === null) return false;
    const length = Math.min(DATA_BYTES_MAX, bytes.length - offset, serving.allowedBytes - offset);
    if (length > 0) {
      serving.offset += length;
      bytesSent += length;
      send({
        kind: "data",
        request: serving.request,
        offset,
        bytes: bytes.subarray(offset, offset + length),
      });
    }
    if (serving.offset === bytes.length) servings.delete(serving.request);
    return length > 0;
  }

  /** Takes turns between the requests, so that a small block does not wait behind a large one. */
  function pump(): void {
    for (let hasSent = true; hasSent;) {
      hasSent = false;
      // Closing empties the map, which ends both loops.
      for (const serving of servings.values()) {
        if (channel.bufferedAmount > BUFFERED_BYTES_MAX) return;
        if (sendPiece(serving)) hasSent = true;
      }
    }
  }

  return {
    handle(frame) {
      const serving = servings.get(frame.request);
      if (frame.kind === "want") {
        if (serving !== undefined || servings.size >= SERVED_MAX) {
          send({ kind: "none", request: frame.request, reason: "busy" });
          return;
        }
        const started: Serving = {
          request: frame.request,
          allowedBytes: frame.credit,
          bytes: null,
          offset: 0,
        };
        servings.set(frame.request, started);
        void serve(started, frame.block);
      } else if (frame.kind === "cancel") {
        servings.delete(frame.request);
      } else if (serving !== undefined) {
        serving.allowedBytes = Math.min(CREDIT_BYTES_MAX, serving.allowedBytes + frame.bytes);
        pump();
      }
    },
    pump,
    get bytesSent() {
      return bytesSent;
    },
    get active() {
      return servings.size;
    },
    close() {
      isClosed = true;
      servings.clear();
    },
  };
}
