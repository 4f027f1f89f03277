// The last ended attempts, in columns of typed arrays that grow in chunks: none while nothing runs.
import { attemptOutcomes, type AttemptOutcome } from "../shared/protocol/telemetry.ts";
import { asAttemptId, asTaskKey, type AttemptId, type TaskKey } from "../shared/ids.ts";

/** Attempts that are remembered: at 20,000 a second those of ten seconds, usually those of hours. */
export const ENDED_ATTEMPTS_MAX = 200_000;
/** Small enough for a coordinator that has little to do, large enough for few allocations. */
const CHUNK_ATTEMPTS = 4_000;
const CHUNKS_MAX = ENDED_ATTEMPTS_MAX / CHUNK_ATTEMPTS;
const KEY_BYTES = 32;
const KEY_WORDS = KEY_BYTES / Uint32Array.BYTES_PER_ELEMENT;
const SPECULATIVE_FLAG = 4;

export interface EndedAttempt {
  readonly attempt: AttemptId;
  readonly task: TaskKey;
  /** Places in the tables of the activity log. */
  readonly worker: number;
  readonly group: number;
  readonly job: number;
  /** -1 when it never came to a thread, or that is not known. */
  readonly thread: number;
  /** Unix milliseconds. */
  readonly endMs: number;
  /** From its lease to its end. */
  readonly lifeMs: number;
  readonly fetchMs: number;
  readonly waitMs: number;
  readonly computeMs: number;
  readonly outcome: AttemptOutcome;
  readonly isSpeculative: boolean;
}

