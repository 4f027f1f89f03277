// The client over an in-memory coordinator: reconnects, replicas, uploads, endings.
import { createBLAKE3 } from "hash-wasm";
import { describe, expect, test } from "vitest";
import { asBlockId, asIncarnation, asJobId, asPeerId, asTaskKey, type BlockId } from "../ids.ts";
import type { ClientMessage, CoordinatorMessage, LocatedBlock } from "../protocol/messages.ts";
import { createAbort } from "../data-plane/abort.ts";
import { createVirtualClock } from "../data-plane/virtual-clock.ts";
import type { ClientPlatform, ClientRequest, ClientResponse } from "./client-platform.ts";
import { ClusterError, type ConnectionState, type DatasetUpload } from "./cluster-client.ts";
import type { ControlState } from "./control-connection.ts";
import { createClusterClient } from "./create-client.ts";

const blake3 = await createBLAKE3();
const hash = (bytes: Uint8Array) => blake3.init().update(bytes).digest("hex");
const job = asJobId(`j_${"a".repeat(22)}`);
const otherJob = asJobId(`j_${"b".repeat(22)}`);
const datasetId = `d_${"a".repeat(22)}`;
const result = (digit: string) => ({ task: asTaskKey(digit.repeat(64)), outputs: [] });
const welcomed = (n: number): ControlState => ({
  state: "welcomed",
  allowsFunctions: true,
  incarnation: asIncarnation(n),
  peer: asPeerId(`peer-${n}-0000`),
});

/** A coordinator in memory: what was sent to it, and levers to answer. */
function createPlatform(answer: (request: ClientRequest) => Promise<ClientResponse>) {
  const sent: ClientMessage[] = [];
  const requests: ClientRequest[] = [];
  const stateListeners = new Set<(state: ControlState) => void>();
  const messageListeners = new Set<(message: CoordinatorMessage) => void>();
  const served = new Map<BlockId, Uint8Array>();
  const uploads: { block: BlockId; done: (error?: Error) => void }[] = [];
  const fetches: { aborted: () => boolean }[] = [];
  let state: ControlState = { state: "connecting" };
  let isClosed = false;
  let isBlocksClosed = false;
  const clock = createVirtualClock();
  const platform: ClientPlatform = {
    control: {
      get state() {
        return state;
      },
      send: (message) => {
        if (state.state === "welcomed") sent.push(message);
      },
      onMessage: (listener) => {
        messageListeners.add(listener);
        return () => messageListeners.delete(listener);
      },
      onState: (listener) => {
        stateListeners.add(listener);
        return () => stateListeners.delete(listener);
      },
      close: () => {
        isClosed = true;
      },
    },
    blocks: {
      servesPeers: true,
      bytesReceived: { direct: 1, coordinator: 2 },
      fetch: (_located, signal) => {
        fetches.push({ aborted: () => signal.aborted });
        return new Promise(() => undefined);
      },
      upload: (block) =>
        new Promise((resolve, reject) => {
          uploads.push({
            block,
            done: (error) => (error === undefined ? resolve() : reject(error)),
          });
        }),
      hold: (block, bytes) => void served.set(block, bytes),
      release: (block) => void served.delete(block),
      close: () => {
        isBlocksClosed = true;
      },
    },
    openLine: null,
    request: (request) => {
      requests.push(request);
      return answer(request);
    },
    hash,
    encode: (text) => new TextEncoder().encode(text),
    clock,
    now: () => 1_000,
  };
  return {
    platform,
    clock,
    sent,
    requests,
    served,
    uploads,
    fetches,
    isClosed: () => isClosed && isBlocksClosed,
    listenerCount: () => stateListeners.size + messageListeners.size,
    become: (next: ControlState) => {
      state = next;
      for (const listener of stateListeners) listener(next);
    },
    say: (message: CoordinatorMessage) => {
      for (const listener of messageListeners) listener(message);
    },
  };
}

const created = async () => ({ status: 201, body: { dataset: datasetId, job } });
const never = () => new Promise<ClientResponse>(() => undefined);
const settleAll = async () => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
};
const description: DatasetUpload["description"] = {
  name: "prices.csv",
  series: ["A", "B"],
  dates: ["2024-01-01"],
  missingShare: 0,
  dropped: [],
  panelSeries: 1,
};

