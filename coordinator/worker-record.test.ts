import { describe, expect, it } from "vitest";
import { asAttemptId, asIncarnation, asPeerId } from "../shared/ids.ts";
import { SUSPECT_AFTER_MS } from "../shared/limits.ts";
import { helloSchema } from "../shared/protocol/messages.ts";
import type { LinkReport } from "../shared/protocol/messages.ts";
import { freshWorkerId, workerHello } from "./scripted-pages.ts";
import { newTally, WorkerRecord } from "./worker-record.ts";

function makeRecord(): WorkerRecord {
  const hello = helloSchema.parse(workerHello("token", freshWorkerId()));
  if (hello.role !== "worker") throw new Error("unreachable");
  const identity = {
    incarnation: asIncarnation(1),
    peer: asPeerId("p_of-this-test"),
    address: "10.0.0.2",
    joinedAtMs: 0,
  };
  return new WorkerRecord(hello, identity, { ...newTally(), tasksDone: 4 }, 0);
}

const link = (peer: string | null, bytesReceived: number, more: Partial<LinkReport> = {}) => ({
  peer: peer === null ? null : asPeerId(peer),
  state: "open" as const,
  bytesReceived,
  bytesSent: 0,
  bytesPerMs: null,
  why: null,
  ...more,
});

describe("WorkerRecord", () => {
  it("sums bytes by path, and never forgets those of a link that is gone or starts anew", () => {
    const record = makeRecord();
    record.applyLinks([link("p_one", 10), link("p_two", 20), link(null, 5)]);
    expect(record.view(0)).toMatchObject({ bytesDirect: 30, bytesCoordinator: 5 });
    record.applyLinks([link("p_two", 25), link(null, 2)]);
    expect(record.view(0)).toMatchObject({ bytesDirect: 35, bytesCoordinator: 7 });
    record.applyLinks([link("p_two", 26), link(null, 3)]);
    expect(record.view(0)).toMatchObject({ bytesDirect: 36, bytesCoordinator: 8 });
  });

  it("says which way blocks travel, and why not directly", () => {
    const record = makeRecord();
    expect(record.view(0)).toMatchObject({ path: "unknown", why: null });
    const why = "UDP is blocked.";
    record.applyLinks([link("p_one", 0, { state: "failed", why }), link(null, 1)]);
    expect(record.view(0)).toMatchObject({ path: "coordinator", why });
    record.applyLinks([link("p_one", 0, { state: "failed", why }), link("p_two", 1)]);
    expect(record.view(0)).toMatchObject({ path: "direct", why: null });
  });

  it("tells the states apart", () => {
    const record = makeRecord();
    const status = { ...record.status, type: "status" } as const;
    const stateAt = (nowMs: number): string => record.view(nowMs).state;
    expect(stateAt(0)).toBe("idle");
    record.leased.add(asAttemptId(1));
    expect(stateAt(0)).toBe("fetching");
    record.applyStatus({ ...status, running: [asAttemptId(1)] });
    expect(stateAt(0)).toBe("computing");
    record.applyStatus({ ...status, paused: true });
    expect(stateAt(0)).toBe("paused");
    expect(stateAt(SUSPECT_AFTER_MS + 1)).toBe("silent");
    record.heard(SUSPECT_AFTER_MS + 1);
    expect(stateAt(SUSPECT_AFTER_MS + 1)).toBe("paused");
  });
});
