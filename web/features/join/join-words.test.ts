// Checks that the join page says every state in plain words.
import { describe, expect, it } from "vitest";
import { asIncarnation, asPeerId } from "../../../shared/ids.ts";
import type { PauseReason } from "../../../shared/protocol/messages.ts";
import { askedByAddress, isUrgent, workerStateOf, type JoinState } from "./join-state.ts";
import {
  abilityWords,
  batteryWords,
  cacheWords,
  contributionWords,
  dashboardWords,
  figures,
  pathWords,
  stateWords,
  threadsWords,
} from "./join-words.ts";

const ready: JoinState = {
  connection: {
    state: "welcomed",
    incarnation: asIncarnation(1),
    peer: asPeerId("peer-0001"),
    allowsFunctions: true,
  },
  name: "Laptop",
  paused: false,
  pausedBy: null,
  endedBy: null,
  runsFunctions: false,
  threads: 3,
  threadsMax: 4,
  cells: [],
  running: [],
  fetching: 0,
  currentTitle: null,
  moving: 0,
  tasksDone: 0,
  tasksFailed: 0,
  computeMs: 0,
  given: {
    now: { computeMs: 0, tasks: 0, jobs: 0 },
    inAll: { computeMs: 0, tasks: 0, jobs: 0 },
  },
  courtesy: {
    settings: { threads: 3, onlyPluggedIn: false, stopsWhenHidden: false, givesWay: true },
    pausedUntilMs: null,
    threadsSpare: null,
    tellsBattery: null,
    battery: null,
    pausedUntilUnixMs: null,
  },
  screen: "unavailable",
  changedAtDashboard: null,
  bytesReceived: { direct: 0, coordinator: 0 },
  bytesSent: 0,
  path: "unknown",
  pathWhy: null,
  cache: { state: "ready", budgetBytes: 1 },
  cacheBytes: 0,
};
const title = "Correlate prices.csv";
const computing: JoinState = {
  ...ready,
  running: [{ title, startedAtMs: 0 }],
  fetching: 1,
  currentTitle: title,
};
const nowMs = 1_200;
const lost: JoinState = { ...computing, connection: { state: "lost", retryAtMs: 4_000 } };

describe("stateWords", () => {
  it("says what the machine does", () => {
    expect(stateWords(ready, nowMs)).toMatchObject({ title: "Ready: waiting for work" });
    expect(stateWords(computing, nowMs)).toMatchObject({ title: "Computing", detail: title });
    expect(stateWords({ ...computing, running: [] }, nowMs).title).toContain("Fetching");
  });

  it("says why it is paused, and what ends that", () => {
    const title = (pausedBy: PauseReason): string =>
      stateWords({ ...ready, pausedBy }, nowMs).title;
    expect(title("person")).toBe("Paused by you");
    expect(title("dashboard")).toBe("Paused at the dashboard");
    expect(title("battery")).toBe("Paused: on battery");
    expect(title("hidden")).toBe("Paused: this page is hidden");
    expect(title("busy")).toBe("Paused: this machine is busy with something else");
    expect(title("finishing")).toBe("Finishing, then stopping");
    const pausedUntilUnixMs = Date.UTC(2026, 10, 27, 14, 15);
    const courtesy = { ...ready.courtesy, pausedUntilUnixMs };
    const paused = stateWords({ ...ready, pausedBy: "timer", courtesy }, nowMs);
    // The hour depends on the place.
    expect(paused.title).toMatch(/^Paused until \d\d:15$/);
    expect(stateWords({ ...computing, pausedBy: "finishing" }, nowMs).detail).toContain(
      "1 task still",
    );
  });

  it("says when it uses fewer threads than it was told", () => {
    const courtesy = { ...ready.courtesy, threadsSpare: 2 };
    expect(stateWords({ ...computing, threads: 2, courtesy }, nowMs).detail).toBe(
      "Using 2 of 3 threads: this machine is busy with something else",
    );
  });

  it("counts down to the next attempt when the connection is lost", () => {
    expect(stateWords(lost, nowMs).title).toBe("Connection lost: trying again in 3 s");
  });

  it("explains a refused token", () => {
    const connection = { state: "refused", reason: "wrong-token", message: "" } as const;
    const words = stateWords({ ...ready, connection }, nowMs);
    expect(words.title).toBe("The key in this address is not valid");
    expect(words.tone).toBe("trouble");
  });
});

describe("workerStateOf", () => {
  it("gives scripts one word, trouble before everything else", () => {
    expect(workerStateOf(ready)).toBe("idle");
    expect(workerStateOf(computing)).toBe("computing");
    expect(workerStateOf({ ...computing, running: [] })).toBe("fetching");
    expect(workerStateOf({ ...computing, paused: true })).toBe("paused");
    expect(workerStateOf(lost)).toBe("lost");
  });
});