describe("watch", () => {
  test("delivers each result once over reconnects, and isLast exactly once", () => {
    const fake = createPlatform(never);
    const client = createClusterClient(fake.platform);
    fake.become(welcomed(1));
    const seen: [string[], boolean][] = [];
    client.watch(job, (results, isLast) =>
      seen.push([results.map(({ task }) => task.charAt(0)), isLast]),
    );
    fake.say({
      type: "job-results",
      job,
      results: [result("1"), result("2")],
      failures: [],
      isLast: false,
    });
    fake.say({
      type: "job-results",
      job: otherJob,
      results: [result("9")],
      failures: [],
      isLast: true,
    });
    fake.become({ state: "lost", retryAtMs: 5 });
    fake.become(welcomed(2));
    fake.say({
      type: "job-results",
      job,
      results: ["1", "2", "3"].map(result),
      failures: [],
      isLast: false,
    });
    fake.say({ type: "job-results", job, results: [result("2")], failures: [], isLast: false });
    fake.say({ type: "job-results", job, results: [result("4")], failures: [], isLast: true });
    fake.say({ type: "job-results", job, results: [result("5")], failures: [], isLast: true });
    expect(seen).toEqual([
      [["1", "2"], false],
      [["3"], false],
      [["4"], true],
    ]);
    expect(fake.sent.filter(({ type }) => type === "watch-job")).toHaveLength(2);
    fake.become(welcomed(3));
    expect(fake.sent.filter(({ type }) => type === "watch-job")).toHaveLength(2);
  });

  test("a second watch of the same job gets everything; the last unwatch tells the coordinator", () => {
    const fake = createPlatform(never);
    const client = createClusterClient(fake.platform);
    fake.become(welcomed(1));
    const counts = [0, 0];
    const stopFirst = client.watch(
      job,
      (results) => (counts[0] = (counts[0] ?? 0) + results.length),
    );
    fake.say({ type: "job-results", job, results: [result("1")], failures: [], isLast: false });
    const stopSecond = client.watch(
      job,
      (results) => (counts[1] = (counts[1] ?? 0) + results.length),
    );
    fake.say({ type: "job-results", job, results: [result("1")], failures: [], isLast: false });
    expect(counts).toEqual([1, 1]);
    stopFirst();
    stopFirst();
    expect(fake.sent.at(-1)).toEqual({ type: "watch-job", job });
    stopSecond();
    expect(fake.sent.at(-1)).toEqual({ type: "unwatch-job", job });
  });
});

describe("uploadDataset", () => {
  test("sends, holds and announces panels, at most two at once, then describes them", async () => {
    const fake = createPlatform(created);
    const client = createClusterClient(fake.platform);
    fake.become(welcomed(1));
    const panels = [1, 2, 3].map((n) => new Uint8Array(100).fill(n));
    const progress: number[] = [];
    const uploading = client.uploadDataset({
      description,
      panels,
      onProgress: (bytes) => progress.push(bytes),
    });
    await settleAll();
    expect(fake.uploads).toHaveLength(2);
    for (let i = 0; i < 3; i += 1) {
      fake.uploads[i]?.done();
      await settleAll();
    }
    const record = await uploading;
    expect(record).toMatchObject({ ...description, dataset: datasetId, createdAtMs: 1_000 });
    expect(record.panels).toEqual(panels.map((bytes) => ({ block: hash(bytes), sizeBytes: 100 })));
    expect(fake.requests.map(({ path }) => path)).toEqual(["/api/datasets"]);
    expect(progress).toEqual([100, 200, 300]);
    expect([...fake.served.keys()]).toEqual(panels.map(hash));
    fake.become(welcomed(2));
    expect(fake.sent.at(-1)).toEqual({ type: "have", blocks: record.panels });
  });

  test("holds no more than its budget; the oldest panels are dropped and said so", async () => {
    const fake = createPlatform(created);
    const client = createClusterClient(fake.platform, 250);
    fake.become(welcomed(1));
    const panels = [1, 2, 3].map((n) => new Uint8Array(100).fill(n));
    const uploading = client.uploadDataset({ description, panels });
    for (let i = 0; i < 3; i += 1) {
      await settleAll();
      fake.uploads[i]?.done();
    }
    await uploading;
    expect([...fake.served.keys()]).toEqual(panels.slice(1).map(hash));
    expect(fake.sent).toContainEqual({
      type: "dropped",
      blocks: [hash(panels[0] ?? new Uint8Array())],
    });
  });

  test("a panel that comes with its hash is not hashed again", async () => {
    const fake = createPlatform(created);
    const client = createClusterClient(fake.platform);
    const block = asBlockId("a".repeat(64));
    const panels = [{ block, bytes: new Uint8Array(10) }];
    const uploading = client.uploadDataset({ description, panels });
    await settleAll();
    fake.uploads[0]?.done();
    expect((await uploading).panels).toEqual([{ block, sizeBytes: 10 }]);
    expect([...fake.served.keys()]).toEqual([block]);
  });

  test("a panel that cannot be stored fails the upload, and nothing is described", async () => {
    const fake = createPlatform(created);
    const client = createClusterClient(fake.platform);
    const uploading = client.uploadDataset({ description, panels: [new Uint8Array(10)] });
    await settleAll();
    fake.uploads[0]?.done(new ClusterError("The disk is full.", 507));
    await expect(uploading).rejects.toThrow("The disk is full.");
    expect(fake.requests).toEqual([]);
  });

  test("the coordinator can ask for a held panel again", async () => {
    const fake = createPlatform(created);
    const client = createClusterClient(fake.platform);
    fake.become(welcomed(1));
    const uploading = client.uploadDataset({ description, panels: [new Uint8Array(10)] });
    await settleAll();
    fake.uploads[0]?.done();
    const { panels } = await uploading;
    const block = panels[0]?.block ?? asBlockId("");
    fake.say({ type: "store-blocks", blocks: [block, asBlockId("0".repeat(64))] });
    expect(fake.uploads.map((upload) => upload.block)).toEqual([block, block]);
  });
});

