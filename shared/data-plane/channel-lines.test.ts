import { expect, test } from "vitest";
import { createChannelSession } from "./channel-session.ts";
import { encodeFrame, LINE_MESSAGE_BYTES_MAX } from "./frame.ts";
import type { AnswerLine, Line, LineEvents } from "./line.ts";
import { createMemoryChannels } from "./memory-channel.ts";
import { createVirtualClock } from "./virtual-clock.ts";

const key = "00112233445566778899aabbccddeeff";
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** Events that are kept as they come. */
function listen() {
  const heard: (number[] | string)[] = [];
  const events: LineEvents = {
    onMessage: (message) => heard.push([...message]),
    onRoom: () => heard.push("room"),
    onEnd: (wasSaid) => heard.push(wasSaid ? "ended" : "broken"),
  };
  return { heard, events };
}

function connect(answerLine: AnswerLine, bytesPerMs?: number) {
  const clock = createVirtualClock();
  const [near, far] = createMemoryChannels(clock, bytesPerMs);
  const lookup = (): null => null;
  const client = createChannelSession({ channel: near, clock, lookup, stallMs: 1_000 });
  const server = createChannelSession({ channel: far, clock, lookup, answerLine });
  const opened = async (events: LineEvents, of = key): Promise<Line | null> => {
    const opening = client.openLine(of, events);
    await clock.advance(10);
    return opening;
  };
  return { clock, near, far, client, server, opened };
}

/** A server that knows one key, with its ends of the lines. */
function answering() {
  const lines: Line[] = [];
  const { heard, events } = listen();
  const answer: AnswerLine = (given, line) => {
    if (given !== key) return null;
    lines.push(line);
    return events;
  };
  return { lines, heard, answer };
}

test("messages go both ways, in order, on a line that the key opened", async () => {
  const { lines, heard, answer } = answering();
  const { clock, client, server, opened } = connect(answer);
  const near = listen();
  const line = await opened(near.events);
  line?.send(bytes(1));
  line?.send(bytes(2, 3));
  lines[0]?.send(bytes(4));
  await clock.advance(10);
  expect(heard).toEqual([[1], [2, 3]]);
  expect(near.heard).toEqual([[4]]);
  expect([client.isIdle, server.isIdle]).toEqual([false, false]);
  line?.end();
  line?.end();
  line?.send(bytes(9));
  await clock.advance(10);
  lines[0]?.send(bytes(9));
  await clock.advance(10);
  expect([heard.at(-1), near.heard]).toEqual(["ended", [[4]]]);
  expect([client.isIdle, server.isIdle]).toEqual([true, true]);
});

test("another key opens nothing, and nor does a peer that does not answer", async () => {
  const { answer } = answering();
  const { clock, client, near, opened } = connect(answer);
  expect(await opened(listen().events, "f".repeat(32))).toBeNull();
  near.setFrozen(true);
  const opening = client.openLine(key, listen().events);
  await clock.advance(1_001);
  expect(await opening).toBeNull();
  expect(client.isIdle).toBe(true);
});

test("what the other side ends is told after all that it sent; what breaks is told as broken", async () => {
  const { lines, heard, answer } = answering();
  const { clock, near, opened } = connect(answer);
  const [first, second] = [listen(), listen()];
  await opened(first.events);
  await opened(second.events);
  lines[0]?.send(bytes(1));
  lines[0]?.end();
  await clock.advance(10);
  expect(first.heard).toEqual([[1], "ended"]);
  near.close();
  expect(second.heard).toEqual(["broken"]);
  expect(heard).toEqual(["broken"]);
});

test("an opening settles when the channel closes", async () => {
  const { client, near } = connect(answering().answer);
  const opening = client.openLine(key, listen().events);
  near.close();
  expect(await opening).toBeNull();
  expect(await client.openLine(key, listen().events)).toBeNull();
});

test("tells when there is no room, and when there is again", async () => {
  const { answer } = answering();
  const { clock, opened } = connect(answer, 10_000);
  const near = listen();
  const line = await opened(near.events);
  const message = new Uint8Array(LINE_MESSAGE_BYTES_MAX);
  const hasRoom = (): boolean => line?.hasRoom ?? false;
  let sent = 0;
  for (; hasRoom(); sent += 1) line?.send(message);
  expect(sent * message.length).toBeLessThan(2.2 * 2 ** 20);
  await clock.advance(1_000);
  expect(line?.hasRoom).toBe(true);
  expect(near.heard).toEqual(["room"]);
});

test("a peer that asks and does not read loses the channel, not our memory", async () => {
  const { lines, heard, answer } = answering();
  const { far, opened } = connect(answer);
  await opened(listen().events);
  far.setFrozen(true);
  const message = new Uint8Array(LINE_MESSAGE_BYTES_MAX);
  for (let i = 0; i < 1_000; i += 1) lines[0]?.send(message);
  expect(far.isClosed).toBe(true);
  expect(far.bufferedPeakBytes).toBeLessThan(9 * 2 ** 20);
  expect(heard).toEqual(["broken"]);
});

test("a peer cannot have more lines than a few, nor one twice", async () => {
  const { lines, answer } = answering();
  const { clock, near, far, opened } = connect(answer);
  const many = await Promise.all(Array.from({ length: 70 }, () => opened(listen().events)));
  expect(many.filter((line) => line !== null)).toHaveLength(64);
  many[0]?.end();
  await clock.advance(10);
  expect(await opened(listen().events)).not.toBeNull();
  expect(lines).toHaveLength(65);
  near.send(encodeFrame({ kind: "open", request: 2, key }));
  await clock.advance(10);
  expect(far.isClosed).toBe(true);
});
