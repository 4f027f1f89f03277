// Two ends of a channel in memory, for tests: ordered, with a rate and a buffer like a real one.
import type { Channel } from "./channel.ts";
import type { Clock } from "./clock.ts";

/** Like the low mark that the browser's channels get. */
const LOW_BYTES = 512 * 2 ** 10;

export interface MemoryChannel extends Channel {
  /** The most bytes that ever waited here. */
  readonly bufferedPeakBytes: number;
  readonly isClosed: boolean;
  /** While frozen nothing leaves this end. */
  setFrozen(isFrozen: boolean): void;
}

interface End extends MemoryChannel {
  deliver(bytes: Uint8Array): void;
  ended(): void;
}

export function createMemoryChannels(
  clock: Clock,
  bytesPerMs = 100_000,
): [MemoryChannel, MemoryChannel] {
  const first: End = createEnd(clock, bytesPerMs, () => second);
  const second: End = createEnd(clock, bytesPerMs, () => first);
  return [first, second];
}

function createEnd(clock: Clock, bytesPerMs: number, other: () => End): End {
  const queue: Uint8Array[] = [];
  let onMessage: ((bytes: Uint8Array) => void) | null = null;
  let onLow: (() => void) | null = null;
  let onClose: (() => void) | null = null;
  let bufferedAmount = 0;
  let bufferedPeakBytes = 0;
  let isClosed = false;
  let isFrozen = false;
  let isSending = false;

  function sendNext(): void {
    const bytes = queue[0];
    if (isSending || isFrozen || isClosed || bytes === undefined) return;
    isSending = true;
    clock.after(bytes.length / bytesPerMs, () => {
      isSending = false;
      if (isClosed) return;
      queue.shift();
      const wasHigh = bufferedAmount > LOW_BYTES;
      bufferedAmount -= bytes.length;
      other().deliver(bytes);
      if (wasHigh && bufferedAmount <= LOW_BYTES) onLow?.();
      sendNext();
    });
  }

  return {
    send(bytes) {
      if (isClosed) throw new Error("The channel is closed.");
      queue.push(bytes.slice());
      bufferedAmount += bytes.length;
      bufferedPeakBytes = Math.max(bufferedPeakBytes, bufferedAmount);
      sendNext();
    },
    get bufferedAmount() {
      return bufferedAmount;
    },
    get bufferedPeakBytes() {
      return bufferedPeakBytes;
    },
    get isClosed() {
      return isClosed;
    },
    onMessage: (listener) => {
      onMessage = listener;
    },
    onLow: (listener) => {
      onLow = listener;
    },
    onClose: (listener) => {
      onClose = listener;
    },
    setFrozen(frozen) {
      isFrozen = frozen;
      sendNext();
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      other().ended();
      onClose?.();
    },
    deliver: (bytes) => {
      if (!isClosed) onMessage?.(bytes);
    },
    ended() {
      if (isClosed) return;
      isClosed = true;
      onClose?.();
    },
  };
}
