import { expect, test } from "vitest";
import { asBlockId, type BlockId } from "../ids.ts";
import { createAbort } from "./abort.ts";
import { createChannelSession, type Lookup } from "./channel-session.ts";
import { encodeFrame } from "./frame.ts";
import { createMemoryChannels } from "./memory-channel.ts";
import { createVirtualClock, settle } from "./virtual-clock.ts";

const MIB = 2 ** 20;
const blockA = asBlockId("a".repeat(64));
const blockB = asBlockId("b".repeat(64));

function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);
}

function connect(lookup: Lookup, bytesPerMs?: number) {
  const clock = createVirtualClock();
  const [near, far] = createMemoryChannels(clock, bytesPerMs);
  const closed: string[] = [];
  const client = createChannelSession({
    channel: near,
    clock,
    lookup: () => null,
    onClose: (why) => closed.push(why),
  });
  const server = createChannelSession({ channel: far, clock, lookup });
  return { clock, near, far, client, server, closed };
}

/** How a promise ended, once everything that can happen has happened. */
function outcomeOf(promise: Promise<unknown>): { value?: unknown; code?: string } {
  const outcome: { value?: unknown; code?: string } = {};
  promise.then(
    (value) => (outcome.value = value),
    (error: { code: string }) => (outcome.code = error.code),
  );
  return outcome;
}

test("a block of many messages comes whole, in bounded buffers on both sides", async () => {
  const bytes = patterned(9 * MIB + 5);
  const { clock, client, server, far } = connect(() => bytes);
  let progress = 0;
  const request = client.request(blockA, {
    sizeBytes: bytes.length,
    onProgress: (count) => (progress += count),
  });
  await clock.advance(1_000);
  const received = await request;
  expect(Buffer.compare(received, bytes)).toBe(0);
  expect(progress).toBe(bytes.length);
  expect(client.bytesReceived).toBe(bytes.length);
  expect(server.bytesSent).toBe(bytes.length);
  expect(far.bufferedPeakBytes).toBeLessThanOrEqual(2 * MIB + 2 * 65_536);
  expect(client.activeTransfers + server.activeTransfers).toBe(0);
});

test("the sender stops when the receiver gives no credit", async () => {
  const { clock, server, near } = connect(() => patterned(8 * MIB));
  near.onMessage(() => undefined);
  near.send(encodeFrame({ kind: "want", request: 1, block: blockA, credit: 300_000 }));
  await clock.advance(1_000);
  expect(server.bytesSent).toBe(300_000);
  near.send(encodeFrame({ kind: "credit", request: 1, bytes: 50_000 }));
  await clock.advance(1_000);
  expect(server.bytesSent).toBe(350_000);
});

test("both sides request at the same time without mixing their requests", async () => {
  const clock = createVirtualClock();
  const [near, far] = createMemoryChannels(clock);
  const nearBytes = patterned(MIB);
  const farBytes = patterned(MIB + 9);
  const a = createChannelSession({ channel: near, clock, lookup: () => nearBytes });
  const b = createChannelSession({ channel: far, clock, lookup: () => Promise.resolve(farBytes) });
  const toA = a.request(blockA, { sizeBytes: farBytes.length });
  const toB = b.request(blockB, { sizeBytes: nearBytes.length });
  await clock.advance(1_000);
  expect((await toA).length).toBe(farBytes.length);
  expect((await toB).length).toBe(nearBytes.length);
});

test("a small block overtakes a large one", async () => {
  const blocks = new Map<BlockId, Uint8Array>([
    [blockA, patterned(4 * MIB)],
    [blockB, patterned(100)],
  ]);
  const { clock, client } = connect((block) => blocks.get(block) ?? null, 1_000);
  const large = outcomeOf(client.request(blockA, { sizeBytes: 4 * MIB }));
  const small = outcomeOf(client.request(blockB, { sizeBytes: 100 }));
  await clock.advance(2_500);
  expect(small.value).toBeDefined();
  expect(large.value).toBeUndefined();
  await clock.advance(10_000);
  expect(large.value).toBeDefined();
});

test("an empty block comes too", async () => {
  const { clock, client } = connect(() => new Uint8Array());
  const request = client.request(blockA, { sizeBytes: 0 });
  await clock.advance(10);
  expect((await request).length).toBe(0);
});

