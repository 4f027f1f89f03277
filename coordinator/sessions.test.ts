import { WebSocket } from "ws";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CONTROL_MESSAGE_BYTES_MAX } from "../shared/limits.ts";
import { httpPaths } from "../shared/protocol/http.ts";
import { PROTOCOL_VERSION } from "../shared/protocol/messages.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import {
  clientHello,
  freshClientId,
  freshWorkerId,
  httpOf,
  joinClient,
  makeBlock,
  ScriptedSocket,
  ScriptedWorker,
  workerHello,
} from "./scripted-pages.ts";
import type { Coordinator } from "./start-coordinator.ts";

let fixture: CoordinatorFixture;
let coordinator: Coordinator;

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start();
});
afterEach(() => fixture.remove());

const open = (headers: Record<string, string> = {}): Promise<ScriptedSocket> =>
  new ScriptedSocket(coordinator.port, headers).opened();

async function refusalAfter(...messages: (object | string | Buffer)[]): Promise<string> {
  const socket = await open();
  for (const message of messages) {
    socket.sendText(
      typeof message === "string" || Buffer.isBuffer(message) ? message : JSON.stringify(message),
    );
  }
  const { reason, message } = await socket.next("refused");
  expect(message).toMatch(/\.$/);
  expect(await socket.closed).toBe(1008);
  return reason;
}

describe("greeting", () => {
  it("welcomes a worker with the join token and a client with the submit token", async () => {
    const worker = await open();
    worker.send(workerHello(coordinator.joinToken, freshWorkerId()));
    const first = await worker.next("welcome");
    expect(first).toMatchObject({ incarnation: 1, direct: true });

    const client = await joinClient(coordinator);
    const second = await client.next("welcome");
    expect(second).toMatchObject({ incarnation: 0 });
    expect(second.peer).not.toBe(first.peer);
    const { workers } = await client.next("cluster", (message) => message.workers.length === 1);
    expect(workers[0]).toMatchObject({
      name: "Test machine",
      state: "idle",
      threads: 2,
      address: "127.0.0.1",
    });
  });

  it("refuses a wrong token", async () => {
    expect(await refusalAfter(workerHello("wrong", freshWorkerId()))).toBe("wrong-token");
  });

  it("refuses a client that has only the join token", async () => {
    expect(await refusalAfter(clientHello(coordinator.joinToken, freshClientId()))).toBe(
      "wrong-token",
    );
  });

  it("refuses a page of another version, whatever else its hello looks like", async () => {
    const stale = { type: "hello", version: PROTOCOL_VERSION + 1, somethingNew: true };
    expect(await refusalAfter(stale)).toBe("wrong-version");
  });

  it.each([
    ["another message first", JSON.stringify({ type: "pong", seq: 1 })],
    ["no JSON", "{"],
    ["binary data", Buffer.from([1, 2, 3])],
    ["null", "null"],
    ["a message above the limit", JSON.stringify("x".repeat(CONTROL_MESSAGE_BYTES_MAX))],
  ])("refuses %s", async (_what, message) => {
    expect(await refusalAfter(message)).toBe("malformed");
  });

  it("refuses a connection that says nothing", async () => {
    // Nothing is sent, so this takes the five seconds that a page has for its hello.
    expect(await refusalAfter()).toBe("silent");
  }, 15_000);

  it("cuts off a frame far above the limit", async () => {
    const socket = await open();
    socket.sendText("x".repeat(3 * CONTROL_MESSAGE_BYTES_MAX));
    expect(await socket.closed).toBe(1009);
  });

  it("refuses a malformed message after the hello, and the coordinator lives on", async () => {
    const hello = workerHello(coordinator.joinToken, freshWorkerId());
    expect(await refusalAfter(hello, { type: "status", threads: -1 })).toBe("malformed");
    expect(fixture.log).toContain("Refused a connection from 127.0.0.1: malformed.");
    await joinClient(coordinator);
  });

  it("refuses a flood of messages", async () => {
    const socket = await open();
    socket.send(workerHello(coordinator.joinToken, freshWorkerId()));
    // As a list in each frame, which counts as so many messages.
    const frame = Array.from({ length: 10_000 }, (_, seq) => ({ type: "pong", seq }));
    for (let i = 0; i < 10; i += 1) socket.send(frame);
    expect(await socket.next("refused")).toMatchObject({ reason: "too-fast" });
    await socket.closed;
  });

  it("drops stale attempts and unknown blocks without harm", async () => {
    const worker = await ScriptedWorker.join(coordinator);
    worker.say({ type: "attempts-returned", attempts: [] });
    worker.say({
      type: "attempt-finished",
      attempt: 999_999 as never,
      outputs: [],
      computeMs: 1,
      fetchMs: 1,
      waitMs: 1,
      bytesFetched: 1,
    });
    worker.say({ type: "locate", blocks: [makeBlock([1]).ref.block] });
    expect(await worker.socket.next("located")).toEqual({ type: "located", blocks: [] });
  });
});

