// Checks that pages are introduced to each other as PeerJS expects, and to nobody else.
import { util } from "peerjs";
import { WebSocket } from "ws";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpPaths } from "../shared/protocol/http.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import { joinClient } from "./scripted-pages.ts";
import { freshPeerId } from "./signalling.ts";
import type { Coordinator } from "./start-coordinator.ts";

let fixture: CoordinatorFixture;
let coordinator: Coordinator;

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start();
});
afterEach(() => fixture.remove());

interface SignallingPeer {
  readonly peer: string;
  readonly socket: WebSocket;
  /** The next message that has not been taken yet. */
  next(): Promise<unknown>;
  leave(): Promise<void>;
}

/** A page whose signalling socket is open, speaking as PeerJS does. */
async function openPeer(): Promise<SignallingPeer> {
  const control = await joinClient(coordinator);
  const { peer, ticket } = await control.next("welcome");
  const query = `key=peerjs&id=${peer}&token=${ticket}&version=1.5.5`;
  const address = `ws://127.0.0.1:${coordinator.port}${httpPaths.signal}/peerjs?${query}`;
  const socket = new WebSocket(address);
  const waiting: unknown[] = [];
  let wake = (): void => {};
  socket.on("message", (data: Buffer) => {
    waiting.push(JSON.parse(data.toString()));
    wake();
  });
  const next = async (): Promise<unknown> => {
    while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return waiting.shift();
  };
  expect(await next()).toEqual({ type: "OPEN" });
  return { peer, socket, next, leave: () => control.close() };
}

describe("signalling", () => {
  it("names pages as PeerJS takes it, every time", () => {
    for (let i = 0; i < 1_000; i += 1) expect(freshPeerId()).toSatisfy(util.validateId);
  });

  it("carries offers and answers between two pages, naming the true sender", async () => {
    const one = await openPeer();
    const two = await openPeer();
    const offer = { type: "OFFER", dst: two.peer, src: "somebody else", payload: { sdp: "v=0" } };
    one.socket.send(JSON.stringify(offer));
    expect(await two.next()).toEqual({ ...offer, src: one.peer });
    const answer = { type: "ANSWER", dst: one.peer, payload: { sdp: "v=1" } };
    two.socket.send(JSON.stringify(answer));
    expect(await one.next()).toEqual({ ...answer, src: two.peer });
  });

  it("tells the dialler at once that a page is not there", async () => {
    const one = await openPeer();
    one.socket.send(JSON.stringify({ type: "HEARTBEAT" }));
    one.socket.send(JSON.stringify({ type: "OFFER", dst: "p_nobody", payload: {} }));
    expect(await one.next()).toEqual({ type: "EXPIRE", src: "p_nobody", dst: one.peer });
  });

  it.each(["{", '"text"', JSON.stringify({ type: "OPEN" })])("cuts off %s", async (text) => {
    const one = await openPeer();
    const closed = new Promise((resolve) => one.socket.once("close", resolve));
    one.socket.send(text);
    expect(await closed).toBe(1008);
  });

  it("ends with the page's control connection", async () => {
    const one = await openPeer();
    const closed = new Promise((resolve) => one.socket.once("close", resolve));
    await one.leave();
    await closed;
  });
});
