// Checks that a sampler is quick, bounded, and loses no last change.
import { describe, expect, it } from "vitest";
import { createSampler, type SamplerTimers } from "./sampler.ts";

function manualTimers() {
  let nowMs = 0;
  let pending: { atMs: number; call: () => void } | null = null;
  const timers: SamplerTimers = {
    nowMs: () => nowMs,
    after: (delayMs, call) => {
      pending = { atMs: nowMs + delayMs, call };
      return () => (pending = null);
    },
  };
  const advance = (byMs: number): void => {
    nowMs += byMs;
    const due = pending;
    if (due === null || due.atMs > nowMs) return;
    pending = null;
    due.call();
  };
  return { timers, advance, hasPending: () => pending !== null };
}

describe("createSampler", () => {
  it("publishes the first change at once and a burst once more, at its end", () => {
    const { timers, advance } = manualTimers();
    let published = 0;
    const sampler = createSampler(() => (published += 1), timers, 250);
    for (let i = 0; i < 10; i += 1) sampler.request();
    expect(published).toBe(1);
    advance(249);
    expect(published).toBe(1);
    advance(1);
    expect(published).toBe(2);
    advance(1_000);
    expect(published).toBe(2);
    sampler.request();
    expect(published).toBe(3);
  });

  it("publishes nothing after it was closed, and leaves no timer", () => {
    const { timers, advance, hasPending } = manualTimers();
    let published = 0;
    const sampler = createSampler(() => (published += 1), timers, 250);
    sampler.request();
    sampler.request();
    expect(hasPending()).toBe(true);
    sampler.close();
    expect(hasPending()).toBe(false);
    advance(1_000);
    sampler.request();
    expect(published).toBe(1);
  });
});
