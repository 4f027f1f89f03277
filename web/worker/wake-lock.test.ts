// Checks when the screen is kept on: while computing and seen, again after the page was hidden.
import { expect, test } from "vitest";
import { settle } from "../../shared/data-plane/virtual-clock.ts";
import { createScreenKeeper } from "./wake-lock.ts";

/** A browser that grants, releases and refuses as the test says. */
function createPlace() {
  const held = new Set<EventTarget>();
  const seen = { isHidden: false, isRefused: false };
  let tell = (): void => undefined;
  const wakeLock = {
    request(): Promise<WakeLockSentinel> {
      if (seen.isRefused) return Promise.reject(new DOMException("low battery", "NotAllowedError"));
      const sentinel = new EventTarget();
      held.add(sentinel);
      const release = (): Promise<void> => {
        held.delete(sentinel);
        sentinel.dispatchEvent(new Event("release"));
        return Promise.resolve();
      };
      return Promise.resolve(Object.assign(sentinel, { release }) as unknown as WakeLockSentinel);
    },
  };
  return {
    place: {
      wakeLock,
      isHidden: () => seen.isHidden,
      onVisibility: (listener: () => void) => {
        tell = listener;
        return () => (tell = () => undefined);
      },
    },
    held,
    seen,
    setHidden: async (isHidden: boolean): Promise<void> => {
      seen.isHidden = isHidden;
      if (isHidden) {
        for (const sentinel of held) {
          held.delete(sentinel);
          sentinel.dispatchEvent(new Event("release"));
        }
      }
      tell();
      await settle();
    },
  };
}

test("the screen is kept on while wanted and seen, and once more after it was hidden", async () => {
  const { place, held, setHidden } = createPlace();
  const keeper = createScreenKeeper(place);
  expect(keeper.state).toBe("off");
  keeper.want(true);
  await settle();
  expect([keeper.state, held.size]).toEqual(["on", 1]);
  await setHidden(true);
  expect([keeper.state, held.size]).toEqual(["waiting", 0]);
  await setHidden(false);
  expect([keeper.state, held.size]).toEqual(["on", 1]);
  keeper.want(false);
  await settle();
  expect([keeper.state, held.size]).toEqual(["off", 0]);
});

test("what is no longer wanted when it is granted is released", async () => {
  const { place, held } = createPlace();
  const keeper = createScreenKeeper(place);
  keeper.want(true);
  keeper.want(false);
  await settle();
  expect([keeper.state, held.size]).toEqual(["off", 0]);
});

test("a refusal is told, and tried again when the page is next seen", async () => {
  const { place, seen, setHidden, held } = createPlace();
  seen.isRefused = true;
  const keeper = createScreenKeeper(place);
  keeper.want(true);
  await settle();
  expect(keeper.state).toBe("refused");
  seen.isRefused = false;
  await setHidden(false);
  expect(keeper.state).toBe("on");
  keeper.close();
  await settle();
  expect(held.size).toBe(0);
});

test("pages that may not say so", () => {
  const { place } = createPlace();
  const keeper = createScreenKeeper({ ...place, wakeLock: undefined });
  keeper.want(true);
  expect(keeper.state).toBe("unavailable");
});
