// How fast one source delivers, measured over all its transfers together.
import type { Clock } from "./clock.ts";

/** Weight of the newest sample: a changed network shows after about three transfers. */
const NEWEST_WEIGHT = 0.3;
/** Smaller samples measure latency, not the wire. */
const SAMPLE_BYTES_MIN = 32 * 2 ** 10;

export interface SourceMeter {
  /** Smoothed bytes a millisecond; null until measured. */
  readonly bytesPerMs: number | null;
  readonly bytesReceived: number;
  readonly activeTransfers: number;
  /** Bytes asked for and not yet there. */
  readonly pendingBytes: number;
  started(sizeBytes: number): void;
  progressed(bytes: number): void;
  /** A transfer ended with `missingBytes` of it not delivered. */
  ended(missingBytes: number, hasFailed: boolean): void;
}

export function createSourceMeter(clock: Clock): SourceMeter {
  let bytesPerMs: number | null = null;
  let bytesReceived = 0;
  let activeTransfers = 0;
  let pendingBytes = 0;
  // The running sample: bytes since this time, during which at least one transfer was active.
  let sampleSinceMs = 0;
  let sampleBytes = 0;

  return {
    get bytesPerMs() {
      return bytesPerMs;
    },
    get bytesReceived() {
      return bytesReceived;
    },
    get activeTransfers() {
      return activeTransfers;
    },
    get pendingBytes() {
      return pendingBytes;
    },
    started(sizeBytes) {
      if (activeTransfers === 0) {
        sampleSinceMs = clock.nowMs();
        sampleBytes = 0;
      }
      activeTransfers += 1;
      pendingBytes += sizeBytes;
    },
    progressed(bytes) {
      bytesReceived += bytes;
      sampleBytes += bytes;
      pendingBytes -= bytes;
    },
    ended(missingBytes, hasFailed) {
      activeTransfers -= 1;
      pendingBytes -= missingBytes;
      if (hasFailed) {
        if (bytesPerMs !== null) bytesPerMs /= 2;
      } else if (sampleBytes >= SAMPLE_BYTES_MIN) {
        const sample = sampleBytes / Math.max(clock.nowMs() - sampleSinceMs, 0.1);
        bytesPerMs =
          bytesPerMs === null ? sample : bytesPerMs + NEWEST_WEIGHT * (sample - bytesPerMs);
      } else return;
      sampleSinceMs = clock.nowMs();
      sampleBytes = 0;
    },
  };
}
