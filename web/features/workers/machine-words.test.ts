// Checks that each state, pause, speed and path of a machine is said in words that help.
import { describe, expect, it } from "vitest";
import { pauseReasons } from "../../../shared/protocol/messages.ts";
import { workerView } from "../../../shared/testing/views.ts";
import {
  batteryWords,
  loadWords,
  movedWords,
  operationsWords,
  pathWhy,
  pathWords,
  pauseEnds,
  speedWords,
  standingStory,
  stateAndPlace,
  stateWords,
} from "./machine-words.ts";

const { condition } = workerView();

describe("the state in words", () => {
  it("says why a machine is paused", () => {
    const paused = (pausedBy: (typeof pauseReasons)[number]) =>
      stateWords(workerView({ state: "paused", condition: { ...condition, pausedBy } }));
    expect(paused("battery")).toBe("Paused: on battery");
    expect(paused("dashboard")).toBe("Paused: from the dashboard");
    expect(new Set(pauseReasons.map(paused)).size).toBe(pauseReasons.length);
    expect(stateWords(workerView({ state: "paused" }))).toBe("Paused there");
  });

  it("says that a machine leaves, whatever it still does, and that a silent one is silent", () => {
    expect(stateWords(workerView({ state: "computing", isRetiring: true }))).toBe(
      "Finishing, then leaving",
    );
    expect(stateWords(workerView({ state: "silent", isRetiring: true }))).toMatch(/^Silent/);
  });

  it("tells of a background tab, but not twice", () => {
    const hidden = workerView({ state: "computing", hidden: true });
    expect(stateAndPlace(hidden)).toBe("Computing, in a background tab");
    const paused = { ...hidden, state: "paused", condition: { ...condition, pausedBy: "hidden" } };
    expect(stateAndPlace(paused as typeof hidden)).toBe("Paused: its page is in the background");
  });

  it("knows which pauses nobody here can end, and what ends them", () => {
    const ends = (pausedBy: (typeof pauseReasons)[number] | null) =>
      pauseEnds(workerView({ state: "paused", condition: { ...condition, pausedBy } }));
    expect(
      ([null, "person", "timer", "dashboard"] as const).filter((by) => ends(by) !== null),
    ).toEqual([]);
    expect(ends("battery")).toMatch(/plugged in/);
    expect(pauseEnds(workerView({ isRetiring: true }))).toMatch(/hands over/);
  });
});

describe("figures in words", () => {
  it("compares the speed only once something was timed", () => {
    const speeds = [{ kernel: "pearson@1", operationsPerMs: 1_200_000 }];
    expect(speedWords(workerView({ relativeSpeed: 1.8 }))).toBe("not timed yet");
    expect(speedWords(workerView({ relativeSpeed: 1.8, speeds }))).toBe("1.8× the average");
    expect(speedWords(workerView({ relativeSpeed: 1.02, speeds }))).toBe("as fast as the average");
    expect(speedWords(workerView({ relativeSpeed: 0.4, speeds }))).toBe("0.4× the average");
    expect(speedWords(workerView({ relativeSpeed: 12, speeds }))).toBe("12× the average");
    expect(operationsWords(1_200_000)).toBe("1.2 billion operations/s");
  });

  it("tells the battery and the load as far as the browser does", () => {
    expect(batteryWords(condition)).toBeNull();
    const battery = { level: 0.84, isCharging: false };
    expect(batteryWords({ ...condition, battery })).toBe("84%, on battery");
    expect(loadWords(condition)).toBeNull();
    expect(loadWords({ ...condition, pressure: "serious", lagMs: 12 })).toBe(
      "Under pressure; timers 12 ms late",
    );
    expect(loadWords({ ...condition, lagMs: 350 })).toBe("Timers 350 ms late");
  });

  it("says why bytes go through the coordinator, and only then", () => {
    const why = "No direct channel opened within 4 s.";
    expect(pathWords({ path: "coordinator" })).toBe("Through the coordinator");
    expect(pathWhy({ path: "coordinator", why })).toBe(why);
    expect(pathWhy({ path: "direct", why })).toBeNull();
  });

  it("tells what moved on both ways, and nothing when nothing did", () => {
    expect(movedWords({ bytesDirect: 4_100_000, bytesCoordinator: 1_000_000 })).toBe(
      "4.1 MB direct, 1.0 MB through the coordinator",
    );
    expect(movedWords({ bytesDirect: 0, bytesCoordinator: 0 })).toBeNull();
  });

  it("says what a doubtful standing means", () => {
    expect(standingStory({ standing: "doubtful" })).toMatch(/failed or were lost/);
  });
});
