// The lines of one channel: those that we opened, and those that the peer did.
import { assert } from "../assert.ts";
import type { Channel } from "./channel.ts";
import type { Clock } from "./clock.ts";
import { LINE_MESSAGE_BYTES_MAX, type LineFrame, nextRequest } from "./frame.ts";
import type { AnswerLine, Line, LineEvents } from "./line.ts";

/** Lines at once in each direction: one for each actor of a worker that one client calls. */
const LINES_MAX = 64;
/** Above this a side that asks waits; blocks use the same channel. */
const ROOM_BYTES = 2 * 2 ** 20;
/** Replies that a peer asked for and does not read; browsers fail near 16 MiB. */
const UNREAD_BYTES_MAX = 8 * 2 ** 20;

interface Opening {
  readonly events: LineEvents;
  settle(isOpen: boolean): void;
}

export interface ChannelLines {
  /** Null when the peer refuses or does not answer for `stallMs`, or the channel ends. */
  open(key: string, events: LineEvents): Promise<Line | null>;
  handle(frame: LineFrame): void;
  /** There is room in the channel. */
  pump(): void;
  readonly active: number;
  close(): void;
}

export function createChannelLines(options: {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly send: (frame: LineFrame) => void;
  readonly answer: AnswerLine;
  readonly stallMs: number;
  readonly onMisbehaviour: (why: string) => void;
}): ChannelLines {
  const { channel, clock, send, answer, stallMs, onMisbehaviour } = options;
  const openings = new Map<number, Opening>();
  const opened = new Map<number, LineEvents>();
  const answered = new Map<number, LineEvents>();
  let lastRequest = 0;
  let isClosed = false;

  /** Our end of a line that is in `lines` for as long as it is not over. */
  function endOf(
    lines: Map<number, LineEvents>,
    request: number,
    kinds: { readonly message: "ask" | "reply"; readonly end: "hang-up" | "ended" },
  ): Line {
    return {
      send(bytes) {
        assert(bytes.length <= LINE_MESSAGE_BYTES_MAX, "a message fits into a frame");
        if (!lines.has(request)) return;
        send({ kind: kinds.message, request, bytes });
        if (channel.bufferedAmount > UNREAD_BYTES_MAX) {
          onMisbehaviour("The peer does not read what it asked for.");
        }
      },
      get hasRoom() {
        return channel.bufferedAmount <= ROOM_BYTES;
      },
      end() {
        if (lines.delete(request)) send({ kind: kinds.end, request });
      },
    };
  }

  function open(key: string, events: LineEvents): Promise<Line | null> {
    if (isClosed || openings.size + opened.size >= LINES_MAX) return Promise.resolve(null);
    lastRequest = nextRequest(lastRequest);
    const request = lastRequest;
    return new Promise((resolve) => {
      const stopTimer = clock.after(stallMs, () => {
        send({ kind: "hang-up", request });
        openings.get(request)?.settle(false);
      });
      openings.set(request, {
        events,
        settle(isOpen) {
          stopTimer();
          openings.delete(request);
          if (!isOpen) return resolve(null);
          opened.set(request, events);
          resolve(endOf(opened, request, { message: "ask", end: "hang-up" }));
        },
      });
      send({ kind: "open", request, key });
    });
  }

  function answerOpen(request: number, key: string): void {
    if (answered.has(request)) return onMisbehaviour("The peer opened a line twice.");
    const line = endOf(answered, request, { message: "reply", end: "ended" });
    const events = answered.size >= LINES_MAX ? null : answer(key, line);
    if (events === null) return send({ kind: "ended", request });
    answered.set(request, events);
    send({ kind: "opened", request });
  }

  function ended(lines: Map<number, LineEvents>, request: number): void {
    const events = lines.get(request);
    lines.delete(request);
    events?.onEnd(true);
  }

  return {
    open,
    handle(frame) {
      const { request } = frame;
      switch (frame.kind) {
        case "open":
          return answerOpen(request, frame.key);
        case "opened":
          return openings.get(request)?.settle(true);
        case "ask":
          return answered.get(request)?.onMessage(frame.bytes);
        case "reply":
          return opened.get(request)?.onMessage(frame.bytes);
        case "hang-up":
          return ended(answered, request);
        case "ended":
          openings.get(request)?.settle(false);
          return ended(opened, request);
      }
    },
    pump() {
      for (const events of opened.values()) events.onRoom();
    },
    get active() {
      return openings.size + opened.size + answered.size;
    },
    close() {
      isClosed = true;
      for (const opening of openings.values()) opening.settle(false);
      const ending = [...opened.values(), ...answered.values()];
      opened.clear();
      answered.clear();
      for (const events of ending) events.onEnd(false);
    },
  };
}
