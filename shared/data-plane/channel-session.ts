// One open channel to a peer: serves blocks to it, requests blocks from it, and carries lines; all bounded.
import type { AbortSignalLike } from "../client/cluster-client.ts";
import type { BlockId } from "../ids.ts";
import { TRANSFER_STALL_MS } from "../limits.ts";
import type { Channel } from "./channel.ts";
import { createChannelLines } from "./channel-lines.ts";
import { createChannelReceiver } from "./channel-receiver.ts";
import { createChannelSender } from "./channel-sender.ts";
import type { Clock } from "./clock.ts";
import { decodeFrame, encodeFrame, type Frame } from "./frame.ts";
import type { AnswerLine, Line, LineEvents } from "./line.ts";

/** Bytes of a block that is held here, or null. */
export type Lookup = (block: BlockId) => Uint8Array | null | Promise<Uint8Array | null>;

export interface TransferOptions {
  readonly sizeBytes: number;
  readonly signal?: AbortSignalLike;
  /** Called with the number of new bytes, each time some arrive. */
  readonly onProgress?: (bytes: number) => void;
}

export interface ChannelSession {
  /**
   * The bytes of `block` as the peer sends them, not yet verified. Rejects with TransferError, and
   * always settles: on the channel's end, on `signal`, and when nothing comes for `stallMs`.
   */
  request(block: BlockId, options: TransferOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** Opens a line with a key that the peer knows; null when it refuses, or the channel ends. */
  openLine(key: string, events: LineEvents): Promise<Line | null>;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** No block is on its way, and no line open. */
  readonly isIdle: boolean;
  /** Blocks on their way now, in both directions. */
  readonly activeTransfers: number;
  close(): void;
}

export interface ChannelSessionOptions {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly lookup: Lookup;
  /** Who opens a line to us; absent, nobody may. */
  readonly answerLine?: AnswerLine;
  readonly stallMs?: number;
  /** The session ended; `why` is in plain words. */
  readonly onClose?: (why: string) => void;
}

export function createChannelSession(options: ChannelSessionOptions): ChannelSession {
  const { channel, clock, lookup, onClose } = options;
  const { answerLine = () => null, stallMs = TRANSFER_STALL_MS } = options;
  let isClosed = false;

  const send = (frame: Frame): void => {
    if (isClosed) return;
    try {
      channel.send(encodeFrame(frame));
    } catch {
      end("The direct channel could not take a message.");
    }
  };
  const sender = createChannelSender({ channel, lookup, send });
  const receiver = createChannelReceiver({ clock, send, stallMs, onMisbehaviour: end });
  const lines = createChannelLines({
    channel,
    clock,
    send,
    answer: answerLine,
    stallMs,
    onMisbehaviour: end,
  });

  function end(why: string): void {
    if (isClosed) return;
    isClosed = true;
    sender.close();
    receiver.close(why);
    lines.close();
    channel.close();
    onClose?.(why);
  }

  channel.onMessage((bytes) => {
    if (isClosed) return;
    const frame = decodeFrame(bytes);
    switch (frame.kind) {
      case "malformed":
        return end(`The peer sent something that is not a frame: ${frame.message}`);
      case "want":
      case "credit":
      case "cancel":
        return sender.handle(frame);
      case "size":
      case "data":
      case "none":
        return receiver.handle(frame);
      case "open":
      case "opened":
      case "ask":
      case "reply":
      case "hang-up":
      case "ended":
        return lines.handle(frame);
    }
  });
  channel.onLow(() => {
    sender.pump();
    lines.pump();
  });
  channel.onClose(() => end("The direct channel closed."));

  return {
    request: (block, transfer) => receiver.request(block, transfer),
    openLine: (key, events) => lines.open(key, events),
    get bytesReceived() {
      return receiver.bytesReceived;
    },
    get bytesSent() {
      return sender.bytesSent;
    },
    get isIdle() {
      return sender.active + receiver.active + lines.active === 0;
    },
    get activeTransfers() {
      return sender.active + receiver.active;
    },
    close: () => end("The direct channel was closed here."),
  };
}
