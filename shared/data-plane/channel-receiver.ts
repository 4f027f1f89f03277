// The requesting half of a channel: sends WANT, gives credits, and puts the pieces together.
import { assert } from "../assert.ts";
import type { BlockId } from "../ids.ts";
import type { TransferOptions } from "./channel-session.ts";
import type { Clock } from "./clock.ts";
import { type Frame, nextRequest } from "./frame.ts";
import { type StallTimer, startStallTimer } from "./stall-timer.ts";
import { TransferError } from "./transfer-error.ts";

/** Bytes that a peer may have under way for one request: 4 MiB hides 30 ms at 130 MB/s. */
const WINDOW_BYTES = 4 * 2 ** 20;
/** Requests at once; more would only share the same wire. */
const REQUESTS_PER_CHANNEL_MAX = 4;

interface Receiving {
  readonly request: number;
  readonly block: BlockId;
  readonly options: TransferOptions;
  readonly stall: StallTimer;
  /** Allocated when SIZE confirms the announced size. */
  buffer: Uint8Array<ArrayBuffer> | null;
  receivedBytes: number;
  allowedBytes: number;
  settle(outcome: Uint8Array<ArrayBuffer> | TransferError): void;
}

export interface ChannelReceiver {
  request(block: BlockId, options: TransferOptions): Promise<Uint8Array<ArrayBuffer>>;
  handle(frame: Extract<Frame, { kind: "size" | "data" | "none" }>): void;
  readonly bytesReceived: number;
  readonly active: number;
  close(why: string): void;
}

export function createChannelReceiver(options: {
  readonly clock: Clock;
  readonly send: (frame: Frame) => void;
  readonly stallMs: number;
  readonly onMisbehaviour: (why: string) => void;
}): ChannelReceiver {
  const { clock, send, stallMs, onMisbehaviour } = options;
  const receivings = new Map<number, Receiving>();
  let lastRequest = 0;
  let bytesReceived = 0;
  let closedWhy: string | null = null;

  /** Ends a request that the peer still works on. */
  function abandon(receiving: Receiving, error: TransferError): void {
    send({ kind: "cancel", request: receiving.request });
    receiving.settle(error);
  }

  function start(
    block: BlockId,
    transfer: TransferOptions,
    resolve: (bytes: Uint8Array<ArrayBuffer>) => void,
    reject: (error: TransferError) => void,
  ): void {
    lastRequest = nextRequest(lastRequest);
    const onAbort = (): void =>
      abandon(receiving, new TransferError("cancelled", "The transfer was cancelled."));
    const onStall = (): void =>
      abandon(receiving, new TransferError("stalled", `Nothing came for ${stallMs / 1_000} s.`));
    const receiving: Receiving = {
      request: lastRequest,
      block,
      options: transfer,
      stall: startStallTimer(clock, stallMs, onStall),
      buffer: null,
      receivedBytes: 0,
      allowedBytes: WINDOW_BYTES,
      settle(outcome) {
        if (!receivings.delete(receiving.request)) return;
        receiving.stall.stop();
        transfer.signal?.removeEventListener("abort", onAbort);
        if (outcome instanceof TransferError) reject(outcome);
        else resolve(outcome);
      },
    };
    receivings.set(receiving.request, receiving);
    transfer.signal?.addEventListener("abort", onAbort);
    send({ kind: "want", request: receiving.request, block, credit: WINDOW_BYTES });
  }

  function acceptSize(receiving: Receiving, sizeBytes: number): void {
    if (receiving.buffer !== null) return onMisbehaviour("The peer announced a size twice.");
    if (sizeBytes !== receiving.options.sizeBytes) {
      const message = `The block should have ${receiving.options.sizeBytes} bytes, the peer has ${sizeBytes}.`;
      return abandon(receiving, new TransferError("wrong-size", message));
    }
    receiving.stall.progressed();
    receiving.buffer = new Uint8Array(sizeBytes);
    if (sizeBytes === 0) receiving.settle(receiving.buffer);
  }

  function acceptData(receiving: Receiving, offset: number, bytes: Uint8Array): void {
    const { buffer } = receiving;
    const endOffset = offset + bytes.length;
    if (
      buffer === null ||
      offset !== receiving.receivedBytes ||
      endOffset > Math.min(buffer.length, receiving.allowedBytes)
    ) {
      return onMisbehaviour("The peer sent bytes out of order or beyond what was allowed.");
    }
    buffer.set(bytes, offset);
    receiving.receivedBytes = endOffset;
    bytesReceived += bytes.length;
    receiving.stall.progressed();
    receiving.options.onProgress?.(bytes.length);
    if (endOffset === buffer.length) return receiving.settle(buffer);
    const remainingBytes = receiving.allowedBytes - endOffset;
    // Half a window at a time: few credit messages, and the peer never runs dry.
    if (remainingBytes <= WINDOW_BYTES / 2 && receiving.allowedBytes < buffer.length) {
      receiving.allowedBytes += WINDOW_BYTES - remainingBytes;
      const credit = WINDOW_BYTES - remainingBytes;
      send({ kind: "credit", request: receiving.request, bytes: credit });
    }
  }

  return {
    request(block, transfer) {
      return new Promise((resolve, reject) => {
        if (closedWhy !== null) reject(new TransferError("unreachable", closedWhy));
        else if (transfer.signal?.aborted === true) {
          reject(new TransferError("cancelled", "The transfer was cancelled."));
        } else {
          assert(receivings.size < REQUESTS_PER_CHANNEL_MAX, "too many requests on one channel");
          start(block, transfer, resolve, reject);
        }
      });
    },
    handle(frame) {
      const receiving = receivings.get(frame.request);
      // Late frames of a request that ended here are normal: the cancel was under way.
      if (receiving === undefined) return;
      if (frame.kind === "size") acceptSize(receiving, frame.sizeBytes);
      else if (frame.kind === "data") acceptData(receiving, frame.offset, frame.bytes);
      else receiving.settle(new TransferError(frame.reason, "The peer cannot send the block now."));
    },
    get bytesReceived() {
      return bytesReceived;
    },
    get active() {
      return receivings.size;
    },
    close(why) {
      closedWhy ??= why;
      for (const receiving of receivings.values()) {
        receiving.settle(new TransferError("unreachable", why));
      }
    },
  };
}
