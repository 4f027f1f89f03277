// Closes open jobs whose clients went away without a word: what they made is kept, and the list gets shorter.
import type { Clock } from "../shared/data-plane/clock.ts";
import type { JobId } from "../shared/ids.ts";
import type { ActiveJob, JobBook } from "./job-book.ts";

/**
 * A laptop that sleeps over lunch finds its job open. One that sleeps longer loses nothing either: its
 * results are stored then, and its next call opens another job.
 */
export const ABANDONED_AFTER_MS = 3_600_000;
/** In that time so many looks are taken. */
const LOOKS = 60;

export interface AbandonedJobsParts {
  readonly book: Pick<JobBook, "activeJobs">;
  /** A client that is connected hears of this job. Counting began anew when it asked to. */
  readonly isFollowed: (job: JobId) => boolean;
  /** Ends an open job of which nothing is left to run. */
  readonly end: (job: ActiveJob) => void;
  readonly clock: Clock;
  readonly abandonedAfterMs: number;
}

/**
 * Counts, for each open job, the time in which nobody followed or extended it, as far as this process
 * and those before it ran: a coordinator that was off, or asleep, blames no client for that time.
 */
export class AbandonedJobs {
  readonly #parts: AbandonedJobsParts;
  #stopTimer = (): void => undefined;

  constructor(parts: AbandonedJobsParts) {
    this.#parts = parts;
  }

  /** Begins to count; to be called once. */
  start(): void {
    this.#waitForNext();
  }

  close(): void {
    this.#stopTimer();
  }

  /** There are too many unfinished jobs: those that nobody attended at the last look go at once. */
  makeRoom(): void {
    for (const job of this.#open()) if (job.unattendedMs > 0) this.#endIfIdle(job);
  }

  #waitForNext(): void {
    const { clock, abandonedAfterMs } = this.#parts;
    this.#stopTimer = clock.after(abandonedAfterMs / LOOKS, () => {
      this.#waitForNext();
      this.#look();
    });
  }

  #look(): void {
    const { isFollowed, abandonedAfterMs } = this.#parts;
    for (const job of this.#open()) {
      if (isFollowed(job.job)) continue;
      // However long ago the last look was: while the machine slept nobody could come.
      job.unattendedMs += abandonedAfterMs / LOOKS;
      job.hasUnsavedProgress = true;
      if (job.unattendedMs >= abandonedAfterMs) this.#endIfIdle(job);
    }
  }

  #open(): ActiveJob[] {
    return this.#parts.book.activeJobs().filter(({ isOpen }) => isOpen);
  }

  #endIfIdle(job: ActiveJob): void {
    const { targets, results, failures } = job;
    const isIdle = [...targets].every((target) => results.has(target) || failures.has(target));
    if (isIdle) this.#parts.end(job);
  }
}
