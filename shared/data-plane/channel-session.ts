// One open channel to a peer: serves blocks to it and requests blocks from it, both bounded.
import type { AbortSignalLike } from "../client/cluster-client.ts";
import type { BlockId } from "../ids.ts";
import { TRANSFER_STALL_MS } from "../limits.ts";
import type { Channel } from "./channel.ts";
import { createChannelReceiver } from "./channel-receiver.ts";
import { createChannelSender } from "./channel-sender.ts";
import type { Clock } from "./clock.ts";
import { decodeFrame, encodeFrame, type Frame } from "./frame.ts";

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
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Blocks on their way now, in both directions. */
  readonly activeTransfers: number;
  close(): void;
}

export interface ChannelSessionOptions {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly lookup: Lookup;
  readonly stallMs?: number;
  /** The session ended; `why` is in plain words. */
  readonly onClose?: (why: string) => void;
}

export function createChannelSession(options: ChannelSessionOptions): ChannelSession {
  const { channel, clock, lookup, onClose, stallMs = TRANSFER_STALL_MS } = options;
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

  function end(why: string): void {
    if (isClosed) return;
    isClosed = true;
    sender.close();
    receiver.close(why);
    channel.close();
    onClose?.(why);
  }

  channel.onMessage((bytes) => {
    if (isClosed) return;
    const frame = decodeFrame(bytes);
    if (frame.kind === "malformed") {
      end(`The peer sent something that is not a frame: ${frame.message}`);
    } else if (frame.kind === "want" || frame.kind === "credit" || frame.kind === "cancel") {
      sender.handle(frame);
    } else {
      receiver.handle(frame);
    }
  });
  channel.onLow(() => sender.pump());
  channel.onClose(() => end("The direct channel closed."));

  return {
    request: (block, transfer) => receiver.request(block, transfer),
    get bytesReceived() {
      return receiver.bytesReceived;
    },
    get bytesSent() {
      return sender.bytesSent;
    },
    get activeTransfers() {
      return sender.active + receiver.active;
    },
    close: () => end("The direct channel was closed here."),
  };
}
