// Submitting, steering, resuming and forgetting jobs, and removing blocks that nothing refers to.
import { randomBytes } from "node:crypto";
import type { IHasher } from "hash-wasm";
import { taskKey } from "../shared/graph/task-key.ts";
import { decodeBase64 } from "../shared/codecs/base64.ts";
import type { BlockRef, JobExtension, JobSubmission, SmallBlock } from "../shared/graph/task.ts";
import type { Task, TaskResult } from "../shared/graph/task.ts";
import { asJobId, randomText, type BlockId, type DatasetId, type JobId } from "../shared/ids.ts";
import type { TaskKey } from "../shared/ids.ts";
import { blocksOfActor } from "./actor-service.ts";
import type { BlockSources } from "./block-sources.ts";
import { BlockStoreError, type BlockStore } from "./block-store.ts";
import { rowOf, type ActiveJob, type JobBook } from "./job-book.ts";
import type { Journal, JobWork } from "./journal.ts";
import { SMALL_BLOCK_BYTES_MAX, TASKS_PER_JOB_MAX } from "../shared/limits.ts";
import { HttpProblem } from "./problem.ts";
import type { SchedulerHost } from "./scheduler-host.ts";

/** Jobs kept, unfinished and finished; the dashboard lists them all. */
const JOBS_MAX = 500;
/** Unfinished jobs at once. */
const ACTIVE_JOBS_MAX = 64;
/** A block that nothing refers to yet may belong to an upload that is still going on. */
const ORPHAN_AGE_MS = 3_600_000;

const noTiming = { computeMs: 0, fetchMs: 0, waitMs: 0, bytesMoved: 0, workers: [] };
const textEncoder = new TextEncoder();

export interface JobServiceParts {
  readonly journal: Journal;
  readonly store: BlockStore;
  readonly sources: BlockSources;
  readonly book: JobBook;
  readonly host: SchedulerHost;
  /** BLAKE3, for checking the keys of submitted tasks. */
  readonly hasher: IHasher;
  readonly nowUnixMs: () => number;
  readonly log: (line: string) => void;
  readonly onChange: () => void;
}

export class JobService {
  readonly #parts: JobServiceParts;

  constructor(parts: JobServiceParts) {
    this.#parts = parts;
  }

  /** Takes up what the journal holds: finished jobs to be viewed, unfinished ones to be run. */
  async restore(): Promise<void> {
    const { journal, book, host, log } = this.#parts;
    for (const row of journal.jobs()) {
      if (row.state !== "running" && row.state !== "paused") {
        book.addFinished(row);
        continue;
      }
      // What failed is tried again.
      journal.removeFailures(row.job);
      const work = journal.work(row.job);
      const known = await this.#knownResults(work.tasks);
      book.open(row, work, known, row.state === "paused");
      const { job, head, isOpen } = row;
      const { priority, onFailure = "end" } = head;
      this.#announceSmall(work.tasks, known);
      host.dispatch({ type: "job-submitted", job, priority, ...work, known, onFailure, isOpen });
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
    const { onFailure = "end", isOpen = false } = submission;
    if (targets.length === 0 && !isOpen) throw refuse("A job needs a target.");
    this.#checkRoom();
    this.#keepSmall(blocks);
    this.#checkGraph(submission, new Map());
    const head = { kind, title, meta, priority, onFailure };
    const job = asJobId(`j_${randomText(randomBytes(16))}`);
    const known = await this.#knownResults(tasks);
    const row = { job, head, submittedAtMs: nowUnixMs(), timing: noTiming, isOpen };
    const active = book.open(row, { tasks, targets }, known, false);
    try {
      journal.addJob(rowOf(active, "running", null, null), submission);
    } catch (error) {
      book.forget(job);
      throw unrecorded(error);
    }
    this.#announceSmall(tasks, known);
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
    const active = this.#requireOpen(job);
    if (active.tasks.size + extension.tasks.length > TASKS_PER_JOB_MAX) {
      throw new HttpProblem(
        409,
        `An open job holds at most ${TASKS_PER_JOB_MAX} tasks at once. Release results that are not needed any more.`,
      );
    }
    this.#keepSmall(blocks);
    this.#checkGraph(extension, active.tasks);
    const fresh = extension.tasks.filter((task) => !active.tasks.has(task.key));
    const known = await this.#knownResults(fresh);
    // It may have ended while files were read.
    this.#requireOpen(job);
    const firstPosition = active.nextPosition;
    const { released, retried } = extension;
    const forgiven = [...released, ...retried].filter((target) => active.failures.has(target));
    book.extend(active, extension);
    try {
      if (forgiven.length > 0) journal.removeFailures(job, forgiven);
      const row = rowOf(active, "running", null, null);
      const { targets } = extension;
      journal.extendJob(row, firstPosition, { tasks: fresh, targets }, released);
    } catch (error) {
      throw unrecorded(error);
    }
    this.#announceSmall(fresh, known);
    host.dispatch({ type: "job-extended", job, ...extension, known });
    onChange();
  }

  /** An open job is not extended any more: it ends when its results are stored. */
  close(job: JobId): void {
    this.#requireJob(job);
    const { book, journal, host, onChange } = this.#parts;
    const active = book.active(job);
    if (active?.isOpen !== true) return;
    active.isOpen = false;
    journal.closeJob(job);
    host.dispatch({ type: "job-closed", job });
    onChange();
  }

  #requireOpen(job: JobId): ActiveJob {
    this.#requireJob(job);
    const active = this.#parts.book.active(job);
    if (active?.isOpen === true) return active;
    throw new HttpProblem(409, "This job is closed: it cannot be extended any more.");
  }

