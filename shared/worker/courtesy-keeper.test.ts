// Checks that what the machine feels and what its person chose reach the agent, and only when they change.
import { expect, test } from "vitest";
import { createVirtualClock } from "../data-plane/virtual-clock.ts";
import type { PauseReason } from "../protocol/messages.ts";
import { createCourtesyKeeper, type MachineSense } from "./courtesy-keeper.ts";
import { createWorkerState } from "./worker-state.ts";

function setUp(options: { readonly pausedUntilMs?: number } = {}) {
  const clock = createVirtualClock();
  const state = createWorkerState({
    name: "Desk",
    threads: 4,
    runsFunctions: false,
    memoryBudgetBytes: 1,
    cached: [],
  });
  const log: string[] = [];
  let sense: MachineSense = { pressure: null, battery: null, lagMs: 1, isHidden: false };
  let tell = (): void => undefined;
  let changes = 0;
  const keeper = createCourtesyKeeper({
    agent: {
      state,
      setPaused(paused, reason: PauseReason = "person") {
        if (paused) state.pauses.add(reason);
        else state.pauses.delete(reason);
        log.push(`${reason} ${paused}`);
      },
      setThreads(threads) {
        state.threads = threads;
        log.push(`threads ${threads}`);
      },
      setCondition: (condition) => (state.condition = condition),
    },
    clock,
    senses: {
      get now() {
        return sense;
      },
      onChange(listener) {
        tell = listener;
        return () => log.push("stop senses");
      },
      close: () => log.push("close senses"),
    },
    cores: 4,
    settings: { threads: 4, onlyPluggedIn: true, stopsWhenHidden: false, givesWay: true },
    pausedUntilMs: options.pausedUntilMs ?? null,
    onChange: () => (changes += 1),
  });
  const feel = (felt: Partial<MachineSense>): void => {
    sense = { ...sense, ...felt };
    tell();
  };
  const take = (): string[] => log.splice(0);
  return { clock, state, keeper, feel, take, changes: () => changes };
}

test("a battery that is unplugged pauses at once, and plugged in resumes", () => {
  const { feel, take, state } = setUp();
  feel({ battery: { level: 0.9, isCharging: false } });
  feel({ battery: { level: 0.8, isCharging: false } });
  expect(take()).toEqual(["battery true"]);
  feel({ battery: { level: 0.8, isCharging: true } });
  expect(take()).toEqual(["battery false"]);
  expect([...state.pauses]).toEqual([]);
});

test("a pause for a while ends by itself, also one from an earlier visit", async () => {
  const { clock, keeper, take } = setUp({ pausedUntilMs: 2_000 });
  expect(take()).toEqual(["timer true"]);
  await clock.advance(2_000);
  expect(take()).toEqual(["timer false"]);
  keeper.pauseFor(60_000);
  expect(keeper.view.pausedUntilMs).toBe(62_000);
  keeper.resume();
  expect(take()).toEqual(["timer true", "person false", "timer false"]);
});

test("late timers take threads step by step, and the view says so", async () => {
  const { clock, keeper, feel, take, changes } = setUp();
  const before = changes();
  feel({ lagMs: 100 });
  await clock.advance(5_000);
  expect(take()).toEqual(["threads 3"]);
  expect(keeper.view.threadsSpare).toBe(3);
  expect(changes()).toBe(before + 1);
  keeper.change({ givesWay: false });
  expect(take()).toEqual(["threads 4"]);
  expect(keeper.view.threadsSpare).toBeNull();
});

test("the dashboard's threads become the person's choice, and its resuming ends a timer", () => {
  const { keeper, take, state } = setUp();
  keeper.pauseFor(60_000);
  state.threads = 2;
  take();
  keeper.follow({ threads: 2, paused: false });
  expect(keeper.view.settings.threads).toBe(2);
  expect(take()).toEqual(["timer false"]);
});

test("the machine's condition is told every second until it is closed", async () => {
  const { clock, keeper, feel, take, state } = setUp();
  feel({ lagMs: 7, pressure: "fair" });
  await clock.advance(1_000);
  expect(state.condition).toEqual({ pressure: "fair", battery: null, lagMs: 7 });
  keeper.close();
  expect(take()).toEqual(["stop senses", "close senses"]);
  feel({ lagMs: 9 });
  await clock.advance(5_000);
  expect(state.condition.lagMs).toBe(7);
});