describe("isUrgent", () => {
  it("lets figures wait and nothing that a person did", () => {
    expect(isUrgent(ready, { ...ready, tasksDone: 5 })).toBe(false);
    expect(isUrgent(ready, { ...ready, paused: true })).toBe(true);
    expect(isUrgent(ready, { ...ready, threads: 2 })).toBe(true);
    expect(isUrgent(ready, { ...ready, name: "Tower" })).toBe(true);
    expect(isUrgent(ready, { ...ready, pausedBy: "battery" })).toBe(true);
    const courtesy = { ...ready.courtesy, settings: { ...ready.courtesy.settings } };
    expect(isUrgent(ready, { ...ready, courtesy })).toBe(true);
    expect(isUrgent(ready, lost)).toBe(true);
  });
});

describe("askedByAddress", () => {
  it("takes name and threads, and nothing that makes no sense", () => {
    expect(askedByAddress("?auto=1&name=Tower%201&threads=2&yield=0")).toEqual({
      isAuto: true,
      name: "Tower 1",
      courtesy: { threads: 2, givesWay: false },
    });
    const nothing = { isAuto: false, courtesy: {} };
    expect(askedByAddress("?name=%20&threads=0")).toEqual(nothing);
    expect(askedByAddress("?threads=1.5&auto=0")).toEqual(nothing);
    expect(askedByAddress("?auto")).toEqual({ ...nothing, isAuto: true });
    expect(askedByAddress(`?name=${"x".repeat(100)}`).name).toHaveLength(64);
    expect(askedByAddress("")).toEqual(nothing);
  });
});

describe("the figures and lines", () => {
  it("adds both ways of receiving", () => {
    const values = figures({
      bytesReceived: { direct: 62e6, coordinator: 1e6 },
      bytesSent: 0,
    }).map(({ value }) => value);
    expect(values).toEqual(["63 MB", "0 B"]);
  });

  it("tells what was given, now and in all, in plain units", () => {
    const now = { computeMs: 720_000, tasks: 340, jobs: 3 };
    const nothing = { computeMs: 0, tasks: 0, jobs: 0 };
    expect(contributionWords({ now, inAll: now })).toEqual([
      "This machine has computed 12 min and 340 tasks for 3 jobs.",
    ]);
    const inAll = { computeMs: 7_200_000, tasks: 1_000, jobs: 1 };
    expect(contributionWords({ now, inAll })[1]).toBe(
      "With earlier visits it has computed 2 h and 1,000 tasks for 1 job.",
    );
    expect(contributionWords({ now: nothing, inAll })[0]).toContain("In earlier visits");
    expect(contributionWords({ now: nothing, inAll: nothing })[0]).toContain("not computed");
  });

  it("tells what the dashboard changed, and what the battery says", () => {
    expect(dashboardWords(ready)).toBeNull();
    expect(dashboardWords({ changedAtDashboard: { paused: true } })).toBeNull();
    expect(dashboardWords({ changedAtDashboard: { name: "Tower", threads: 2 } })).toBe(
      "The dashboard changed its name to “Tower” and its threads to 2.",
    );
    const untold = { ...ready.courtesy, tellsBattery: false };
    expect(batteryWords(untold)).toContain("does not tell");
    const told = { ...untold, tellsBattery: true, battery: { level: 0.5, isCharging: false } };
    expect(batteryWords(told)).toBe("On battery now, at 50%.");
  });

  it("tells what https gives, and what is missing without it", () => {
    const secure = {
      isSecure: true,
      isLocal: false,
      hasWebGpu: true,
      hasSharedMemory: true,
      hasWakeLock: true,
    };
    expect(abilityWords(secure)).toBe(
      "Opened over https: this page has WebGPU, shared memory and the right to keep the screen on.",
    );
    expect(abilityWords({ ...secure, isSecure: false })).toContain("Over https this page could");
  });

  it("says which way data takes and why", () => {
    const pathWhy = "No direct channel opened within 4 s.";
    expect(pathWords({ path: "coordinator", pathWhy })).toBe(
      "Data travels through the coordinator: no direct channel opened within 4 s.",
    );
    expect(pathWords({ path: "coordinator", pathWhy: "WebRTC is switched off." })).toContain(
      ": WebRTC is",
    );
    expect(pathWords({ path: "direct", pathWhy: null })).toContain("directly");
  });

  it("tells when this browser keeps nothing", () => {
    expect(cacheWords(ready)).toBeNull();
    const cache = { state: "unavailable", why: "Storage is refused in private windows." } as const;
    expect(cacheWords({ cache })).toContain("storage is refused in private windows.");
  });

  it("counts threads", () => {
    expect(threadsWords(3, 4)).toBe("Use 3 of 4 threads");
    expect(threadsWords(1, 1)).toBe("Use 1 of 1 thread");
  });
});
