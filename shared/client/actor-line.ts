// The line from this client to one actor, past the coordinator: asked for, opened, and used while it lasts.
import { parseJson } from "../codecs/parse-json.ts";
import type { Clock } from "../data-plane/clock.ts";
import { type Line, type LineEvents, type OpenLine } from "../data-plane/line.ts";
import type { EncodeText } from "../graph/task-key.ts";
import {
  type ActorOutcome,
  type HeardValue,
  type LineCall,
  lineReturnSchema,
} from "../protocol/actor-messages.ts";
import type { CoordinatorMessage } from "../protocol/messages.ts";

/** Where no direct channel opens, none opens for a while. */
const RETRY_MS = 30_000;
/**
 * The actor's end is heard from the coordinator, too: so long its worker has to say it on the line, with
 * what it had answered and what it had not begun. Who is dead says nothing.
 */
const FAREWELL_MS = 500;

type Admission = Extract<CoordinatorMessage, { type: "actor-line" }>;

export interface ActorLineOptions {
  /** Null where this program cannot be reached directly: the line stays closed. */
  readonly openLine: OpenLine | null;
  readonly clock: Clock;
  readonly encode: EncodeText;
  readonly decode: (bytes: Uint8Array) => string;
  /** Asks the coordinator for a key. */
  readonly ask: () => void;
  /** It opened, or has room again. */
  readonly onReady: () => void;
  readonly onReturn: (call: number, outcome: ActorOutcome<HeardValue>) => void;
  /** It is over. `areUnbegun`: calls without an answer did not begin; otherwise they may have run. */
  readonly onEnd: (areUnbegun: boolean) => void;
}

export class ActorLine {
  readonly #options: ActorLineOptions;
  #line: Line | null = null;
  /** In which the actor runs, as the coordinator told last; null while it does not run. */
  #life: number | null = null;
  /** That life is over: nothing more goes there. */
  #stopFarewell: (() => void) | null = null;
  #isOpening = false;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  /** Grows when what is being opened is not wanted any more. */
  #generation = 0;

  constructor(options: ActorLineOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#line !== null;
  }

  get hasRoom(): boolean {
    return this.#stopFarewell === null && (this.#line?.hasRoom ?? false);
  }

  /** The actor has answered over the coordinator: a moment to look for the shorter way. */
  seek(): void {
    const { openLine, clock, ask } = this.#options;
    if (openLine === null || this.#line !== null || this.#isOpening) return;
    if (clock.nowMs() - this.#askedAtMs < RETRY_MS) return;
    this.#askedAtMs = clock.nowMs();
    ask();
  }

  /** The coordinator gave a key. */
  async open({ life, peer, key }: Admission): Promise<void> {
    const { openLine, onReady } = this.#options;
    if (openLine === null || this.#line !== null || this.#isOpening || life !== this.#life) return;
    this.#isOpening = true;
    const generation = this.#generation;
    const line = await openLine(peer, key, this.#eventsOf(generation));
    if (generation !== this.#generation) return line?.end();
    this.#isOpening = false;
    this.#line = line;
    if (line !== null) onReady();
  }

  call(call: LineCall): void {
    this.#line?.send(this.#options.encode(JSON.stringify(call)));
  }

  /** The actor runs in this life, or in none: a line to another life is of no use. */
  follow(life: number | null): void {
    if (life === this.#life) return;
    this.#life = life;
    // The new life is worth another try.
    this.#askedAtMs = Number.NEGATIVE_INFINITY;
    if (this.#line === null) this.#forget();
    else this.#stopFarewell ??= this.#options.clock.after(FAREWELL_MS, () => this.#over(false));
  }

  /** Ends it without a word to this client. */
  close(): void {
    this.#askedAtMs = Number.NEGATIVE_INFINITY;
    this.#forget();
  }

  /** Also what is being opened. */
  #forget(): void {
    this.#generation += 1;
    this.#isOpening = false;
    this.#stopFarewell?.();
    this.#stopFarewell = null;
    this.#line?.end();
    this.#line = null;
  }

  #over(areUnbegun: boolean): void {
    const wasOpen = this.#line !== null;
    this.#forget();
    if (wasOpen) this.#options.onEnd(areUnbegun);
  }

  #eventsOf(generation: number): LineEvents {
    const isPresent = (): boolean => generation === this.#generation;
    return {
      onMessage: (bytes) => {
        if (!isPresent()) return;
        const parsed = lineReturnSchema.safeParse(parseJson(this.#options.decode(bytes)));
        // Who does not speak as agreed is not worth a second message.
        if (!parsed.success) return this.#over(false);
        const { call, outcome } = parsed.data;
        this.#options.onReturn(
          call,
          outcome.ok ? { ok: true, value: heard(outcome.value) } : outcome,
        );
      },
      onRoom: () => {
        if (isPresent() && this.isOpen) this.#options.onReady();
      },
      onEnd: (wasSaid) => {
        if (isPresent()) this.#over(wasSaid);
      },
    };
  }
}

/** Blocks that come over a line are in the coordinator's store. */
const heard = (value: LineCall["args"]): HeardValue =>
  "block" in value ? { ...value, peers: [], stored: true } : value;
