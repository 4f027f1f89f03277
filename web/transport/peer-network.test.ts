import { expect, test } from "vitest";
import { createMemoryChannels } from "../../shared/data-plane/memory-channel.ts";
import { createChannelSession } from "../../shared/data-plane/channel-session.ts";
import { createVirtualClock, settle } from "../../shared/data-plane/virtual-clock.ts";
import { asBlockId, asPeerId, type PeerId } from "../../shared/ids.ts";
import { TRANSFER_STALL_MS } from "../../shared/limits.ts";
import { createPeerNetwork } from "./peer-network.ts";
import type { DialHandlers, OpenEndpoint } from "./peerjs-endpoint.ts";

const ticket = { peer: asPeerId("peer-self"), ticket: "t", direct: true };
const other = asPeerId("peer-other");
const block = asBlockId("a".repeat(64));

const noEvents = { onMessage: () => undefined, onRoom: () => undefined, onEnd: () => undefined };

function setUp(whyUnavailable: string | null = null) {
  const clock = createVirtualClock();
  const dials: { peer: PeerId; handlers: DialHandlers; isAbandoned: boolean }[] = [];
  const endpoints: { onIncoming: Parameters<OpenEndpoint>[1]; isClosed: boolean }[] = [];
  let changes = 0;
  const network = createPeerNetwork({
    clock,
    lookup: () => new Uint8Array([7]),
    answerLine: () => null,
    whyUnavailable,
    onChange: () => (changes += 1),
    openEndpoint: (_ticket, onIncoming) => {
      const endpoint = { onIncoming, isClosed: false };
      endpoints.push(endpoint);
      return {
        connect(peer, handlers) {
          const dial = { peer, handlers, isAbandoned: false };
          dials.push(dial);
          const evidence = () => ({
            iceStates: ["new", "checking"],
            offered: { mdns: 1, host: 0, other: 0 },
            answered: null,
          });
          return { abandon: () => void (dial.isAbandoned = true), evidence };
        },
        isReachable: true,
        close: () => (endpoint.isClosed = true),
      };
    },
  });
  /** The far end of a channel to us, served by a session that holds every block. */
  const remote = () => {
    const [near, far] = createMemoryChannels(clock);
    const session = createChannelSession({
      channel: far,
      clock,
      lookup: () => new Uint8Array([7]),
      answerLine: () => noEvents,
    });
    return { near, session };
  };
  return { clock, network, dials, endpoints, remote, changes: () => changes };
}

test("dials once for all that ask, and serves requests over the open channel", async () => {
  const { clock, network, dials, remote } = setUp();
  network.use(ticket);
  expect(network.state(other)).toBe("none");
  const dialling = [network.dial(other), network.dial(other)];
  expect(network.state(other)).toBe("connecting");
  expect(dials.length).toBe(1);
  dials[0]?.handlers.onOpen(remote().near);
  await Promise.all(dialling);
  expect(network.state(other)).toBe("open");
  const request = network.request(other, block, { sizeBytes: 1 });
  await clock.advance(10);
  expect(await request).toEqual(new Uint8Array([7]));
});

test("an incoming channel serves both ways without dialling", async () => {
  const { clock, network, endpoints, remote } = setUp();
  network.use(ticket);
  const { near, session } = remote();
  endpoints[0]?.onIncoming(other, near);
  expect(network.state(other)).toBe("open");
  const request = session.request(block, { sizeBytes: 1 });
  await clock.advance(10);
  expect(await request).toEqual(new Uint8Array([7]));
  expect(network.links()).toMatchObject([{ peer: other, state: "open", bytesSent: 1 }]);
});

test("a channel that does not open in four seconds is given up, with the reason, for a while", async () => {
  const { clock, network, dials } = setUp();
  network.use(ticket);
  let isSettled = false;
  void network.dial(other).then(() => (isSettled = true));
  await clock.advance(3_900);
  expect(isSettled).toBe(false);
  await clock.advance(200);
  expect(isSettled).toBe(true);
  expect(dials[0]?.isAbandoned).toBe(true);
  expect(network.state(other)).toBe("failed");
  expect(network.links()[0]?.why).toBe(
    "No direct channel opened within 4 s; the coordinator carries the bytes.",
  );
  await clock.advance(5_000);
  expect(network.state(other)).toBe("none");
  void network.dial(other);
  await clock.advance(4_100 + 9_000);
  expect(network.state(other)).toBe("failed");
  await clock.advance(1_000);
  expect(network.state(other)).toBe("none");
});

