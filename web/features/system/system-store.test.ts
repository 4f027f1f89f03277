// Checks that the coordinator is asked while somebody follows, from where the last answer ended.
import { describe, expect, it } from "vitest";
import { ClusterError, type ClusterClient } from "../../../shared/client/cluster-client.ts";
import { emptyHistory } from "./system-history.ts";
import { createSystemStore } from "./system-store.ts";

function scripted() {
  const asked: string[] = [];
  let due: (() => void) | null = null;
  let failure: Error | null = null;
  let seq = 0;
  const client: Pick<ClusterClient, "read"> = {
    read: (path, schema) => {
      asked.push(path);
      if (failure !== null) return Promise.reject(failure);
      seq += 1;
      const samples = Object.fromEntries(
        Object.keys(emptyHistory.samples).map((name) => [name, [seq]]),
      );
      const about = { version: "1", node: "v20", system: "Linux", cores: 1 };
      const parsed = schema.safeParse({
        run: "a",
        nowMs: seq,
        intervalMs: 1_000,
        firstSeq: 0,
        nextSeq: seq,
        samples,
        about: { ...about, memoryBytes: 1, startedAtMs: 0 },
      });
      if (!parsed.success) throw new Error("The scripted answer is not valid.");
      return Promise.resolve(parsed.data);
    },
  };
  const system = createSystemStore(client, {
    timers: {
      after: (_, call) => {
        due = call;
        return () => (due = null);
      },
    },
    visibility: { isVisible: () => true, onVisible: () => () => undefined },
  });
  const settled = (): Promise<void> => new Promise((done) => void setImmediate(done));
  return {
    system,
    asked,
    settled,
    fail: (error: Error | null) => (failure = error),
    isWaiting: () => due !== null,
    tick: async () => {
      due?.();
      await settled();
    },
  };
}

describe("createSystemStore", () => {
  it("asks on from the last answer, once for all followers, until the last has gone", async () => {
    const { system, asked, settled, tick, isWaiting } = scripted();
    const [first, second] = [system.follow(), system.follow()];
    await settled();
    await tick();
    expect(asked).toEqual(["/api/system?since=0", "/api/system?since=1"]);
    expect(system.store.getState().history.samples.atMs).toEqual([1, 2]);
    first();
    first();
    expect(isWaiting()).toBe(true);
    second();
    expect(isWaiting()).toBe(false);
    // A later follower goes on where the history ended.
    system.follow();
    await settled();
    expect(asked.at(-1)).toBe("/api/system?since=2");
  });

  it("says what went wrong, keeps the history, and recovers", async () => {
    const { system, settled, tick, fail } = scripted();
    system.follow();
    await settled();
    fail(new ClusterError("The coordinator did not answer.", 0));
    await tick();
    expect(system.store.getState().problem).toBe("The coordinator did not answer.");
    expect(system.store.getState().history.samples.atMs).toEqual([1]);
    fail(null);
    await tick();
    expect(system.store.getState().problem).toBeNull();
  });
});
