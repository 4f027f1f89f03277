// The coordinator's figures of the last hour, put together from its answers.
import { systemSchema, type SystemHistory } from "../../../shared/protocol/telemetry.ts";

export type Samples = SystemHistory["samples"];
export type SystemColumn = keyof Samples;

export interface History {
  /** The run of the coordinator that the sequence numbers are of; null before any answer. */
  readonly run: string | null;
  /** Ask from here next time. */
  readonly nextSeq: number;
  readonly intervalMs: number;
  readonly about: SystemHistory["about"] | null;
  /** Columns of one length, oldest first; also of earlier runs, as far as this page saw them. */
  readonly samples: Samples;
}

/** An hour of samples, one a second. */
export const SAMPLES_MAX = 3_600;

const COLUMNS = Object.keys(systemSchema.shape.samples.shape) as readonly SystemColumn[];

function mapColumns(make: (column: SystemColumn) => number[]): Samples {
  return Object.fromEntries(COLUMNS.map((column) => [column, make(column)])) as Samples;
}

export const emptyHistory: History = {
  run: null,
  nextSeq: 0,
  intervalMs: 1_000,
  about: null,
  samples: mapColumns(() => []),
};

/**
 * The history with an answer to the question for samples from `since` on. After a restart of the
 * coordinator its numbers begin anew: then `nextSeq` is 0, and asking again brings all of them.
 */
export function mergeHistory(history: History, answer: SystemHistory, since: number): History {
  const { run, intervalMs, about, nextSeq } = answer;
  if (history.run !== null && history.run !== run && since > 0) {
    return { ...history, run, intervalMs, about, nextSeq: 0 };
  }
  const times = history.samples.atMs;
  const lastMs = times.at(-1) ?? Number.NEGATIVE_INFINITY;
  // What came before, in this run or another, is not taken twice.
  const from = answer.samples.atMs.findIndex((atMs) => atMs > lastMs);
  const added = from === -1 ? 0 : answer.samples.atMs.length - from;
  const dropped = Math.max(0, times.length + added - SAMPLES_MAX);
  const samples =
    added === 0
      ? history.samples
      : mapColumns((column) => [
          ...history.samples[column].slice(dropped),
          ...answer.samples[column].slice(from).slice(-SAMPLES_MAX),
        ]);
  return { run, intervalMs, about, nextSeq, samples };
}

/** The newest sample of a column; null before there is one. */
export const latest = (history: History, column: SystemColumn): number | null =>
  history.samples[column].at(-1) ?? null;
