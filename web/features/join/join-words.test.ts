// Checks that the join page says every state in plain words.
import { describe, expect, it } from "vitest";
import { asIncarnation, asPeerId } from "../../../shared/ids.ts";
import { askedByAddress, isUrgent, workerStateOf, type JoinState } from "./join-state.ts";
import { cacheWords, figures, pathWords, stateWords, threadsWords } from "./join-words.ts";

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
const lost: JoinState = { ...computing, connection: { state: "lost", retryAtMs: 4_000 } };

describe("stateWords", () => {
  it("says what the machine does", () => {
    expect(stateWords(ready, 0)).toMatchObject({ title: "Ready: waiting for work" });
    expect(stateWords(computing, 0)).toMatchObject({ title: "Computing", detail: title });
    expect(stateWords({ ...computing, running: [] }, 0).title).toContain("Fetching");
    expect(stateWords({ ...ready, paused: true }, 0).title).toBe("Paused by you");
  });

  it("counts down to the next attempt when the connection is lost", () => {
    expect(stateWords(lost, 1_200).title).toBe("Connection lost: trying again in 3 s");
  });

  it("explains a refused token", () => {
    const connection = { state: "refused", reason: "wrong-token", message: "" } as const;
    const words = stateWords({ ...ready, connection }, 0);
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
    expect(isUrgent(ready, lost)).toBe(true);
  });
});

describe("askedByAddress", () => {
  it("takes name and threads, and nothing that makes no sense", () => {
    expect(askedByAddress("?auto=1&name=Tower%201&threads=2")).toEqual({
      name: "Tower 1",
      threads: 2,
    });
    expect(askedByAddress("?name=%20&threads=0")).toEqual({});
    expect(askedByAddress("?threads=1.5")).toEqual({});
    expect(askedByAddress(`?name=${"x".repeat(100)}`).name).toHaveLength(64);
    expect(askedByAddress("")).toEqual({});
  });
});

describe("the figures and lines", () => {
  it("adds both ways of receiving", () => {
    const values = figures({
      tasksDone: 1_480,
      computeMs: 724_000,
      bytesReceived: { direct: 62e6, coordinator: 1e6 },
      bytesSent: 0,
    }).map(({ value }) => value);
    expect(values).toEqual(["1,480", "12 min 4 s", "63 MB", "0 B"]);
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
