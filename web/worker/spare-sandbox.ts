// Keeps one sandbox ready that nobody uses yet: starting one takes longer than most functions.
import type { Clock } from "../../shared/data-plane/clock.ts";
import type { SandboxThread, StartSandbox } from "./slot-sandbox.ts";

/** What just took the last one needs the machine now. */
export const SPARE_DELAY_MS = 2_000;

export interface SpareSandbox {
  /** The spare one if it is there, another if not. */
  readonly start: StartSandbox;
  /** Whether one is to be kept. None is at first. */
  setKept(isKept: boolean): void;
}

export function createSpareSandbox(start: StartSandbox, clock: Clock): SpareSandbox {
  let spare: { readonly thread: SandboxThread; onDeath: (why: string) => void } | null = null;
  let isKept = false;
  let stopTimer: (() => void) | null = null;

  function prepareLater(): void {
    if (!isKept || spare !== null) return;
    stopTimer ??= clock.after(SPARE_DELAY_MS, prepare);
  }

  function prepare(): void {
    stopTimer = null;
    // One that cannot start is not tried again before somebody needs one, who is told of it then.
    const made = {
      thread: start((why) => made.onDeath(why)),
      onDeath: (_why: string): void => {
        if (spare === made) spare = null;
      },
    };
    spare = made;
  }

  return {
    start(onDeath) {
      const taken = spare;
      spare = null;
      prepareLater();
      if (taken === null) return start(onDeath);
      taken.onDeath = onDeath;
      return taken.thread;
    },
    setKept(kept) {
      isKept = kept;
      if (kept) return prepareLater();
      stopTimer?.();
      stopTimer = null;
      spare?.thread.terminate();
      spare = null;
    },
  };
}
