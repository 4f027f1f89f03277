// What the groups of unfinished jobs have computed, and how fast they are just now.
import type { JobId } from "../shared/ids.ts";

/** Rates are those of the last so many seconds. */
const RATE_SECONDS = 10;
/** Groups of one job; further ones are not told of. */
const GROUPS_MAX = 4_096;

export interface GroupFigures {
  /** Thread-milliseconds. */
  readonly computeMs: number;
  /** Finished within the last ten seconds, a second. */
  readonly tasksPerSecond: number;
}

/** One place a second, the newest at `second % RATE_SECONDS`. */
interface Tally {
  computeMs: number;
  readonly finished: number[];
  /** Of Unix time. */
  second: number;
}

export class GroupRates {
  readonly #jobs = new Map<JobId, Map<string, Tally>>();

  /** An attempt begins: its end will be counted, unless the job is forgotten before. */
  begin(job: JobId, group: string): void {
    let groups = this.#jobs.get(job);
    if (groups === undefined) {
      groups = new Map();
      this.#jobs.set(job, groups);
    }
    if (groups.has(group) || groups.size >= GROUPS_MAX) return;
    groups.set(group, { computeMs: 0, finished: Array(RATE_SECONDS).fill(0), second: 0 });
  }

  ended(job: JobId, group: string, computeMs: number, isFinished: boolean, unixMs: number): void {
    const tally = this.#jobs.get(job)?.get(group);
    if (tally === undefined) return;
    tally.computeMs += computeMs;
    if (!isFinished) return;
    const second = Math.floor(unixMs / 1_000);
    moveOn(tally, second);
    const place = second % RATE_SECONDS;
    tally.finished[place] = (tally.finished[place] ?? 0) + 1;
  }

  /** By group, as far as anything of it ended. */
  of(job: JobId, unixMs: number): Map<string, GroupFigures> {
    const figures = new Map<string, GroupFigures>();
    for (const [group, tally] of this.#jobs.get(job) ?? []) {
      moveOn(tally, Math.floor(unixMs / 1_000));
      const finished = tally.finished.reduce((sum, count) => sum + count, 0);
      const { computeMs } = tally;
      figures.set(group, { computeMs, tasksPerSecond: finished / RATE_SECONDS });
    }
    return figures;
  }

  forget(job: JobId): void {
    this.#jobs.delete(job);
  }
}

/** Clears the places of the seconds that passed since. A clock that was set back changes nothing. */
function moveOn(tally: Tally, second: number): void {
  const passed = Math.min(RATE_SECONDS, second - tally.second);
  for (let back = 0; back < passed; back += 1) tally.finished[(second - back) % RATE_SECONDS] = 0;
  tally.second = Math.max(tally.second, second);
}
