// Repeats a request whose failure may pass: the coordinator restarts, or has too much to do just now.
import type { Clock } from "../data-plane/clock.ts";
import { ClusterError } from "./cluster-client.ts";

const FIRST_DELAY_MS = 250;
const DELAY_MS_MAX = 8_000;
/** No answer, too many requests, and what servers say that are overloaded or about to start. */
const PASSING_STATUS: ReadonlySet<number> = new Set([0, 429, 502, 503, 504]);

export interface Patience {
  readonly tries: number;
  /** Asked before each repetition; false gives up with the last error. */
  readonly isWanted?: () => boolean;
}

/** Rejects with what is no passing failure, or with the last one. */
export async function patiently<T>(
  request: () => Promise<T>,
  clock: Clock,
  { tries, isWanted = () => true }: Patience,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await request();
    } catch (error) {
      const mayPass = error instanceof ClusterError && PASSING_STATUS.has(error.status);
      if (!mayPass || error.isFinal || tried >= tries || !isWanted()) throw error;
      const delayMs = Math.min(DELAY_MS_MAX, FIRST_DELAY_MS * 2 ** (tried - 1));
      await new Promise<void>((resolve) => void clock.after(delayMs, resolve));
      if (!isWanted()) throw error;
    }
  }
}
