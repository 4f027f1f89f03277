// A line: messages both ways between two pages, in order, inside their data channel.
import type { PeerId } from "../ids.ts";

/** What one side does with what comes over its line. */
export interface LineEvents {
  /** `bytes` are to be read before this returns. */
  onMessage(bytes: Uint8Array): void;
  /** There is room again, after there was none. */
  onRoom(): void;
  /**
   * The line is over; called once, and not after `end` was called here. `wasSaid`: the other side ended
   * it, after all that it had sent came; otherwise the channel broke.
   */
  onEnd(wasSaid: boolean): void;
}

export interface Line {
  /** Sends 1 to LINE_MESSAGE_BYTES_MAX bytes; they are dropped when the line is over. */
  send(bytes: Uint8Array): void;
  /** False while the channel has enough to send. */
  readonly hasRoom: boolean;
  /** Ends the line; idempotent. */
  end(): void;
}

/** Answers a peer that opens a line with a key that it was given elsewhere; null refuses. */
export type AnswerLine = (key: string, line: Line) => LineEvents | null;

/** Opens a line; null where no channel opens, or the peer refuses. Always settles, never rejects. */
export type OpenLine = (peer: PeerId, key: string, events: LineEvents) => Promise<Line | null>;
