// Checks the rules by which a worker spares its machine, and which reason is told when several hold.
import { describe, expect, it } from "vitest";
import { type CourtesyFacts, decideCourtesy } from "./courtesy.ts";

const free: CourtesyFacts = {
  settings: { threads: 4, onlyPluggedIn: false, stopsWhenHidden: false, givesWay: true },
  pause: null,
  isFinishing: false,
  isHidden: false,
  battery: null,
  threadsSpare: null,
};
const onBattery = { level: 0.4, isCharging: false };
const careful = { ...free.settings, onlyPluggedIn: true, stopsWhenHidden: true };

describe("courtesy", () => {
  it("lends what was chosen while nothing speaks against it", () => {
    expect(decideCourtesy(free, 0)).toEqual({ pausedBy: null, threads: 4 });
    expect(decideCourtesy({ ...free, isHidden: true, battery: onBattery }, 0).pausedBy).toBeNull();
  });

  it("[C1] finishes before it heeds anything else", () => {
    const facts = { ...free, isFinishing: true, pause: { by: "person" } } as const;
    expect(decideCourtesy(facts, 0).pausedBy).toBe("finishing");
  });

  it("[C2] says that a person paused it, whatever the battery does", () => {
    const facts = { ...free, settings: careful, battery: onBattery };
    expect(decideCourtesy({ ...facts, pause: { by: "dashboard" } }, 0).pausedBy).toBe("dashboard");
    expect(decideCourtesy({ ...facts, pause: { by: "person" } }, 0).pausedBy).toBe("person");
  });

  it("[C3] ends a pause for a while when its time has come", () => {
    const facts = { ...free, pause: { by: "timer", untilMs: 1_000 } } as const;
    expect(decideCourtesy(facts, 999).pausedBy).toBe("timer");
    expect(decideCourtesy(facts, 1_000).pausedBy).toBeNull();
  });

  it("[C4] pauses on battery, and not where nothing is known of it", () => {
    const facts = { ...free, settings: careful };
    expect(decideCourtesy({ ...facts, battery: onBattery }, 0).pausedBy).toBe("battery");
    const charging = { level: 0.4, isCharging: true };
    expect(decideCourtesy({ ...facts, battery: charging }, 0).pausedBy).toBeNull();
    expect(decideCourtesy(facts, 0).pausedBy).toBeNull();
  });

  it("[C5] pauses while hidden, if that was chosen", () => {
    const facts = { ...free, settings: careful, isHidden: true };
    expect(decideCourtesy(facts, 0).pausedBy).toBe("hidden");
  });

  it("[C6] lends fewer threads to a busy machine, in the end none, unless told not to", () => {
    expect(decideCourtesy({ ...free, threadsSpare: 2 }, 0)).toEqual({ pausedBy: null, threads: 2 });
    expect(decideCourtesy({ ...free, threadsSpare: 0 }, 0).pausedBy).toBe("busy");
    const stubborn = { ...free.settings, givesWay: false };
    const facts = { ...free, settings: stubborn, threadsSpare: 0 };
    expect(decideCourtesy(facts, 0)).toEqual({ pausedBy: null, threads: 4 });
  });
});
