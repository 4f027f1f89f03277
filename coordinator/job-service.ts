// Submitting, steering, resuming and forgetting jobs, and removing blocks that nothing refers to.
import { randomBytes } from "node:crypto";
import type { JobExtension, JobSubmission, SmallBlock, TaskResult } from "../shared/graph/task.ts";
import { asJobId, randomText, type BlockId, type DatasetId, type JobId } from "../shared/ids.ts";
import { TASKS_PER_JOB_MAX } from "../shared/limits.ts";
import type { JobRetry } from "../shared/protocol/telemetry.ts";
import { blocksOfActor } from "./actor-service.ts";
import { rowOf, type ActiveJob } from "./job-book.ts";
import { JobIntake, type JobIntakeParts, refuse, unrecorded } from "./job-intake.ts";
import { retryJob } from "./job-retry.ts";
import { HttpProblem } from "./problem.ts";

/** Jobs kept, unfinished and finished; the dashboard lists them all. */
const JOBS_MAX = 500;
/** A block that nothing refers to yet may belong to an upload that is still going on. */
const ORPHAN_AGE_MS = 3_600_000;

const noTiming = { computeMs: 0, fetchMs: 0, waitMs: 0, bytesMoved: 0, workers: [] };

export interface JobServiceParts extends JobIntakeParts {
  readonly nowUnixMs: () => number;
  readonly log: (line: string) => void;
  readonly onChange: () => void;
}

export class JobService {
  readonly #parts: JobServiceParts;
  readonly #intake: JobIntake;

  constructor(parts: JobServiceParts) {
    this.#parts = parts;
    this.#intake = new JobIntake(parts);
  }

  /** Takes up what the journal holds: finished jobs to be viewed, unfinished ones to be run. */
  async restore(): Promise<void> {
    const { journal, book, host, log } = this.#parts;
    for (const row of journal.jobs.all()) {
      if (row.state !== "running" && row.state !== "paused") {
        book.addFinished(row);
        continue;
      }
      // What failed is tried again.
      journal.stories.removeFailures(row.job);
      const work = journal.jobs.work(row.job);
      const known = await this.#intake.knownResults(work.tasks);
      book.open(row, work, known, row.state === "paused");
      const { job, head, isOpen } = row;
      const { priority, onFailure = "end" } = head;
      this.#intake.announceSmall(work.tasks, known);
      host.dispatch({
        type: "job-submitted",
        job,
        priority,
        ...work,
        known,
        onFailure,
        isOpen,
        avoid: head.avoid ?? [],
      });
      if (row.state === "paused") host.dispatch({ type: "job-paused", job });
      log(
        `Resuming job "${head.title}": ${known.length} results of ${work.tasks.length} tasks known.`,
      );
    }
  }

  /** Journals and starts a job. Throws HttpProblem when it cannot be run. */
  async submit(submission: JobSubmission, blocks: readonly SmallBlock[] = []): Promise<JobId> {
    const { journal, book, host, nowUnixMs, onChange } = this.#parts;
    const { kind, title, meta, priority, tasks, targets } = submission;
    const { isOpen = false } = submission;
    // An open job goes on after failures, also when it runs on after its end.
    const onFailure = isOpen ? "go-on" : (submission.onFailure ?? "end");
    if (targets.length === 0 && !isOpen) throw refuse("A job needs a target.");
    // The one wait comes first: a job that is deleted meanwhile takes with it what nothing refers to yet.
    const known = await this.#intake.knownResults(tasks);
    this.#checkRoom();
    this.#intake.keepSmall(blocks);
    this.#intake.checkGraph(submission, new Map());
    const head = { kind, title, meta, priority, onFailure };
    const job = asJobId(`j_${randomText(randomBytes(16))}`);
    const row = {
      job,
      head,
      submittedAtMs: nowUnixMs(),
      timing: noTiming,
      isOpen,
      unattendedMs: 0,
    };
    const active = book.open(row, { tasks, targets }, known, false);
    try {
      journal.jobs.add(rowOf(active, "running", null, null), submission);
    } catch (error) {
      book.forget(job);
      throw unrecorded(error);
    }
    this.#intake.announceSmall(tasks, known);
    host.dispatch({
      type: "job-submitted",
      job,
      priority,
      tasks,
      targets,
      known,
      onFailure,
      isOpen,
    });
    onChange();
    return job;
  }

