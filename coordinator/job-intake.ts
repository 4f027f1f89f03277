// What a job brings along: its graph is checked, its small blocks are kept, its known results are found.
import type { IHasher } from "hash-wasm";
import { decodeBase64 } from "../shared/codecs/base64.ts";
import { taskKey } from "../shared/graph/task-key.ts";
import type { BlockRef, SmallBlock, Task, TaskResult } from "../shared/graph/task.ts";
import type { BlockId, TaskKey } from "../shared/ids.ts";
import { SMALL_BLOCK_BYTES_MAX } from "../shared/limits.ts";
import { forEachAtOnce } from "./at-once.ts";
import type { BlockSources } from "./block-sources.ts";
import { BlockStoreError, type BlockStore } from "./block-store.ts";
import type { JobBook } from "./job-book.ts";
import type { Journal } from "./journal.ts";
import type { JobWork } from "./journal-rows.ts";
import { HttpProblem } from "./problem.ts";
import type { SchedulerHost } from "./scheduler-host.ts";

/** Unfinished jobs at once. */
const ACTIVE_JOBS_MAX = 64;

const textEncoder = new TextEncoder();

export interface JobIntakeParts {
  readonly journal: Journal;
  readonly store: BlockStore;
  readonly sources: BlockSources;
  readonly book: JobBook;
  readonly host: SchedulerHost;
  /** BLAKE3, for checking the keys of submitted tasks. */
  readonly hasher: IHasher;
  /** Ends jobs that need not be unfinished. */
  readonly makeRoom: () => void;
}

export class JobIntake {
  readonly #parts: JobIntakeParts;

  constructor(parts: JobIntakeParts) {
    this.#parts = parts;
  }

  /** Throws HttpProblem when no more jobs can run at once. */
  checkActive(): void {
    const { book, makeRoom } = this.#parts;
    if (book.activeJobs().length >= ACTIVE_JOBS_MAX) makeRoom();
    if (book.activeJobs().length < ACTIVE_JOBS_MAX) return;
    throw new HttpProblem(
      409,
      `${ACTIVE_JOBS_MAX} jobs are unfinished. Wait for one, or cancel one.`,
    );
  }

  /** Keeps small blocks that came with a job. Throws HttpProblem when they are not what they claim. */
  keepSmall(blocks: readonly SmallBlock[]): void {
    try {
      for (const { block, bytes } of blocks) this.#parts.store.putSmall(block, decodeBase64(bytes));
    } catch (error) {
      if (error instanceof BlockStoreError) throw refuse(error.message);
      throw unrecorded(error);
    }
  }

  /** The scheduler forgets small stored blocks that nobody needs: it hears of those that count now. */
  announceSmall(tasks: readonly Task[], known: readonly TaskResult[]): void {
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

  /**
   * Refuses a graph whose keys are not what they claim: results are found again by key, so a wrong
   * key would give one job's numbers to another. A cycle cannot exist with right keys.
   */
  checkGraph({ tasks, targets }: JobWork, present: ReadonlyMap<TaskKey, Task>): void {
    const { hasher } = this.#parts;
    const hash = (bytes: Uint8Array): string => hasher.init().update(bytes).digest();
    const encode = (text: string): Uint8Array => textEncoder.encode(text);
    const keys = new Set<TaskKey>();
    for (const task of tasks) {
      if (taskKey(task, hash, encode) !== task.key)
        throw refuse(`Task ${task.key} has a wrong key.`);
      if (keys.has(task.key)) throw refuse(`Task ${task.key} is in the job twice.`);
      keys.add(task.key);
    }
    for (const key of present.keys()) keys.add(key);
    this.checkInputs(tasks, keys);
    for (const target of targets) {
      if (!keys.has(target)) throw refuse(`Target ${target} is not among the tasks.`);
    }
  }

  /** Throws HttpProblem when a task reads what is neither among these tasks nor held by anybody. */
  checkInputs(tasks: readonly Task[], keys: ReadonlySet<TaskKey>): void {
    for (const task of tasks) {
      for (const input of task.inputs) {
        if ("task" in input) {
          if (!keys.has(input.task))
            throw refuse(`Task ${task.key} needs a task that is not in the job.`);
        } else if (!this.#parts.sources.isHeld(input.block)) {
          throw new HttpProblem(
            409,
            `Nobody holds block ${input.block}, which the job reads. Upload the dataset again.`,
          );
        }
      }
    }
  }

  /**
   * Results from earlier jobs, or from this one before a restart, whose blocks are still there.
   * Stored ones are verified now: a job that relied on a damaged file could not be completed later.
   */
  async knownResults(tasks: readonly Task[]): Promise<TaskResult[]> {
    const { journal, store, sources } = this.#parts;
    const recorded = journal.results(tasks.map((task) => task.key));
    const blocks = new Set(recorded.flatMap(({ outputs }) => outputs.map(({ block }) => block)));
    await forEachAtOnce(blocks, (block) => store.isSound(block));
    const isHere = (output: BlockRef): boolean => sources.isHeld(output.block);
    return recorded.filter((result) => result.outputs.every(isHere));
  }
}

export const unrecorded = (cause: unknown): HttpProblem =>
  new HttpProblem(
    507,
    "The job cannot be recorded: the coordinator's disk is full or not writable.",
    { cause },
  );

export const refuse = (detail: string): HttpProblem =>
  new HttpProblem(422, `${detail} The job was not started.`);
