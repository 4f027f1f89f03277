// Tells all that is known of one task: the scheduler, the journal and its attempts each know a part.
import type { Task } from "../shared/graph/task.ts";
import type { AttemptId, JobId, TaskKey } from "../shared/ids.ts";
import { taskStateLetters, type TaskStory } from "../shared/protocol/telemetry.ts";
import type { ActivityLog } from "./activity-log.ts";
import type { ActiveJob, JobBook } from "./job-book.ts";
import { standingLetter } from "./job-graphs.ts";
import { groupOf } from "./job-outline.ts";
import { noSuchJob } from "./job-routes.ts";
import type { Failure } from "./journal-stories.ts";
import type { Journal } from "./journal.ts";
import { HttpProblem } from "./problem.ts";
import type { SchedulerHost } from "./scheduler-host.ts";

/** Tasks named on either side. */
const NEIGHBOURS_MAX = 1_000;

interface TaskStoriesParts {
  readonly book: JobBook;
  readonly journal: Journal;
  readonly activity: ActivityLog;
  readonly host: Pick<SchedulerHost, "standingOf" | "storyOf" | "readersOf">;
}

type Attempts = TaskStory["attempts"];
type Trouble = Pick<TaskStory, "sentences" | "error">;
type Placed = Pick<TaskStory, "job" | "task" | "attempts">;

export class TaskStories {
  readonly #parts: TaskStoriesParts;

  constructor(parts: TaskStoriesParts) {
    this.#parts = parts;
  }

  /** The story of an attempt's task. Throws HttpProblem when the attempt is not remembered. */
  ofAttempt(attempt: AttemptId): TaskStory {
    const found = this.#parts.activity.taskOf(attempt);
    if (found === undefined) {
      throw new HttpProblem(404, "This attempt is not remembered (any more).");
    }
    return this.of(found.job, found.task);
  }

  /** Throws HttpProblem when there is no such job, or nothing is known of the task. */
  of(job: JobId, task: TaskKey): TaskStory {
    const { book, journal, activity } = this.#parts;
    const placed = { job, task, attempts: activity.attemptsOf(task) };
    const active = book.active(job);
    if (active === undefined && book.finished(job) === undefined) throw noSuchJob();
    const ofActive = active?.tasks.get(task);
    if (active !== undefined && ofActive !== undefined) {
      return this.#ofRunning(placed, active, ofActive);
    }
    const recorded = journal.stories.taskOf(job, task);
    const work = recorded?.work ?? null;
    const isTarget = recorded?.isTarget === true;
    if (work !== null) return this.#ofEnded(placed, work, isTarget);
    const remembered = activity.remembers(task, job);
    if (remembered === undefined && recorded === undefined) {
      throw new HttpProblem(404, "This job has no such task (any more).");
    }
    const { kernel = "", group = "" } = remembered ?? {};
    return this.#ofForgotten(placed, isTarget, { kernel, group });
  }

  #ofRunning(placed: Placed, active: ActiveJob, work: Task): TaskStory {
    const { host } = this.#parts;
    const { job, task, attempts } = placed;
    const letter = standingLetter(active, task, host.standingOf(task));
    const story = host.storyOf(task);
    const sentences = story?.sentences ?? [];
    return {
      ...this.#common(placed, work),
      state: taskStateLetters[letter],
      isTarget: active.targets.has(task),
      readBy: host.readersOf(task, job, NEIGHBOURS_MAX),
      sentences: sentences.length > 0 ? [...sentences] : sentencesOf(attempts),
      error: story?.error ?? null,
    };
  }

  #ofEnded(placed: Placed, work: Task, isTarget: boolean): TaskStory {
    const { journal } = this.#parts;
    const { job, task, attempts } = placed;
    const common = this.#common(placed, work);
    const trouble = common.outputBytes === null ? this.#troubleOf(job, work) : undefined;
    const ended = common.outputBytes === null ? "cancelled" : "done";
    return {
      ...common,
      state: trouble === undefined ? ended : "failed",
      isTarget,
      readBy: journal.stories.readersOf(job, task, NEIGHBOURS_MAX),
      sentences: trouble?.sentences ?? sentencesOf(attempts),
      error: trouble?.error ?? null,
    };
  }

  /** Of a task that an open job let go: its result and attempts may still be there. */
  #ofForgotten(
    placed: Placed,
    isTarget: boolean,
    names: Pick<TaskStory, "kernel" | "group">,
  ): TaskStory {
    const outputBytes = this.#outputBytes(placed.task);
    return {
      ...placed,
      ...names,
      state: outputBytes === null ? "cancelled" : "done",
      isTarget,
      reads: [],
      readBy: [],
      inputBytes: 0,
      outputBytes,
      sentences: sentencesOf(placed.attempts),
      error: null,
    };
  }

  #common(
    placed: Placed,
    work: Task,
  ): Omit<TaskStory, "state" | "isTarget" | "readBy" | "sentences" | "error"> {
    const reads = producersOf(work);
    return {
      ...placed,
      kernel: work.kernel,
      group: groupOf(work),
      reads: reads.slice(0, NEIGHBOURS_MAX),
      inputBytes: this.#inputBytes(work, reads),
      outputBytes: this.#outputBytes(placed.task),
    };
  }

  #outputBytes(task: TaskKey): number | null {
    const [result] = this.#parts.journal.results([task]);
    if (result === undefined) return null;
    return result.outputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Of results that are not there yet nothing is known. */
  #inputBytes(work: Task, reads: readonly TaskKey[]): number {
    const results = new Map(
      this.#parts.journal.results(reads).map(({ task, outputs }) => [task, outputs]),
    );
    return work.inputs.reduce((sum, input) => {
      if ("block" in input) return sum + input.sizeBytes;
      return sum + (results.get(input.task)?.[input.output]?.sizeBytes ?? 0);
    }, 0);
  }

  /** Why a task has failed: by itself, or with one of those that it needs. */
  #troubleOf(job: JobId, work: Task): Trouble | undefined {
    const { journal } = this.#parts;
    const failed = new Set(journal.stories.failedTasks(job));
    if (failed.size === 0) return undefined;
    const behind = new Set([work.key]);
    for (const key of behind) {
      // What is done did not fail, and neither does anything for the sake of what lies behind it.
      if (key !== work.key && this.#outputBytes(key) !== null) continue;
      const failure = failed.has(key) ? journal.stories.failureOf(job, key) : undefined;
      if (failure !== undefined) return troubleBy(failure, work.key);
      const task = key === work.key ? work : journal.stories.taskOf(job, key)?.work;
      for (const producer of task == null ? [] : producersOf(task)) behind.add(producer);
    }
    return undefined;
  }
}

const producersOf = (work: Task): TaskKey[] => [
  ...new Set(work.inputs.flatMap((input) => ("task" in input ? [input.task] : []))),
];

function troubleBy({ cause, sentences, error }: Failure, task: TaskKey): Trouble {
  if (cause === task) return { sentences: [...sentences], error };
  const first = `It needs task ${cause.slice(0, 8)}, which failed.`;
  return { sentences: [first, ...sentences], error };
}

/** What the scheduler forgot when the task was done after all. */
const sentencesOf = (attempts: Attempts): string[] =>
  attempts.flatMap(({ attempt, name, why }) =>
    why === null ? [] : [`Attempt ${attempt} on ${name} failed (${why}).`],
  );
