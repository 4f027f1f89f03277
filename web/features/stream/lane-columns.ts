// The ended attempts of one lane in columns: they grow at the end and lose their oldest at the front.
import { attemptOutcomes, type AttemptOutcome } from "../../../shared/protocol/telemetry.ts";

/** One ended attempt; times are Unix milliseconds of the coordinator, spans are milliseconds. */
export interface EndedAttempt {
  readonly attempt: number;
  readonly endMs: number;
  readonly fetchMs: number;
  readonly waitMs: number;
  readonly computeMs: number;
  /** Place in the history's `groups`. */
  readonly group: number;
  readonly outcome: AttemptOutcome;
  readonly isSpeculative: boolean;
}

const FIRST_ROOM = 64;
/** Reports of tiny tasks come in bundles with one time; at most so many are moved back for the next. */
const BUNDLE_MAX = 64;
const OUTCOME_BITS = 3;
const SPECULATIVE_BIT = 4;

/**
 * The columns are read directly, at the places from `first` to before `end`; `endMs` never falls
 * from one place to the next. Places change when old attempts fall off.
 */
export class LaneColumns {
  attempt = new Float64Array(FIRST_ROOM);
  endMs = new Float64Array(FIRST_ROOM);
  fetchMs = new Float32Array(FIRST_ROOM);
  waitMs = new Float32Array(FIRST_ROOM);
  computeMs = new Float32Array(FIRST_ROOM);
  group = new Uint32Array(FIRST_ROOM);
  readonly isThread: boolean;
  #flags = new Uint8Array(FIRST_ROOM);
  #first = 0;
  #end = 0;
  #version = 0;
  #longestMs = 0;

  /** A thread computes one attempt at a time; attempts without a thread may overlap. */
  constructor(isThread: boolean) {
    this.isThread = isThread;
  }

  get first(): number {
    return this.#first;
  }

  get end(): number {
    return this.#end;
  }

  get count(): number {
    return this.#end - this.#first;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** No attempt that was ever here took longer from lease to end. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** When the latest attempt ended; −∞ when there is none. */
  get lastEndMs(): number {
    return this.count === 0 ? Number.NEGATIVE_INFINITY : (this.endMs[this.#end - 1] ?? 0);
  }

  outcomeAt(place: number): AttemptOutcome {
    return attemptOutcomes[(this.#flags[place] ?? 0) & OUTCOME_BITS] ?? "finished";
  }

  isSpeculativeAt(place: number): boolean {
    return ((this.#flags[place] ?? 0) & SPECULATIVE_BIT) !== 0;
  }

  /** When its lease began, in Unix milliseconds. */
  grantedMsAt(place: number): number {
    return this.computingFromMsAt(place) - (this.waitMs[place] ?? 0) - (this.fetchMs[place] ?? 0);
  }

  computingFromMsAt(place: number): number {
    return (this.endMs[place] ?? 0) - (this.computeMs[place] ?? 0);
  }

  at(place: number): EndedAttempt {
    return {
      attempt: this.attempt[place] ?? 0,
      endMs: this.endMs[place] ?? 0,
      fetchMs: this.fetchMs[place] ?? 0,
      waitMs: this.waitMs[place] ?? 0,
      computeMs: this.computeMs[place] ?? 0,
      group: this.group[place] ?? 0,
      outcome: this.outcomeAt(place),
      isSpeculative: this.isSpeculativeAt(place),
    };
  }

  add(ended: EndedAttempt): void {
    if (this.#end === this.endMs.length) this.#makeRoom();
    const place = this.#end;
    this.attempt[place] = ended.attempt;
    // A clock that was set back must not break the order that everything here is found by.
    this.endMs[place] = Math.max(ended.endMs, this.lastEndMs);
    this.fetchMs[place] = ended.fetchMs;
    this.waitMs[place] = ended.waitMs;
    this.computeMs[place] = ended.computeMs;
    this.group[place] = ended.group;
    const outcome = attemptOutcomes.indexOf(ended.outcome);
    this.#flags[place] = outcome | (ended.isSpeculative ? SPECULATIVE_BIT : 0);
    this.#end = place + 1;
    this.#version += 1;
    const tookMs = ended.fetchMs + ended.waitMs + ended.computeMs;
    this.#longestMs = Math.max(this.#longestMs, tookMs);
    if (this.isThread) this.#moveBack(place);
  }

  /** Forgets the oldest attempt. */
  dropFirst(): void {
    if (this.count === 0) return;
    this.#first += 1;
    this.#version += 1;
  }

  /** The first place whose attempt ends after that time. */
  firstEndingAfter(timeMs: number): number {
    let low = this.#first;
    let high = this.#end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.endMs[middle] ?? 0) > timeMs) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Where an attempt is, given where it was a while ago; −1 when it has fallen off. */
  find(attempt: number, guess: number): number {
    if (guess >= this.#first && guess < this.#end && this.attempt[guess] === attempt) return guess;
    const place = this.attempt.subarray(this.#first, this.#end).indexOf(attempt);
    return place < 0 ? -1 : place + this.#first;
  }

  /** Of attempts that were told in one bundle, only the last ended when it was told. */
  #moveBack(last: number): void {
    const firstMoved = Math.max(this.#first, last - BUNDLE_MAX);
    for (let place = last - 1; place >= firstMoved; place -= 1) {
      const startMs = this.computingFromMsAt(place + 1);
      if ((this.endMs[place] ?? 0) <= startMs) return;
      const orderMs = place > this.#first ? (this.endMs[place - 1] ?? startMs) : startMs;
      // Where the chain is cut short, the order of ends matters more than an overlap.
      this.endMs[place] = place > firstMoved ? startMs : Math.max(startMs, orderMs);
    }
  }

  #makeRoom(): void {
    const { count } = this;
    // Moving the rest to the front pays once half of the room is free; otherwise the room doubles.
    const room = this.#first >= count ? this.endMs.length : this.endMs.length * 2;
    const moved = <T extends Float64Array | Float32Array | Uint32Array | Uint8Array>(
      column: T,
      fresh: T,
    ): T => {
      fresh.set(column.subarray(this.#first, this.#end));
      return fresh;
    };
    this.attempt = moved(this.attempt, new Float64Array(room));
    this.endMs = moved(this.endMs, new Float64Array(room));
    this.fetchMs = moved(this.fetchMs, new Float32Array(room));
    this.waitMs = moved(this.waitMs, new Float32Array(room));
    this.computeMs = moved(this.computeMs, new Float32Array(room));
    this.group = moved(this.group, new Uint32Array(room));
    this.#flags = moved(this.#flags, new Uint8Array(room));
    this.#first = 0;
    this.#end = count;
  }
}