  /** Journals and makes changes of an open job. Throws HttpProblem when they cannot be made. */
  async extend(
    job: JobId,
    extension: JobExtension,
    blocks: readonly SmallBlock[] = [],
  ): Promise<void> {
    const { journal, book, host, onChange } = this.#parts;
    this.#requireOpen(job);
    // As in `submit`. It may have ended while files were read.
    const recorded = await this.#intake.knownResults(extension.tasks);
    const active = this.#requireOpen(job);
    if (active.tasks.size + extension.tasks.length > TASKS_PER_JOB_MAX) {
      throw new HttpProblem(
        409,
        `An open job holds at most ${TASKS_PER_JOB_MAX} tasks at once. Release results that are not needed any more.`,
      );
    }
    this.#intake.keepSmall(blocks);
    this.#intake.checkGraph(extension, active.tasks);
    const fresh = extension.tasks.filter((task) => !active.tasks.has(task.key));
    const freshKeys = new Set(fresh.map(({ key }) => key));
    const known = recorded.filter(({ task }) => freshKeys.has(task));
    const firstPosition = active.nextPosition;
    const { released, retried } = extension;
    const forgiven = [...released, ...retried].filter((target) => active.failures.has(target));
    book.extend(active, extension);
    try {
      if (forgiven.length > 0) journal.stories.removeFailures(job, forgiven);
      const row = rowOf(active, "running", null, null);
      const { targets } = extension;
      journal.jobs.extend(row, firstPosition, { tasks: fresh, targets }, released);
    } catch (error) {
      throw unrecorded(error);
    }
    this.#intake.announceSmall(fresh, known);
    host.dispatch({ type: "job-extended", job, ...extension, known });
    onChange();
  }

  /** An open job is not extended any more: it ends when its results are stored. */
  close(job: JobId): void {
    this.#requireJob(job);
    const { book, journal, host, onChange } = this.#parts;
    const active = book.active(job);
    if (active?.isOpen !== true) return;
    journal.jobs.close(job);
    active.isOpen = false;
    host.dispatch({ type: "job-closed", job });
    onChange();
  }

  /**
   * Closes an open job that nobody attends; one of which nothing is wanted is deleted, as its client
   * would have done. Never rejects.
   */
  async endAbandoned({ job, head, targets }: ActiveJob): Promise<void> {
    const { log } = this.#parts;
    try {
      log(`Nobody came back to job "${head.title}": it is closed.`);
      if (targets.size > 0) this.close(job);
      else await this.forget(job);
    } catch (error) {
      log(`Job "${head.title}" could not be closed: ${(error as Error).message}`);
    }
  }

