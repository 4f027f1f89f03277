import { expect, test } from "vitest";
import { createVirtualClock, settle } from "../data-plane/virtual-clock.ts";
import { asBlockId, asClientId } from "../ids.ts";
import { type ClientMessage, PROTOCOL_VERSION } from "../protocol/messages.ts";
import type { ControlState } from "./control-connection.ts";
import { openControlSocket, type SocketHandlers } from "./control-socket.ts";

const welcome = {
  type: "welcome",
  incarnation: 3,
  peer: "peer-1234",
  ticket: "secret",
  direct: true,
  allowsFunctions: true,
};

function open(canOpen = () => true) {
  const clock = createVirtualClock();
  const sockets: {
    handlers: SocketHandlers;
    sent: string[];
    isClosed: boolean;
    buffered: number;
  }[] = [];
  const malformed: string[] = [];
  const control = openControlSocket<ClientMessage>({
    createSocket(handlers) {
      if (!canOpen()) throw new Error("no network");
      const socket = { handlers, sent: [] as string[], isClosed: false, buffered: 0 };
      sockets.push(socket);
      return {
        send: (text) => socket.sent.push(text),
        close: () => (socket.isClosed = true),
        get bufferedAmount() {
          return socket.buffered;
        },
      };
    },
    hello: () => ({
      type: "hello",
      role: "client",
      version: PROTOCOL_VERSION,
      token: "t",
      client: asClientId(`c_${"x".repeat(22)}`),
    }),
    clock,
    random: () => 0.5,
    onMalformed: (text) => malformed.push(text),
  });
  const states: ControlState[] = [];
  control.onState((state) => states.push(state));
  const newest = () => {
    const socket = sockets.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  };
  const say = (message: object): void => newest().handlers.onText(JSON.stringify(message));
  return { clock, control, sockets, states, malformed, newest, say };
}

test("says hello, is welcomed, answers pings by itself", async () => {
  const { control, newest, say, states } = open();
  expect(control.state.state).toBe("connecting");
  newest().handlers.onOpen();
  expect(JSON.parse(newest().sent[0] ?? "")).toMatchObject({ type: "hello", role: "client" });
  say(welcome);
  expect(states).toEqual([
    { state: "welcomed", incarnation: 3, peer: "peer-1234", allowsFunctions: true },
  ]);
  expect(control.ticket).toEqual({ peer: "peer-1234", ticket: "secret", direct: true });
  say({ type: "ping", seq: 9 });
  await settle();
  expect(JSON.parse(newest().sent[1] ?? "")).toEqual({ type: "pong", seq: 9 });
});

test("a lost socket is tried again with growing, bounded delays, and welcome resets them", async () => {
  const { clock, control, sockets, newest, say } = open();
  const delays: number[] = [];
  for (let attempt = 0; attempt < 9; attempt += 1) {
    newest().handlers.onClose();
    const { state } = control;
    if (state.state !== "lost") throw new Error(`unexpected state ${state.state}`);
    delays.push(state.retryAtMs - clock.nowMs());
    await clock.advance(state.retryAtMs - clock.nowMs());
  }
  expect(delays).toEqual([375, 750, 1_500, 3_000, 6_000, 11_250, 11_250, 11_250, 11_250]);
  expect(sockets.length).toBe(10);
  say(welcome);
  newest().handlers.onClose();
  expect(control.state).toMatchObject({ state: "lost", retryAtMs: clock.nowMs() + 375 });
  control.doubt();
  expect(sockets.length).toBe(11);
});

test("a doubt is dispelled by the next word, and otherwise ends the connection soon", async () => {
  const { clock, control, sockets, say } = open();
  say(welcome);
  control.doubt();
  await clock.advance(4_000);
  say({ type: "ping", seq: 1 });
  await clock.advance(4_000);
  expect(control.state.state).toBe("welcomed");
  control.doubt();
  control.doubt();
  await clock.advance(4_500);
  expect(control.state.state).toBe("connecting");
  expect(sockets.length).toBe(2);
});

