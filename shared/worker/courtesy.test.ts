// Checks the rules by which a worker spares its machine.
import { describe, expect, it } from "vitest";
import { type CourtesyFacts, decideCourtesy } from "./courtesy.ts";

const free: CourtesyFacts = {
  settings: { threads: 4, onlyPluggedIn: false, stopsWhenHidden: false, givesWay: true },
  pausedUntilMs: null,
  isHidden: false,
  battery: null,
  threadsSpare: null,
};
const onBattery = { level: 0.4, isCharging: false };
const careful = { ...free.settings, onlyPluggedIn: true, stopsWhenHidden: true };
const decide = (facts: Partial<CourtesyFacts>, nowMs = 0): [readonly string[], number] => {
  const { reasons, threads } = decideCourtesy({ ...free, ...facts }, nowMs);
  return [[...reasons], threads];
};

describe("courtesy", () => {
  it("lends what was chosen while nothing speaks against it", () => {
    expect(decide({})).toEqual([[], 4]);
    expect(decide({ isHidden: true, battery: onBattery })).toEqual([[], 4]);
  });

  it("[C1] ends a pause for a while when its time has come", () => {
    expect(decide({ pausedUntilMs: 1_000 }, 999)).toEqual([["timer"], 4]);
    expect(decide({ pausedUntilMs: 1_000 }, 1_000)).toEqual([[], 4]);
  });

  it("[C2] pauses on battery, and not where nothing is known of it", () => {
    expect(decide({ settings: careful, battery: onBattery })).toEqual([["battery"], 4]);
    const charging = { level: 0.4, isCharging: true };
    expect(decide({ settings: careful, battery: charging })).toEqual([[], 4]);
    expect(decide({ settings: careful })).toEqual([[], 4]);
  });

  it("[C3] pauses while hidden, if that was chosen", () => {
    expect(decide({ settings: careful, isHidden: true })).toEqual([["hidden"], 4]);
  });

  it("[C4] lends fewer threads to a busy machine, in the end none, unless told not to", () => {
    expect(decide({ threadsSpare: 2 })).toEqual([[], 2]);
    expect(decide({ threadsSpare: 0 })).toEqual([["busy"], 1]);
    const stubborn = { ...free.settings, givesWay: false };
    expect(decide({ settings: stubborn, threadsSpare: 0 })).toEqual([[], 4]);
  });

  it("tells every reason that holds", () => {
    const facts = { settings: careful, battery: onBattery, isHidden: true, pausedUntilMs: 5 };
    expect(decide(facts)[0]).toEqual(["timer", "battery", "hidden"]);
  });
});
