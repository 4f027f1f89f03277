// Checks how threads are held back from a busy machine and come back, look by look.
import { describe, expect, it } from "vitest";
import { atEase, type GivingWay, giveWay, type Strain } from "./giving-way.ts";

const late: Strain = { pressure: null, lagMs: 40, ownShare: 0.75 };
const prompt: Strain = { pressure: null, lagMs: 2, ownShare: 0.75 };
const critical: Strain = { pressure: "critical", lagMs: 2, ownShare: 0 };

/** Looks once a second for so long and returns the state after it, with the time. */
function look(
  state: GivingWay,
  strain: Strain,
  seconds: number,
  fromMs: number,
  threads = 8,
): { state: GivingWay; nowMs: number } {
  let nowMs = fromMs;
  for (let second = 0; second <= seconds; second += 1) {
    nowMs = fromMs + second * 1_000;
    state = giveWay(state, strain, threads, nowMs);
  }
  return { state, nowMs };
}

describe("giving way", () => {
  it("[G1] takes a quarter after lasting strain, and another when it goes on", () => {
    expect(look(atEase, late, 3, 0).state.threadsSpare).toBeNull();
    expect(look(atEase, late, 4, 0).state.threadsSpare).toBe(6);
    expect(look(atEase, late, 8, 0).state.threadsSpare).toBe(4);
  });

  it("[G1] forgets strain that passed before it lasted", () => {
    const burst = look(atEase, late, 3, 0);
    const after = look(burst.state, prompt, 1, 4_000);
    expect(look(after.state, late, 3, 6_000).state.threadsSpare).toBeNull();
  });

  it("[G2] leaves one thread when timers are late, and none when the system is at its limit", () => {
    expect(look(atEase, late, 60, 0).state.threadsSpare).toBe(1);
    expect(look(atEase, critical, 60, 0).state.threadsSpare).toBe(0);
    expect(look(atEase, late, 60, 0, 1).state.threadsSpare).toBe(1);
  });

  it("counts pressure that our own threads explain as none", () => {
    const own: Strain = { pressure: "serious", lagMs: 40, ownShare: 0.75 };
    expect(look(atEase, own, 60, 0).state.threadsSpare).toBeNull();
    expect(look(atEase, { ...own, ownShare: 0.5 }, 4, 0).state.threadsSpare).toBe(6);
    expect(look(atEase, { ...own, pressure: "critical" }, 4, 0).state.threadsSpare).toBe(6);
  });

  it("[G3] gives a step back after a calm while, and all of it in the end", () => {
    const held = look(atEase, late, 8, 0);
    const soon = look(held.state, prompt, 19, 9_000);
    expect(soon.state.threadsSpare).toBe(4);
    const later = look(held.state, prompt, 20, 9_000);
    expect(later.state.threadsSpare).toBe(6);
    expect(look(later.state, prompt, 20, later.nowMs + 1_000).state.threadsSpare).toBeNull();
  });

  it("[G4] waits twice as long after a step up that brought the strain back", () => {
    const held = look(atEase, late, 4, 0);
    const raised = look(held.state, prompt, 20, 5_000);
    expect(raised.state.threadsSpare).toBeNull();
    const again = look(raised.state, late, 5, raised.nowMs + 1_000);
    expect(again.state.threadsSpare).toBe(6);
    expect(look(again.state, prompt, 39, again.nowMs + 1_000).state.threadsSpare).toBe(6);
    expect(look(again.state, prompt, 40, again.nowMs + 1_000).state.threadsSpare).toBeNull();
  });

  it("[G5] changes nothing between strain and calm, and where nothing is measured", () => {
    const held = look(atEase, late, 4, 0);
    for (const lagMs of [15, null]) {
      const state = look(held.state, { ...prompt, lagMs }, 300, 5_000).state;
      expect(state.threadsSpare).toBe(6);
    }
  });
});
