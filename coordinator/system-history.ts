// Figures of the coordinator and its cluster: one sample a second, an hour of them.
import type { SystemHistory } from "../shared/protocol/telemetry.ts";

const INTERVAL_MS = 1_000;
export const SAMPLES_MAX = 3_600;

type Columns = SystemHistory["samples"];
/** One value a column. */
type Sample = { readonly [Name in keyof Columns]: number };

/** How things stand at a moment: sums since the beginning, and what is so just now. */
export interface SystemReading {
  /** Microseconds of CPU time of the process. */
  readonly cpuMicros: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** How late timers fired since the last reading. */
  readonly delayMedianMs: number;
  readonly delayHighMs: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly storeBytes: number;
  readonly tasksDone: number;
  readonly computeMs: number;
  readonly machines: number;
  readonly threads: number;
  readonly threadsComputing: number;
  readonly workersBytes: number;
}

export interface SystemSamplerParts {
  readonly run: string;
  readonly about: SystemHistory["about"];
  readonly read: () => SystemReading;
  /** Monotonic time. */
  readonly nowMs: () => number;
  /** Time of day, in Unix milliseconds. */
  readonly nowUnixMs: () => number;
  /** Calls again and again until the returned function is called. */
  readonly every: (intervalMs: number, call: () => void) => () => void;
}

const COLUMNS = [
  "atMs",
  "cpuShare",
  "residentBytes",
  "heapBytes",
  "delayMedianMs",
  "delayHighMs",
  "messagesIn",
  "messagesOut",
  "bytesIn",
  "bytesOut",
  "storeBytes",
  "tasksDone",
  "computeMs",
  "machines",
  "threads",
  "threadsComputing",
  "workersBytes",
] as const satisfies readonly (keyof Columns)[];

export class SystemSampler {
  readonly #parts: SystemSamplerParts;
  readonly #columns = new Map(COLUMNS.map((name) => [name, new Float64Array(SAMPLES_MAX)]));
  readonly #stop: () => void;
  #last: SystemReading;
  #lastAtMs: number;
  #nextSeq = 0;

  /** Begins to sample; `close` ends it. */
  constructor(parts: SystemSamplerParts) {
    this.#parts = parts;
    this.#last = parts.read();
    this.#lastAtMs = parts.nowMs();
    this.#stop = parts.every(INTERVAL_MS, () => this.#sample());
  }

  close(): void {
    this.#stop();
  }

  get #firstSeq(): number {
    return Math.max(0, this.#nextSeq - SAMPLES_MAX);
  }

  /** The samples from number `since` on. */
  history(since: number): SystemHistory {
    const { run, about, nowUnixMs } = this.#parts;
    const first = Math.min(Math.max(since, this.#firstSeq), this.#nextSeq);
    const column = (name: keyof Columns): number[] => {
      const values = this.#columns.get(name);
      return Array.from(
        { length: this.#nextSeq - first },
        (_, i) => values?.[(first + i) % SAMPLES_MAX] ?? 0,
      );
    };
    return {
      run,
      nowMs: nowUnixMs(),
      intervalMs: INTERVAL_MS,
      firstSeq: this.#firstSeq,
      nextSeq: this.#nextSeq,
      about,
      samples: Object.fromEntries(COLUMNS.map((name) => [name, column(name)])) as Columns,
    };
  }

  #sample(): void {
    const nowMs = this.#parts.nowMs();
    const elapsedMs = nowMs - this.#lastAtMs;
    // Two calls at one moment, after a sleep: there is nothing to divide by.
    if (elapsedMs <= 0) return;
    const now = this.#parts.read();
    const before = this.#last;
    const since = (name: keyof SystemReading): number => Math.max(0, now[name] - before[name]);
    const sample: Sample = {
      ...now,
      atMs: this.#parts.nowUnixMs(),
      cpuShare: rounded(since("cpuMicros") / 1_000 / elapsedMs),
      delayMedianMs: rounded(now.delayMedianMs),
      // A loop that is stuck all the time measures nothing but this call's own lateness.
      delayHighMs: rounded(Math.max(now.delayHighMs, elapsedMs - INTERVAL_MS)),
      messagesIn: since("messagesIn"),
      messagesOut: since("messagesOut"),
      bytesIn: since("bytesIn"),
      bytesOut: since("bytesOut"),
      tasksDone: since("tasksDone"),
      computeMs: rounded(since("computeMs")),
    };
    for (const [name, values] of this.#columns) {
      values[this.#nextSeq % SAMPLES_MAX] = sample[name];
    }
    this.#nextSeq += 1;
    this.#last = now;
    this.#lastAtMs = nowMs;
  }
}

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;