  #requireOpen(job: JobId): ActiveJob {
    this.#requireJob(job);
    const active = this.#parts.book.active(job);
    if (active?.isOpen === true) return active;
    throw new HttpProblem(410, "This job is closed: it cannot be extended any more.");
  }

  cancel(job: JobId): void {
    this.#requireJob(job);
    if (this.#parts.book.active(job) === undefined) return;
    this.#parts.host.dispatch({ type: "job-cancelled", job });
    // The scheduler answers with the job's end; a job that it does not know is ended here.
    this.#parts.host.finishJob(job, "cancelled");
  }

  /** Ends a job with the targets that it has by now; one that has none is cancelled. */
  finish(job: JobId): void {
    this.#requireJob(job);
    const { book, journal, host } = this.#parts;
    const active = book.narrow(job);
    if (active === undefined) return;
    if (active.targets.size > 0) {
      journal.jobs.narrow(rowOf(active, "running", null, null), active.targets);
    }
    host.dispatch({ type: "job-narrowed", job, targets: [...active.targets] });
    this.#parts.onChange();
  }

  pause(job: JobId): void {
    this.#setPaused(job, true);
  }

  resume(job: JobId): void {
    this.#setPaused(job, false);
  }

  #setPaused(job: JobId, isPaused: boolean): void {
    this.#requireJob(job);
    const { book, journal, host, onChange } = this.#parts;
    const active = book.active(job);
    if (active === undefined) throw new HttpProblem(409, "This job has ended already.");
    active.isPaused = isPaused;
    journal.jobs.setState(job, isPaused ? "paused" : "running");
    host.dispatch({ type: isPaused ? "job-paused" : "job-resumed", job });
    onChange();
  }

  /** Tasks of jobs of higher priority begin first. Throws HttpProblem when the job has ended. */
  setPriority(job: JobId, priority: number): void {
    this.#requireJob(job);
    const { book, journal, host, onChange } = this.#parts;
    const active = book.active(job);
    if (active === undefined) throw new HttpProblem(409, "This job has ended already.");
    active.head = { ...active.head, priority };
    journal.jobs.saveHead(job, active.head);
    host.dispatch({ type: "job-prioritised", job, priority });
    onChange();
  }

  /** Tries what failed again. Throws HttpProblem when that cannot be done. */
  async retry(job: JobId, request: JobRetry): Promise<void> {
    this.#requireJob(job);
    await retryJob(this.#parts, this.#intake, job, request);
    this.#parts.onChange();
  }

  /** Deletes a job's record, and its results as far as no other job refers to them. */
  async forget(job: JobId): Promise<void> {
    this.#requireJob(job);
    const { journal, book, host, onChange } = this.#parts;
    this.cancel(job);
    host.dispatch({ type: "job-forgotten", job });
    const before = blocksOf(journal.allResults());
    journal.jobs.remove(job);
    book.forget(job);
    onChange();
    await this.#removeUnreferenced(before, true);
  }

  /** Deletes a dataset and its blocks. Throws HttpProblem while an unfinished job reads them. */
  async removeDataset(dataset: DatasetId): Promise<void> {
    const { journal, book } = this.#parts;
    const record = journal.dataset(dataset);
    if (record === undefined) throw new HttpProblem(404, "There is no such dataset.");
    const inUse = new Set(book.inputBlocks());
    if (record.panels.some((panel) => inUse.has(panel.block))) {
      throw new HttpProblem(409, "A running job reads this dataset. Cancel the job first.");
    }
    journal.removeDataset(dataset);
    // A job that failed could have been tried again with them; whoever deletes them knows better.
    await this.#removeUnreferenced(
      record.panels.map((panel) => panel.block),
      false,
    );
  }

  /** Removes stored blocks that nothing refers to and that are too old to be still expected. */
  async sweep(): Promise<void> {
    const { store, nowUnixMs, log } = this.#parts;
    const oldEnoughMs = nowUnixMs() - ORPHAN_AGE_MS;
    const old = store.list().flatMap(({ block }) => {
      return (store.modifiedAtMs(block) ?? Infinity) < oldEnoughMs ? [block] : [];
    });
    old.push(...this.#parts.journal.smallBlocksBefore(oldEnoughMs));
    const removedCount = await this.#removeUnreferenced(old, true);
    if (removedCount > 0) log(`Removed ${removedCount} stored blocks that nothing refers to.`);
  }

  async #removeUnreferenced(
    candidates: Iterable<BlockId>,
    keepsForRetry: boolean,
  ): Promise<number> {
    const { journal, store, host, book } = this.#parts;
    const referenced = new Set<BlockId>(book.inputBlocks());
    for (const block of blocksOf(journal.allResults())) referenced.add(block);
    for (const { panels } of journal.datasets()) {
      for (const { block } of panels) referenced.add(block);
    }
    for (const row of journal.actors()) {
      for (const block of blocksOfActor(row)) referenced.add(block);
    }
    if (keepsForRetry) {
      for (const { inputs } of journal.jobs.failedWork()) {
        for (const input of inputs) if ("block" in input) referenced.add(input.block);
      }
    }
    const unwanted = [...new Set(candidates)].filter(
      (block) => !referenced.has(block) && store.get(block) !== undefined,
    );
    // All at once are they gone for everybody: a result that comes while files are being removed may be of
    // the very bytes, and must not take them for stored.
    const removals = unwanted.map((block) => store.delete(block));
    if (unwanted.length > 0) host.blocksDropped("store", unwanted);
    await Promise.all(removals);
    return unwanted.length;
  }

  #requireJob(job: JobId): void {
    if (this.#parts.book.view(job) === undefined) {
      throw new HttpProblem(404, "There is no such job; it may have been deleted.");
    }
  }

  #checkRoom(): void {
    const { book } = this.#parts;
    this.#intake.checkActive();
    if (book.size >= JOBS_MAX) {
      throw new HttpProblem(
        409,
        `The coordinator keeps ${JOBS_MAX} jobs. Delete some old ones first.`,
      );
    }
  }
}

function blocksOf(results: Iterable<TaskResult>): Set<BlockId> {
  const blocks = new Set<BlockId>();
  for (const { outputs } of results) for (const { block } of outputs) blocks.add(block);
  return blocks;
}
