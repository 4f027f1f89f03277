// Asks again and again, one question at a time, and rests while nobody can see the page.
import type { SamplerTimers } from "./sampler.ts";

export interface PollerParts {
  /** One question; a rejection means to ask again later. */
  readonly ask: () => Promise<void>;
  readonly intervalMs: number;
  readonly timers: Pick<SamplerTimers, "after">;
  /** Whether anybody can see the page; `onVisible` tells when that begins. */
  readonly visibility: {
    readonly isVisible: () => boolean;
    readonly onVisible: (listener: () => void) => () => void;
  };
}

export interface Poller {
  /** Asks at once, unless a question is under way. */
  now(): void;
  close(): void;
}

export const documentVisibility: PollerParts["visibility"] = {
  isVisible: () => !document.hidden,
  onVisible: (listener) => {
    const heard = (): void => {
      if (!document.hidden) listener();
    };
    document.addEventListener("visibilitychange", heard);
    return () => document.removeEventListener("visibilitychange", heard);
  },
};

export function createPoller({ ask, intervalMs, timers, visibility }: PollerParts): Poller {
  let isAsking = false;
  let isClosed = false;
  let cancelNext: () => void = () => undefined;

  function now(): void {
    if (isAsking || isClosed) return;
    cancelNext();
    isAsking = true;
    ask()
      .catch(() => undefined)
      .finally(() => {
        isAsking = false;
        if (!isClosed && visibility.isVisible()) cancelNext = timers.after(intervalMs, now);
      });
  }

  const stopListening = visibility.onVisible(now);
  now();
  return {
    now,
    close() {
      isClosed = true;
      cancelNext();
      stopListening();
    },
  };
}