test("a block that is not held, or cannot be read, is refused at once", async () => {
  const { clock, client } = connect((block) =>
    block === blockA ? null : Promise.reject(new Error("disk")),
  );
  const absent = outcomeOf(client.request(blockA, { sizeBytes: 10 }));
  const broken = outcomeOf(client.request(blockB, { sizeBytes: 10 }));
  await clock.advance(10);
  expect([absent.code, broken.code]).toEqual(["not-held", "not-held"]);
});

test("another size than announced is refused before anything is allocated", async () => {
  const { clock, client, server } = connect(() => patterned(MIB));
  const wrong = outcomeOf(client.request(blockA, { sizeBytes: 10 }));
  await clock.advance(100);
  expect(wrong.code).toBe("wrong-size");
  expect(server.activeTransfers).toBe(0);
});

test("nothing for five seconds is a stall; the channel lives on", async () => {
  const { clock, client, far } = connect(() => patterned(2 * MIB), 1_000);
  const request = outcomeOf(client.request(blockA, { sizeBytes: 2 * MIB }));
  await clock.advance(1_000);
  far.setFrozen(true);
  await clock.advance(4_900);
  expect(request.code).toBeUndefined();
  await clock.advance(200);
  expect(request.code).toBe("stalled");
  far.setFrozen(false);
  await clock.advance(5_000);
  const again = outcomeOf(client.request(blockA, { sizeBytes: 2 * MIB }));
  await clock.advance(5_000);
  expect(again.value).toBeDefined();
});

test("cancelling settles at once and ends the sending", async () => {
  const { clock, client, server } = connect(() => patterned(8 * MIB), 1_000);
  const abort = createAbort();
  const options = { sizeBytes: 8 * MIB, signal: abort.signal };
  const request = outcomeOf(client.request(blockA, options));
  await clock.advance(500);
  abort.abort();
  await settle();
  expect(request.code).toBe("cancelled");
  await clock.advance(10_000);
  expect(server.activeTransfers).toBe(0);
  expect(server.bytesSent).toBeLessThan(5 * MIB);
  expect(outcomeOf(client.request(blockA, options))).toEqual({});
});

test("the channel's end settles every request, and later ones too", async () => {
  const { clock, client, far, closed } = connect(() => new Promise(() => undefined));
  const first = outcomeOf(client.request(blockA, { sizeBytes: 1 }));
  await clock.advance(10);
  far.close();
  await settle();
  const late = outcomeOf(client.request(blockA, { sizeBytes: 1 }));
  await settle();
  expect([first.code, late.code]).toEqual(["unreachable", "unreachable"]);
  expect(closed.length).toBe(1);
});

test.each([
  ["no frame", [new Uint8Array([1, 2, 3])]],
  [
    "bytes before a size",
    [encodeFrame({ kind: "data", request: 1, offset: 0, bytes: new Uint8Array(4) })],
  ],
  [
    "bytes out of order",
    [
      encodeFrame({ kind: "size", request: 1, sizeBytes: 100 }),
      encodeFrame({ kind: "data", request: 1, offset: 8, bytes: new Uint8Array(4) }),
    ],
  ],
  [
    "more bytes than announced",
    [
      encodeFrame({ kind: "size", request: 1, sizeBytes: 100 }),
      encodeFrame({ kind: "data", request: 1, offset: 0, bytes: new Uint8Array(101) }),
    ],
  ],
])("a peer that sends %s is cut off", async (_what, messages) => {
  const clock = createVirtualClock();
  const [near, far] = createMemoryChannels(clock);
  const client = createChannelSession({ channel: near, clock, lookup: () => null });
  const request = outcomeOf(client.request(blockA, { sizeBytes: 100 }));
  for (const message of messages) far.send(message);
  await clock.advance(10);
  expect(request.code).toBe("unreachable");
  expect(near.isClosed).toBe(true);
});

test("a peer that asks for too much at once is told to wait its turn", async () => {
  const { clock, server, near } = connect(() => new Promise(() => undefined));
  for (let request = 1; request <= 40; request += 1) {
    near.send(encodeFrame({ kind: "want", request, block: blockA, credit: 1 }));
  }
  await clock.advance(100);
  expect(server.activeTransfers).toBe(16);
});
