// The worker's end of a line over which one client calls one actor.
import { parseJson } from "../codecs/parse-json.ts";
import type { Line } from "../data-plane/line.ts";
import { LINE_MESSAGE_BYTES_MAX } from "../data-plane/frame.ts";
import type { EncodeText } from "../graph/task-key.ts";
import {
  type ActorOutcome,
  type LineCall,
  lineCallSchema,
  type LineReturn,
} from "../protocol/actor-messages.ts";

export interface LineCodec {
  readonly encode: EncodeText;
  readonly decode: (bytes: Uint8Array) => string;
}

export class CallerLine {
  /** The client's connection, whose calls are numbered upwards on all of its ways. */
  readonly caller: number;
  readonly #line: Line;
  readonly #codec: LineCodec;
  /** Calls that were accepted and not answered yet, and whether they were begun. */
  readonly #calls = new Map<number, boolean>();

  constructor(caller: number, line: Line, codec: LineCodec) {
    this.caller = caller;
    this.#line = line;
    this.#codec = codec;
  }

  /** The call in a message, which is accepted by that; null for what is none. */
  read(bytes: Uint8Array): LineCall | null {
    const parsed = lineCallSchema.safeParse(parseJson(this.#codec.decode(bytes)));
    if (!parsed.success) return null;
    this.#calls.set(parsed.data.call, false);
    return parsed.data;
  }

  began(call: number): void {
    if (this.#calls.has(call)) this.#calls.set(call, true);
  }

  /** Only the first answer counts, and none after the end. */
  answer(call: number, outcome: ActorOutcome): void {
    if (!this.#calls.delete(call)) return;
    let bytes = this.#encode({ call, outcome });
    // Text of few letters and many escapes.
    if (bytes.length > LINE_MESSAGE_BYTES_MAX && !outcome.ok) {
      const { error, ...rest } = outcome;
      const short = error === undefined ? {} : { error: { ...error, stack: "" } };
      bytes = this.#encode({ call, outcome: { ...rest, ...short } });
    }
    this.#line.send(bytes);
  }

  /** Ends the line. Calls that were begun are answered as lost; what has no answer then did not begin. */
  end(why: string): void {
    for (const [call, isBegun] of this.#calls) {
      const message = `${why} The call may or may not have run.`.slice(0, 4_000);
      if (isBegun) this.answer(call, { ok: false, code: "lost", message });
    }
    this.#calls.clear();
    this.#line.end();
  }

  /** The other side ended it: nobody waits for answers. */
  ended(): void {
    this.#calls.clear();
  }

  #encode(message: LineReturn): Uint8Array {
    return this.#codec.encode(JSON.stringify(message));
  }
}