  /** Keeps small blocks that came with a job. Throws HttpProblem when they are not what they claim. */
  #keepSmall(blocks: readonly SmallBlock[]): void {
    try {
      for (const { block, bytes } of blocks) this.#parts.store.putSmall(block, decodeBase64(bytes));
    } catch (error) {
      if (error instanceof BlockStoreError) throw refuse(error.message);
      throw unrecorded(error);
    }
  }

  /** The scheduler forgets small stored blocks that nobody needs: it hears of those that count now. */
  #announceSmall(tasks: readonly Task[], known: readonly TaskResult[]): void {
    const { store, host } = this.#parts;
    const refs = new Map<BlockId, BlockRef>();
    const add = (ref: BlockRef): void => {
      if (ref.sizeBytes <= SMALL_BLOCK_BYTES_MAX && store.get(ref.block) !== undefined) {
        refs.set(ref.block, ref);
      }
    };
    for (const task of tasks) for (const input of task.inputs) if ("block" in input) add(input);
    for (const { outputs } of known) for (const output of outputs) add(output);
    if (refs.size > 0) host.blocksHeld("store", [...refs.values()]);
  }

  cancel(job: JobId): void {
    this.#requireJob(job);
    if (this.#parts.book.active(job) === undefined) return;
    this.#parts.host.dispatch({ type: "job-cancelled", job });
    // The scheduler answers with the job's end; a job that it does not know is ended here.
    this.#parts.host.finishJob(job, "cancelled", null);
  }

  /** Ends a job with the targets that it has by now; one that has none is cancelled. */
  finish(job: JobId): void {
    this.#requireJob(job);
    const { book, journal, host } = this.#parts;
    const active = book.narrow(job);
    if (active === undefined) return;
    if (active.targets.size > 0) {
      journal.narrowJob(rowOf(active, "running", null, null), active.targets);
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
    journal.setJobState(job, isPaused ? "paused" : "running");
    host.dispatch({ type: isPaused ? "job-paused" : "job-resumed", job });
    onChange();
  }

  /** Deletes a job's record, and its results as far as no other job refers to them. */
  async forget(job: JobId): Promise<void> {
    this.#requireJob(job);
    const { journal, book, host, onChange } = this.#parts;
    this.cancel(job);
    host.dispatch({ type: "job-forgotten", job });
    const before = blocksOf(journal.allResults());
    journal.removeJob(job);
    book.forget(job);
    onChange();
    await this.#removeUnreferenced(before);
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
    await this.#removeUnreferenced(record.panels.map((panel) => panel.block));
  }

  /** Removes stored blocks that nothing refers to and that are too old to be still expected. */
  async sweep(): Promise<void> {
    const { store, nowUnixMs, log } = this.#parts;
    const oldEnoughMs = nowUnixMs() - ORPHAN_AGE_MS;
    const old = store.list().flatMap(({ block }) => {
      return (store.modifiedAtMs(block) ?? Infinity) < oldEnoughMs ? [block] : [];
    });
    old.push(...this.#parts.journal.smallBlocksBefore(oldEnoughMs));
    const removedCount = await this.#removeUnreferenced(old);
    if (removedCount > 0) log(`Removed ${removedCount} stored blocks that nothing refers to.`);
  }

  async #removeUnreferenced(candidates: Iterable<BlockId>): Promise<number> {
    const { journal, store, host, book } = this.#parts;
    const referenced = new Set<BlockId>(book.inputBlocks());
    for (const block of blocksOf(journal.allResults())) referenced.add(block);
    for (const { panels } of journal.datasets()) {
      for (const { block } of panels) referenced.add(block);
    }
    for (const row of journal.actors()) {
      for (const block of blocksOfActor(row)) referenced.add(block);
    }
    const unwanted = [...new Set(candidates)].filter(
      (block) => !referenced.has(block) && store.get(block) !== undefined,
    );
    for (const block of unwanted) await store.delete(block);
    if (unwanted.length > 0) host.blocksDropped("store", unwanted);
    return unwanted.length;
  }

  #requireJob(job: JobId): void {
    if (this.#parts.book.view(job) === undefined) {
      throw new HttpProblem(404, "There is no such job; it may have been deleted.");
    }
  }

  #checkRoom(): void {
    const { book } = this.#parts;
    if (book.activeJobs().length >= ACTIVE_JOBS_MAX) {
      throw new HttpProblem(
        409,
        `${ACTIVE_JOBS_MAX} jobs are unfinished. Wait for one, or cancel one.`,
      );
    }
    if (book.size >= JOBS_MAX) {
      throw new HttpProblem(
        409,
        `The coordinator keeps ${JOBS_MAX} jobs. Delete some old ones first.`,
      );
    }
  }

  /**
   * Refuses a graph whose keys are not what they claim: results are found again by key, so a wrong
   * key would give one job's numbers to another. A cycle cannot exist with right keys.
   */
  #checkGraph({ tasks, targets }: JobWork, present: ReadonlyMap<TaskKey, Task>): void {
    const { hasher, sources } = this.#parts;
    const hash = (bytes: Uint8Array): string => hasher.init().update(bytes).digest();
    const encode = (text: string): Uint8Array => textEncoder.encode(text);
    const keys = new Set<TaskKey>();
    for (const task of tasks) {
      if (taskKey(task, hash, encode) !== task.key)
        throw refuse(`Task ${task.key} has a wrong key.`);
      if (keys.has(task.key)) throw refuse(`Task ${task.key} is in the job twice.`);
      keys.add(task.key);
    }
    for (const task of tasks) {
      for (const input of task.inputs) {
        if ("task" in input) {
          if (!keys.has(input.task) && !present.has(input.task))
            throw refuse(`Task ${task.key} needs a task that is not in the job.`);
        } else if (!sources.isHeld(input.block)) {
          throw new HttpProblem(
            409,
            `Nobody holds block ${input.block}, which the job reads. Upload the dataset again.`,
          );
        }
      }
    }
    for (const target of targets) {
      if (!keys.has(target) && !present.has(target))
        throw refuse(`Target ${target} is not among the tasks.`);
    }
  }

  /**
   * Results from earlier jobs, or from this one before a restart, whose blocks are still there.
   * Stored ones are verified now: a job that relied on a damaged file could not be completed later.
   */
  async #knownResults(tasks: readonly Task[]): Promise<TaskResult[]> {
    const { journal, store, sources } = this.#parts;
    const recorded = journal.results(tasks.map((task) => task.key));
    for (const { outputs } of recorded) {
      for (const { block } of outputs) await store.isSound(block);
    }
    const isHere = (output: BlockRef): boolean => sources.isHeld(output.block);
    return recorded.filter((result) => result.outputs.every(isHere));
  }
}

const unrecorded = (cause: unknown): HttpProblem =>
  new HttpProblem(
    507,
    "The job cannot be recorded: the coordinator's disk is full or not writable.",
    { cause },
  );

const refuse = (detail: string): HttpProblem =>
  new HttpProblem(422, `${detail} The job was not started.`);

function blocksOf(results: Iterable<TaskResult>): Set<BlockId> {
  const blocks = new Set<BlockId>();
  for (const { outputs } of results) for (const { block } of outputs) blocks.add(block);
  return blocks;
}
