// How much faster a job was than the best of its machines would have been alone, as far as that can be
// said honestly.
import type { JobView } from "../../../shared/protocol/messages.ts";

export interface SpeedUp {
  /** How many times as fast as the best machine alone. */
  readonly factor: number;
  /** What the factor would have been, had every thread computed all the time. */
  readonly factorMost: number;
  /** From submission to end, milliseconds; pauses count. */
  readonly elapsedMs: number;
  /** What the best machine would have computed alone, without moving anything. */
  readonly aloneMs: number;
  readonly name: string;
  readonly threads: number;
  /** Of the elapsed time, 0 to 1: computing, and moving and waiting that no computing hid. */
  readonly computing: number;
}

/** With fewer tasks than this, luck decides who got the last one. */
const TASKS_MIN = 8;
/** What is shorter is mostly messages. */
const COMPUTING_MIN_MS = 200;

/**
 * Let C be the thread-milliseconds that the job computed, n the threads of a machine, and p its pace:
 * how much work one of its threads does while an average one of this job does 1, each function or
 * kernel compared with itself. Alone, a machine would compute for C / (p · n); the best machine is the
 * one for which this is least. All together would need C / Σ (p · n), had no thread ever waited.
 *
 * Null where the figures do not carry it: the job has not ended well, was extended while it ran, had
 * hardly any work, or is of a version that did not note paces and threads.
 */
export function speedUpOf(job: JobView): SpeedUp | null {
  const { timing, finishedAtMs, submittedAtMs } = job;
  if (job.state !== "done" || finishedAtMs === null) return null;
  const elapsedMs = finishedAtMs - submittedAtMs;
  const workers = timing.workers.filter(({ computeMs }) => computeMs > 0);
  const tasks = workers.reduce((sum, one) => sum + one.tasks, 0);
  if (tasks < TASKS_MIN || timing.computeMs < COMPUTING_MIN_MS || elapsedMs <= 0) return null;
  const machines = workers.map(({ name, threads = 0, pace = 0 }) => ({
    name,
    threads,
    power: threads * pace,
  }));
  // One that is not known might be the best.
  if (machines.some(({ power }) => power <= 0)) return null;
  const best = machines.reduce((most, one) => (one.power > most.power ? one : most));
  const power = machines.reduce((sum, one) => sum + one.power, 0);
  const aloneMs = timing.computeMs / best.power;
  const factorMost = power / best.power;
  return {
    factor: aloneMs / elapsedMs,
    factorMost,
    elapsedMs,
    aloneMs,
    name: best.name,
    threads: best.threads,
    computing: Math.min(1, timing.computeMs / power / elapsedMs),
  };
}
