// What the scheduler says of jobs: written into the book and the journal, and told to those who watch.
import type { TaskResult } from "../shared/graph/task.ts";
import type { JobId } from "../shared/ids.ts";
import type { FailureStory, SchedulerCommand } from "../shared/scheduler/commands.ts";
import type { Avoidance } from "../shared/scheduler/events.ts";
import type { ActivityLog } from "./activity-log.ts";
import type { JobBook } from "./job-book.ts";
import { outlineAtEnd } from "./job-outline.ts";
import type { Journal } from "./journal.ts";
import type { FinalJobState, JobFailure } from "./journal-rows.ts";
import type { Watchers } from "./watchers.ts";
import type { WorkerRecord } from "./worker-record.ts";

type Command<Type extends SchedulerCommand["type"]> = Extract<SchedulerCommand, { type: Type }>;

export interface JobRecordsOptions {
  readonly book: JobBook;
  readonly journal: Journal;
  readonly activity: ActivityLog;
  readonly watchers: Watchers;
  /** Time of day, in Unix milliseconds. */
  readonly nowUnixMs: () => number;
  readonly log: (line: string) => void;
  /** Called when something changed that the views show. */
  readonly onChange: () => void;
}

export class JobRecords {
  readonly #options: JobRecordsOptions;

  constructor(options: JobRecordsOptions) {
    this.#options = options;
  }

  /** A task has its result, from a worker whose record is given while it is joined. */
  resultAccepted(command: Command<"record-result">, record: WorkerRecord | undefined): void {
    const { task, outputs, jobs, worker, computeMs } = command;
    const { book, journal } = this.#options;
    if (record !== undefined) record.tally.tasksDone += 1;
    book.taskDone(task, jobs, worker, record?.name ?? worker);
    this.write("record a result", () => journal.addResult({ task, outputs }, computeMs));
    this.#options.onChange();
  }

  /** Whoever watches the job learns of the result. */
  targetReady(job: JobId, { task, outputs }: TaskResult): void {
    const { book, journal } = this.#options;
    const hadFailed = book.active(job)?.failures.has(task) === true;
    if (!book.targetReady(job, { task, outputs })) return;
    if (hadFailed)
      this.write("forget a failure", () => journal.stories.removeFailures(job, [task]));
    this.#options.watchers.targetReady(job, { task, outputs });
    this.#options.onChange();
  }

  /** Whoever watches the job learns of the failure. */
  targetFailed(announced: Command<"announce-failure">): void {
    const { job, task, message, error, cause, sentences } = announced;
    const { book, journal } = this.#options;
    if (!book.targetFailed(job, { task, message, error, cause, sentences })) return;
    this.write("record a failure", () => journal.stories.addFailure(job, announced, task));
    this.#options.watchers.targetFailed(job, { task, message, error });
    this.#options.onChange();
  }

  /** Failed targets are tried again; what they keep away from outlives a restart. */
  targetsRetried({ job, targets, avoid }: Command<"record-retry">): void {
    const { book, journal } = this.#options;
    const head = book.targetsRetried(job, targets, avoid);
    this.write("record that targets are tried again", () => {
      journal.stories.removeFailures(job, targets);
      if (head !== undefined) journal.jobs.saveHead(job, head);
    });
    this.#options.onChange();
  }

  /** An open job let these tasks go. */
  tasksDropped({ job, tasks }: Command<"drop-tasks">): void {
    const { book, journal } = this.#options;
    book.dropTasks(job, tasks);
    this.write("forget tasks", () => journal.jobs.dropTasks(job, tasks));
  }

  /** Closes a job's record and tells those who watch it. */
  finishJob(
    job: JobId,
    state: FinalJobState,
    story: FailureStory | null,
    failedOn: readonly Avoidance[] = [],
  ): void {
    const { book, journal, activity, nowUnixMs } = this.#options;
    const active = book.active(job);
    if (active === undefined) return;
    const outline = outlineAtEnd(active, story, activity.figuresOf(job));
    activity.jobEnded(job);
    const failure = story && failureOf(story);
    const row = book.finish(job, state, { failure, failedOn }, nowUnixMs());
    if (row === undefined) return;
    this.write("record a job's end", () => {
      if (story !== null) journal.stories.addFailure(job, story, null);
      journal.jobs.finish(row, outline);
    });
    this.#options.watchers.jobEnded(job);
    this.#options.log(
      `Job "${row.head.title}" ${state}${failure === null ? "" : `: ${failure.message}`}`,
    );
    this.#options.onChange();
  }

  /** Saves the unfinished jobs' timing, and for how long they were unattended. */
  saveProgress(): void {
    for (const row of this.#options.book.takeUnsaved()) {
      this.write("save a job's progress", () => this.#options.journal.jobs.saveProgress(row));
    }
  }

  /**
   * A write that may fail without stopping the cluster: what the journal lacks after a restart is
   * computed again.
   */
  write(what: string, write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#options.log(`The journal could not ${what}: ${(error as Error).message}`);
    }
  }
}

/** In a job's view, which all clients are sent: stacks are told with the single failures. */
const THROWN_CHARS_MAX = 300;

function failureOf({ task, message, error }: FailureStory): JobFailure {
  const thrown = error && `${error.name}: ${error.message}`.slice(0, THROWN_CHARS_MAX);
  return { task, message, thrown };
}
