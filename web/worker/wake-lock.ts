// Keeps the screen on while the machine computes, where the browser may.

/** "waiting": it will be kept on as soon as the page is seen; "refused": the system does not want that. */
export type WakeState = "unavailable" | "off" | "on" | "waiting" | "refused";

/** The part of the browser that is needed, so that tests can give their own. */
export interface WakePlace {
  /** Undefined on pages that may not: over plain http, and in old browsers. */
  readonly wakeLock: Pick<WakeLock, "request"> | undefined;
  readonly isHidden: () => boolean;
  readonly onVisibility: (listener: () => void) => () => void;
}

export interface ScreenKeeper {
  readonly state: WakeState;
  /** Whether the machine computes now. */
  want(isWanted: boolean): void;
  onChange(listener: () => void): () => void;
  close(): void;
}

const browserPlace: WakePlace = {
  get wakeLock() {
    return "wakeLock" in navigator ? navigator.wakeLock : undefined;
  },
  isHidden: () => document.hidden,
  onVisibility(listener) {
    document.addEventListener("visibilitychange", listener);
    return () => document.removeEventListener("visibilitychange", listener);
  },
};

export function createScreenKeeper(place: WakePlace = browserPlace): ScreenKeeper {
  const { wakeLock } = place;
  const listeners = new Set<() => void>();
  let state: WakeState = wakeLock === undefined ? "unavailable" : "off";
  let held: WakeLockSentinel | null = null;
  let isWanted = false;
  let isAsking = false;

  function setState(next: WakeState): void {
    if (next === state) return;
    state = next;
    for (const listener of listeners) listener();
  }

  async function follow(): Promise<void> {
    if (wakeLock === undefined || isAsking) return;
    if (!isWanted) {
      const released = held;
      held = null;
      setState("off");
      await released?.release().catch(() => undefined);
      return;
    }
    if (held !== null) return;
    // Browsers release it when the page is hidden, and grant it to visible pages only.
    if (place.isHidden()) return setState("waiting");
    isAsking = true;
    try {
      const sentinel = await wakeLock.request("screen");
      held = sentinel;
      sentinel.addEventListener("release", () => released(sentinel), { once: true });
      setState("on");
    } catch {
      // A low battery, or a policy of the system.
      setState(place.isHidden() ? "waiting" : "refused");
    } finally {
      isAsking = false;
    }
    if (!isWanted) await follow();
  }

  /** The browser took it back: when the page was hidden, or the battery is low. */
  function released(sentinel: WakeLockSentinel): void {
    if (held !== sentinel) return;
    held = null;
    setState(place.isHidden() ? "waiting" : "refused");
  }

  const stopVisibility = place.onVisibility(() => void follow());
  return {
    get state() {
      return state;
    },
    want(wanted) {
      if (wanted === isWanted) return;
      isWanted = wanted;
      void follow();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      isWanted = false;
      stopVisibility();
      void follow();
      listeners.clear();
    },
  };
}