test("a channel that closes may be opened again at once", async () => {
  const { network, endpoints, remote } = setUp();
  network.use(ticket);
  const { near } = remote();
  endpoints[0]?.onIncoming(other, near);
  near.close();
  expect(network.state(other)).toBe("none");
  await expect(network.request(other, block, { sizeBytes: 1 })).rejects.toMatchObject({
    code: "unreachable",
  });
});

test("a channel that stalls is given up, so that no other transfer waits for it", async () => {
  const { clock, network, dials } = setUp();
  network.use(ticket);
  const dialling = network.dial(other);
  // Nobody answers at the far end, as on a machine that sleeps.
  const [near] = createMemoryChannels(clock);
  dials[0]?.handlers.onOpen(near);
  await dialling;
  const requests = [1, 2].map(() => network.request(other, block, { sizeBytes: 1 }));
  const outcomes = Promise.allSettled(requests);
  await clock.advance(TRANSFER_STALL_MS + 1);
  expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(network.state(other)).toBe("failed");
  expect(network.links()[0]?.why).toMatch(/fell silent/);
});

test("a new welcome ends the old peer and all that belonged to it", async () => {
  const { network, dials, endpoints, remote } = setUp();
  network.use(ticket);
  const { near } = remote();
  endpoints[0]?.onIncoming(other, near);
  const dialling = network.dial(asPeerId("peer-third"));
  network.use({ ...ticket, peer: asPeerId("peer-self2") });
  await dialling;
  expect(endpoints.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  expect(near.isClosed).toBe(true);
  expect(dials[0]?.isAbandoned).toBe(true);
  expect(network.links()).toEqual([]);
  network.close();
  expect(endpoints[1]?.isClosed).toBe(true);
});

test.each([
  ["This browser has no WebRTC.", true],
  [null, false],
])("without direct channels every dial fails at once and says why", async (why, direct) => {
  const { network, dials, endpoints } = setUp(why);
  network.use({ ...ticket, direct });
  await network.dial(other);
  expect(network.state(other)).toBe("failed");
  expect(network.links()[0]?.why).toBe(
    why ?? "Direct channels are switched off at the coordinator.",
  );
  expect(dials.length + endpoints.length).toBe(0);
});

test("open channels are bounded: the longest idle one makes room", async () => {
  const { clock, network, endpoints, dials, remote } = setUp();
  network.use(ticket);
  const ends = Array.from({ length: 64 }, (_, i) => ({
    peer: asPeerId(`peer-${1_000 + i}`),
    ...remote(),
  }));
  for (const { peer, near } of ends) {
    endpoints[0]?.onIncoming(peer, near);
    await clock.advance(1);
  }
  void network.dial(other);
  await settle();
  expect(dials.length).toBe(1);
  expect(ends.filter(({ near }) => near.isClosed).map(({ peer }) => peer)).toEqual(["peer-1000"]);
});

test("a probe dials whatever failed before, and tells what the attempt left behind", async () => {
  const { clock, network, dials } = setUp();
  network.use(ticket);
  const first = network.dial(other);
  await clock.advance(4_000);
  await first;
  expect(network.state(other)).toBe("failed");
  const probing = network.probe(other, block);
  expect(dials.length).toBe(2);
  await clock.advance(4_000);
  expect(await probing).toMatchObject({
    isOpen: false,
    why: expect.stringContaining("4 s"),
    evidence: { iceStates: ["new", "checking"], answered: null },
  });
});

test("a probe of an open channel measures the way there and back", async () => {
  const { clock, network, dials } = setUp();
  network.use(ticket);
  const [near, far] = createMemoryChannels(clock);
  createChannelSession({ channel: far, clock, lookup: () => null });
  const probing = network.probe(other, block);
  dials[0]?.handlers.onOpen(near);
  await clock.advance(100);
  expect(await probing).toMatchObject({ isOpen: true, roundTripMs: expect.any(Number) });
});

test("a line dials when it must, is refused where dialling fails, and keeps its channel", async () => {
  const { clock, network, dials, remote } = setUp();
  network.use(ticket);
  const refused = network.openLine(other, "0".repeat(32), noEvents);
  dials[0]?.handlers.onFailed("No way.");
  expect(await refused).toBeNull();
  // Not again at once.
  expect(await network.openLine(other, "0".repeat(32), noEvents)).toBeNull();
  expect(dials).toHaveLength(1);
  await clock.advance(5_000);
  const opening = network.openLine(other, "0".repeat(32), noEvents);
  dials[1]?.handlers.onOpen(remote().near);
  await clock.advance(10);
  expect(await opening).not.toBeNull();
});
