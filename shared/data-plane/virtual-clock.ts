// A clock for tests: time passes only when the test says so, and timers fire in their order.
import type { Clock } from "./clock.ts";

export interface VirtualClock extends Clock {
  /** Lets `durationMs` pass; promise callbacks run between timers. */
  advance(durationMs: number): Promise<void>;
}

/** Turns of the microtask queue between timers: more than any chain of promises in our code. */
const SETTLE_TURNS = 200;

/** Lets every promise that can settle without time passing do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLE_TURNS; turn += 1) await Promise.resolve();
}

export function createVirtualClock(): VirtualClock {
  let nowMs = 0;
  let nextId = 1;
  const timers = new Map<number, { atMs: number; callback: () => void }>();

  const takeDue = (untilMs: number): { atMs: number; callback: () => void } | null => {
    let due: { id: number; atMs: number; callback: () => void } | null = null;
    for (const [id, timer] of timers) {
      if (timer.atMs <= untilMs && (due === null || timer.atMs < due.atMs)) due = { id, ...timer };
    }
    if (due !== null) timers.delete(due.id);
    return due;
  };

  return {
    nowMs: () => nowMs,
    after(delayMs, callback) {
      const id = nextId;
      nextId += 1;
      timers.set(id, { atMs: nowMs + delayMs, callback });
      return () => void timers.delete(id);
    },
    async advance(durationMs) {
      const untilMs = nowMs + durationMs;
      await settle();
      for (let due = takeDue(untilMs); due !== null; due = takeDue(untilMs)) {
        nowMs = due.atMs;
        due.callback();
        await settle();
      }
      nowMs = untilMs;
    },
  };
}