/** One array a field, all of one length. */
class Chunk {
  readonly attempt = new Float64Array(CHUNK_ATTEMPTS);
  readonly endMs = new Float64Array(CHUNK_ATTEMPTS);
  readonly lifeMs = new Float32Array(CHUNK_ATTEMPTS);
  readonly fetchMs = new Float32Array(CHUNK_ATTEMPTS);
  readonly waitMs = new Float32Array(CHUNK_ATTEMPTS);
  readonly computeMs = new Float32Array(CHUNK_ATTEMPTS);
  readonly worker = new Uint16Array(CHUNK_ATTEMPTS);
  readonly group = new Uint16Array(CHUNK_ATTEMPTS);
  readonly job = new Uint16Array(CHUNK_ATTEMPTS);
  readonly thread = new Int16Array(CHUNK_ATTEMPTS);
  /** The outcome's place, and whether it was a copy. */
  readonly flags = new Uint8Array(CHUNK_ATTEMPTS);
  readonly #keys = Buffer.alloc(CHUNK_ATTEMPTS * KEY_BYTES);
  readonly #keyWords = new Uint32Array(
    this.#keys.buffer,
    this.#keys.byteOffset,
    CHUNK_ATTEMPTS * KEY_WORDS,
  );

  get bytes(): number {
    const columns = Object.values(this) as readonly { readonly byteLength: number }[];
    return columns.reduce((sum, { byteLength }) => sum + byteLength, this.#keys.length);
  }

  set(at: number, ended: EndedAttempt): void {
    this.attempt[at] = ended.attempt;
    this.endMs[at] = ended.endMs;
    this.lifeMs[at] = ended.lifeMs;
    this.fetchMs[at] = ended.fetchMs;
    this.waitMs[at] = ended.waitMs;
    this.computeMs[at] = ended.computeMs;
    this.worker[at] = ended.worker;
    this.group[at] = ended.group;
    this.job[at] = ended.job;
    this.thread[at] = ended.thread;
    const outcome = attemptOutcomes.indexOf(ended.outcome);
    this.flags[at] = outcome + (ended.isSpeculative ? SPECULATIVE_FLAG : 0);
    this.#keys.write(ended.task, at * KEY_BYTES, KEY_BYTES, "hex");
  }

  get(at: number): EndedAttempt {
    const flags = this.flags[at] ?? 0;
    return {
      attempt: asAttemptId(this.attempt[at] ?? 0),
      task: asTaskKey(this.#keys.toString("hex", at * KEY_BYTES, (at + 1) * KEY_BYTES)),
      worker: this.worker[at] ?? 0,
      group: this.group[at] ?? 0,
      job: this.job[at] ?? 0,
      thread: this.thread[at] ?? 0,
      endMs: this.endMs[at] ?? 0,
      lifeMs: this.lifeMs[at] ?? 0,
      fetchMs: this.fetchMs[at] ?? 0,
      waitMs: this.waitMs[at] ?? 0,
      computeMs: this.computeMs[at] ?? 0,
      outcome: attemptOutcomes[flags % SPECULATIVE_FLAG] ?? "finished",
      isSpeculative: flags >= SPECULATIVE_FLAG,
    };
  }

  /** Adds the attempts of the task with this key to `found`. */
  findKey(key: Uint32Array, from: number, to: number, found: EndedAttempt[]): void {
    const words = this.#keyWords;
    const first = key[0];
    // Almost always the first word decides.
    for (let at = from; at < to; at += 1) {
      if (words[at * KEY_WORDS] === first && this.#isOf(at, key)) found.push(this.get(at));
    }
  }

  #isOf(at: number, key: Uint32Array): boolean {
    return key.every((word, i) => this.#keyWords[at * KEY_WORDS + i] === word);
  }
}

export class ActivityRing {
  readonly #chunks: Chunk[] = [];
  #nextSeq = 0;

  /** What all that is remembered takes. */
  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  }

  /** The sequence number of the oldest attempt that is remembered. */
  get firstSeq(): number {
    return Math.max(0, this.#nextSeq - ENDED_ATTEMPTS_MAX);
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  push(ended: EndedAttempt): void {
    const seq = this.#nextSeq;
    this.#nextSeq += 1;
    const at = seq % CHUNK_ATTEMPTS;
    const place = placeOf(seq);
    let chunk = this.#chunks[place];
    if (chunk === undefined) {
      chunk = new Chunk();
      this.#chunks[place] = chunk;
    }
    chunk.set(at, ended);
  }

  /** Visits the attempts from `since` on, in the order of their ends, until told to stop. */
  scan(since: number, visit: (columns: Chunk, at: number, seq: number) => "stop" | void): void {
    for (let seq = Math.max(since, this.firstSeq); seq < this.#nextSeq; seq += 1) {
      const chunk = this.#chunks[placeOf(seq)];
      if (chunk === undefined || visit(chunk, seq % CHUNK_ATTEMPTS, seq) === "stop") return;
    }
  }

  /** The attempts of a task, the oldest first. */
  ofTask(task: TaskKey): EndedAttempt[] {
    const bytes = Buffer.alloc(KEY_BYTES, task, "hex");
    const key = new Uint32Array(bytes.buffer, bytes.byteOffset, KEY_WORDS);
    const found: EndedAttempt[] = [];
    this.#eachRun((chunk, from, to) => chunk.findKey(key, from, to, found));
    return found;
  }

  find(attempt: AttemptId): EndedAttempt | undefined {
    let found: EndedAttempt | undefined;
    this.#eachRun((chunk, from, to) => {
      const at = chunk.attempt.subarray(0, to).indexOf(attempt, from);
      if (at >= 0) found = chunk.get(at);
    });
    return found;
  }

  /** Visits what is remembered in runs of one chunk each, the oldest first. */
  #eachRun(visit: (columns: Chunk, from: number, to: number) => void): void {
    for (let seq = this.firstSeq; seq < this.#nextSeq;) {
      const from = seq % CHUNK_ATTEMPTS;
      const to = Math.min(CHUNK_ATTEMPTS, from + this.#nextSeq - seq);
      const chunk = this.#chunks[placeOf(seq)];
      if (chunk !== undefined) visit(chunk, from, to);
      seq += to - from;
    }
  }
}

const placeOf = (seq: number): number => Math.floor(seq / CHUNK_ATTEMPTS) % CHUNKS_MAX;