describe("life of a session", () => {
  it("supersedes the older connection of one worker", async () => {
    const worker = freshWorkerId();
    const older = await ScriptedWorker.join(coordinator, { worker });
    const newer = await ScriptedWorker.join(coordinator, { worker });
    expect(await older.socket.next("refused")).toMatchObject({ reason: "superseded" });
    await older.socket.closed;
    expect((await newer.socket.next("welcome")).incarnation).toBe(2);
    const client = await joinClient(coordinator);
    const { workers } = await client.next("cluster");
    expect(workers.map((view) => view.worker)).toEqual([worker]);
  });

  it("supersedes the older connection of one client", async () => {
    const id = freshClientId();
    const older = await joinClient(coordinator, id);
    await joinClient(coordinator, id);
    expect(await older.next("refused")).toMatchObject({ reason: "superseded" });
  });

  it("shows changes of a worker, and its leaving", async () => {
    const client = await joinClient(coordinator);
    const worker = await ScriptedWorker.join(coordinator);
    worker.say({
      type: "status",
      name: "Kitchen laptop",
      threads: 3,
      paused: true,
      hidden: true,
      runsFunctions: false,
      running: [],
      cacheBytes: 77,
    });
    const why = "No direct channel opened.";
    worker.say({
      type: "links",
      links: [
        { peer: null, state: "open", bytesReceived: 50, bytesSent: 0, bytesPerMs: 9, why: null },
        {
          peer: "p_somebody-else" as never,
          state: "failed",
          bytesReceived: 5,
          bytesSent: 0,
          bytesPerMs: null,
          why,
        },
      ],
    });
    const { workers } = await client.next("cluster", (message) =>
      message.workers.some((view) => view.path === "coordinator"),
    );
    expect(workers[0]).toMatchObject({
      name: "Kitchen laptop",
      threads: 3,
      state: "paused",
      hidden: true,
      cacheBytes: 77,
      bytesCoordinator: 50,
      bytesDirect: 5,
      why,
    });
    client.heard.length = 0;
    worker.say({ type: "leave" });
    await client.next("cluster", (message) => message.workers.length === 0);
  });

  it("locates blocks with their holders, clients among them", async () => {
    const { ref } = makeBlock([1, 2]);
    const client = await joinClient(coordinator);
    client.send({ type: "have", blocks: [ref] });
    client.send({ type: "locate", blocks: [ref.block] });
    const { peer } = await client.next("welcome");
    expect(await client.next("located")).toEqual({
      type: "located",
      blocks: [{ ...ref, peers: [peer], stored: false }],
    });
    client.heard.length = 0;
    client.send({ type: "dropped", blocks: [ref.block] });
    client.send({ type: "locate", blocks: [ref.block] });
    expect(await client.next("located")).toEqual({ type: "located", blocks: [] });
  });

  it("says so when it shuts down, and closing twice is harmless", async () => {
    const client = await joinClient(coordinator);
    const stranger = await open();
    await Promise.all([coordinator.close(), coordinator.close()]);
    expect(await client.next("refused")).toMatchObject({ reason: "shutting-down" });
    await client.closed;
    await stranger.closed;
    await expect(httpOf(coordinator, "x")("GET", "/")).rejects.toThrow();
  });
});

describe("upgrades", () => {
  const statusOf = (path: string, headers: Record<string, string> = {}): Promise<number> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${coordinator.port}${path}`, { headers });
      socket.on("error", () => {});
      socket.once("unexpected-response", (_request, response) => {
        socket.terminate();
        resolve(response.statusCode ?? 0);
      });
      socket.once("open", () => {
        socket.terminate();
        resolve(101);
      });
    });

  it("are refused from another site's page, for another host, and to unknown paths", async () => {
    const own = `http://127.0.0.1:${coordinator.port}`;
    expect(await statusOf(httpPaths.control, { origin: own })).toBe(101);
    expect(await statusOf(httpPaths.control, { origin: "http://evil.example" })).toBe(403);
    expect(await statusOf(httpPaths.control, { host: "evil.example" })).toBe(421);
    expect(await statusOf("/elsewhere")).toBe(404);
    expect(await statusOf("//")).toBe(400);
  });

  it("to the signalling need the ticket of a welcome, until the session ends", async () => {
    const client = await joinClient(coordinator);
    const { peer, ticket } = await client.next("welcome");
    const path = (id: string, token: string): string =>
      `${httpPaths.signal}/peerjs?key=peerjs&id=${id}&token=${token}&version=1`;
    expect(await statusOf(path(peer, ticket))).toBe(101);
    expect(await statusOf(path(peer, ticket))).toBe(101);
    expect(await statusOf(path(peer, "wrong"))).toBe(401);
    expect(await statusOf(path("p_unknown", ticket))).toBe(401);
    await client.close();
    // The ticket goes with its session; a second client's coming shows that this was handled.
    await joinClient(coordinator);
    expect(await statusOf(path(peer, ticket))).toBe(401);
  });
});