describe("errors and endings", () => {
  test("a problem becomes a ClusterError with its words and status", async () => {
    const body = { type: "about:blank", title: "Not found", status: 404, detail: "No such job." };
    const client = createClusterClient(
      createPlatform(async () => ({ status: 404, body })).platform,
    );
    await expect(client.pause(job)).rejects.toMatchObject({
      name: "ClusterError",
      message: "No such job.",
      status: 404,
    });
  });

  test("no answer and nonsense are ClusterErrors too", async () => {
    const silent = createClusterClient(
      createPlatform(() => Promise.reject(new Error("ECONNREFUSED"))).platform,
    );
    await expect(silent.datasets()).rejects.toThrow(/does not answer/);
    const strange = createClusterClient(
      createPlatform(async () => ({ status: 200, body: "hello" })).platform,
    );
    await expect(strange.datasets()).rejects.toThrow(/not understood/);
  });

  test("a request that a broken connection took along is given up a while after there is a new one", async () => {
    const fake = createPlatform(never);
    const client = createClusterClient(fake.platform);
    fake.become(welcomed(1));
    const outcomes: string[] = [];
    const ask = (name: string): void =>
      void client.cancel(job).catch((error: ClusterError) => {
        outcomes.push(`${name} ${error.status} ${error.isFinal}`);
      });
    ask("old");
    fake.become({ state: "lost", retryAtMs: 5 });
    await fake.clock.advance(60_000);
    fake.become(welcomed(2));
    ask("new");
    await fake.clock.advance(1_000);
    // It breaks once more before the time is up.
    fake.become({ state: "lost", retryAtMs: 5 });
    await fake.clock.advance(60_000);
    expect(outcomes).toEqual([]);
    fake.become(welcomed(3));
    ask("newest");
    await fake.clock.advance(10_000);
    expect(outcomes).toEqual(["old 0 false", "new 0 false"]);
    client.close();
    await settleAll();
    expect(outcomes.at(-1)).toBe("newest 0 true");
  });

  test("close settles every promise, stops every listener, and is idempotent", async () => {
    const fake = createPlatform(never);
    const client = createClusterClient(fake.platform);
    const located: LocatedBlock = {
      block: asBlockId("0".repeat(64)),
      sizeBytes: 1,
      peers: [],
      stored: true,
    };
    const pending = [
      client.cancel(job),
      client.fetchBlock(located),
      client.uploadDataset({ description, panels: [new Uint8Array(1)] }),
      client.downloadPath(job, "csv"),
    ];
    await settleAll();
    client.close();
    client.close();
    for (const promise of pending) await expect(promise).rejects.toThrow(/closed/);
    await expect(client.datasets()).rejects.toThrow(/closed/);
    expect(fake.fetches.map(({ aborted }) => aborted())).toEqual([true]);
    expect(fake.isClosed()).toBe(true);
    expect(fake.listenerCount()).toBe(0);
    expect(fake.served.size).toBe(0);
  });

  test("an aborted fetch rejects at once and aborts the transfer", async () => {
    const fake = createPlatform(never);
    const client = createClusterClient(fake.platform);
    const abort = createAbort();
    const located = { block: asBlockId("0".repeat(64)), sizeBytes: 1, peers: [], stored: true };
    const fetching = client.fetchBlock(located, abort.signal);
    abort.abort();
    await expect(fetching).rejects.toThrow("Cancelled.");
    expect(fake.fetches[0]?.aborted()).toBe(true);
    await expect(client.fetchBlock(located, abort.signal)).rejects.toThrow("Cancelled.");
  });

  test("connection and view are told to listeners until they leave", () => {
    const fake = createPlatform(never);
    const client = createClusterClient(fake.platform);
    const states: ConnectionState["state"][] = [];
    let views = 0;
    const stop = client.onConnection(({ state }) => states.push(state));
    client.onView(() => (views += 1));
    fake.become(welcomed(1));
    fake.become({ state: "lost", retryAtMs: 9 });
    stop();
    fake.become({ state: "refused", reason: "wrong-token", message: "No." });
    fake.say({ type: "cluster", workers: [], jobs: [] });
    expect(states).toEqual(["connected", "lost"]);
    expect(client.connection).toMatchObject({ state: "refused", reason: "wrong-token" });
    expect(views).toBe(1);
    expect(client.bytesReceived).toEqual({ direct: 1, coordinator: 2 });
  });
});