test("a doubt while the connection is lost is worth an attempt at once", () => {
  const { control, sockets, newest } = open();
  newest().handlers.onClose();
  expect(control.state.state).toBe("lost");
  control.doubt();
  expect(sockets.length).toBe(2);
});

test("a socket that cannot even be made counts as a failed attempt", async () => {
  const { clock, control } = open(() => false);
  expect(control.state.state).toBe("lost");
  await clock.advance(1_000);
  expect(control.state.state).toBe("lost");
});

test.each(["wrong-token", "wrong-version", "malformed", "superseded"])(
  "%s is final",
  async (reason) => {
    const { clock, control, sockets, newest, say } = open();
    say({ type: "refused", reason, message: "No." });
    newest().handlers.onClose();
    expect(control.state).toEqual({ state: "refused", reason, message: "No." });
    await clock.advance(100_000);
    expect(sockets.length).toBe(1);
    expect(newest().isClosed).toBe(true);
  },
);

test("a refusal that passes is told, and the connection is tried again", async () => {
  const { clock, control, sockets, newest, say } = open();
  const heard: string[] = [];
  control.onMessage((message) => heard.push(message.type));
  say({ type: "refused", reason: "too-many", message: "Full." });
  newest().handlers.onClose();
  await clock.advance(1_000);
  expect(heard).toEqual(["refused"]);
  expect(sockets.length).toBe(2);
});

test("a coordinator that is silent for 25 s is given up", async () => {
  const { clock, control, newest, say, sockets } = open();
  say(welcome);
  await clock.advance(20_000);
  say({ type: "ping", seq: 1 });
  await clock.advance(20_000);
  expect(control.state.state).toBe("welcomed");
  await clock.advance(5_100);
  expect(sockets[0]?.isClosed).toBe(true);
  expect(newest().isClosed).toBe(sockets.length === 1);
});

test("what is said in one turn goes in one frame, as far as a frame may be long", async () => {
  const { control, newest, say } = open();
  say(welcome);
  const request = (count: number): ClientMessage => ({
    type: "locate",
    blocks: Array.from({ length: count }, () => asBlockId("0".repeat(64))),
  });
  control.send(request(1));
  control.send(request(2));
  expect(newest().sent).toEqual([]);
  await settle();
  expect(newest().sent.map((text) => JSON.parse(text) as unknown)).toEqual([
    [request(1), request(2)],
  ]);
  for (let i = 0; i < 10; i += 1) control.send(request(1_000));
  await settle();
  const rest = newest().sent.slice(1);
  expect(rest.flatMap((text) => JSON.parse(text) as unknown)).toHaveLength(10);
  expect(Math.max(...rest.map((text) => text.length))).toBeLessThan(2 ** 18 + 100);
});

test("what was said before closing still goes", () => {
  const { control, newest, say } = open();
  say(welcome);
  control.send({ type: "dropped", blocks: [] });
  control.close();
  expect(newest().sent).toHaveLength(1);
});

test("what is sent while not welcomed is dropped; a full outbox ends the connection", async () => {
  const { control, newest, say } = open();
  const message: ClientMessage = { type: "dropped", blocks: [] };
  control.send(message);
  expect(newest().sent).toEqual([]);
  say(welcome);
  control.send(message);
  await settle();
  expect(newest().sent.length).toBe(1);
  newest().buffered = 9 * 2 ** 20;
  control.send(message);
  await settle();
  expect(control.state.state).toBe("lost");
});

test("nonsense is reported and ignored", () => {
  const { control, malformed, newest, say } = open();
  say(welcome);
  newest().handlers.onText("{");
  newest().handlers.onText('{"type":"dance"}');
  expect(malformed.length).toBe(2);
  expect(control.state.state).toBe("welcomed");
});

test("closing ends everything", async () => {
  const { clock, control, sockets, states } = open();
  control.close();
  control.close();
  await clock.advance(100_000);
  expect(sockets.map(({ isClosed }) => isClosed)).toEqual([true]);
  expect(states).toEqual([]);
});
