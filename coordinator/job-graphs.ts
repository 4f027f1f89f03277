// Answers what clients ask of a job's tasks as a whole: groups, graph and states, running or ended.
import type { JobId, TaskKey } from "../shared/ids.ts";
import {
  GRAPH_TASKS_MAX,
  type JobGraph,
  type JobGroups,
  type TaskStateLetter,
  type TaskStates,
} from "../shared/protocol/telemetry.ts";
import type { TaskStanding } from "../shared/scheduler/views.ts";
import type { ActivityLog } from "./activity-log.ts";
import type { ActiveJob, JobBook } from "./job-book.ts";
import {
  jobGroups,
  outlineAtEnd,
  taskGraph,
  type JobOutline,
  type TaskGraph,
} from "./job-outline.ts";
import { noSuchJob } from "./job-routes.ts";
import type { Journal } from "./journal.ts";
import { HttpProblem } from "./problem.ts";
import type { SchedulerHost } from "./scheduler-host.ts";

/** Counting takes at most this share of the time, however many ask about however large a job. */
const COUNTING_SHARE_MAX = 1 / 50;

interface JobGraphsParts {
  readonly book: JobBook;
  readonly journal: Journal;
  readonly activity: ActivityLog;
  readonly host: Pick<SchedulerHost, "standingOf">;
  /** Monotonic time. */
  readonly nowMs: () => number;
}

/** What was worked out of a running job. */
interface Known {
  readonly revision: number;
  readonly graph: TaskGraph;
}

interface CountedGroups {
  readonly answer: JobGroups;
  readonly freshUntilMs: number;
}

const letters: Readonly<Record<TaskStanding, TaskStateLetter>> = {
  waiting: "w",
  ready: "r",
  leased: "l",
  done: "d",
  failed: "f",
  cancelled: "c",
  unneeded: "c",
};

/** How a task of a running job stands. What lies behind known results need not be done again. */
export const standingLetter = (
  job: ActiveJob,
  key: TaskKey,
  standing: TaskStanding | undefined,
): TaskStateLetter =>
  (standing === undefined || standing === "unneeded") && job.done.has(key)
    ? "d"
    : letters[standing ?? "cancelled"];

export class JobGraphs {
  readonly #parts: JobGraphsParts;
  /** Goes with the job's end. */
  readonly #known = new WeakMap<ActiveJob, Known>();
  readonly #counted = new WeakMap<ActiveJob, CountedGroups>();

  constructor(parts: JobGraphsParts) {
    this.#parts = parts;
  }

  /** Throws HttpProblem when there is no such job. */
  groups(job: JobId): JobGroups {
    const active = this.#parts.book.active(job);
    if (active === undefined) {
      const { groups, edges } = this.#outline(job);
      return { groups, edges };
    }
    const { nowMs, activity } = this.#parts;
    const startMs = nowMs();
    const counted = this.#counted.get(active);
    if (counted !== undefined && startMs < counted.freshUntilMs) return counted.answer;
    const { graph } = this.#knownOf(active);
    const letterOf = (place: number): TaskStateLetter => this.#letter(active, graph.tasks[place]);
    const answer = jobGroups(graph, letterOf, activity.figuresOf(job));
    const tookMs = nowMs() - startMs;
    const freshUntilMs = startMs + tookMs / COUNTING_SHARE_MAX;
    this.#counted.set(active, { answer, freshUntilMs });
    return answer;
  }

  /** Throws HttpProblem when there is no such job, or it is too large. */
  graph(job: JobId): JobGraph {
    const { graph, revision, targets } = this.#graphOf(job);
    requireSmall(graph.tasks.length);
    const { edges: _, ...rest } = graph;
    const isTarget = graph.tasks.map((key) => (targets.has(key) ? 1 : 0));
    return { ...rest, revision, isTarget };
  }

  /** Throws HttpProblem likewise. */
  states(job: JobId): TaskStates {
    const active = this.#parts.book.active(job);
    if (active === undefined) {
      const { states, groups } = this.#outline(job);
      if (states === null) throw tooLarge(groups.reduce((sum, { total }) => sum + total, 0));
      return { revision: ENDED, states };
    }
    const { tasks } = this.#knownOf(active).graph;
    requireSmall(tasks.length);
    const states = tasks.map((key) => this.#letter(active, key)).join("");
    return { revision: this.#revisionOf(active), states };
  }

  #letter(active: ActiveJob, key: TaskKey | undefined): TaskStateLetter {
    return key === undefined ? "c" : standingLetter(active, key, this.#parts.host.standingOf(key));
  }

  #graphOf(job: JobId): {
    readonly graph: TaskGraph;
    readonly revision: string;
    readonly targets: ReadonlySet<TaskKey>;
  } {
    const active = this.#parts.book.active(job);
    if (active !== undefined) {
      const { graph } = this.#knownOf(active);
      return { graph, revision: this.#revisionOf(active), targets: active.targets };
    }
    const row = this.#parts.book.finished(job);
    if (row === undefined) throw noSuchJob();
    requireSmall(row.tasksTotal);
    const { tasks, targets } = this.#parts.journal.jobs.work(job);
    const graph = taskGraph(new Map(tasks.map((task) => [task.key, task])), targets);
    return { graph, revision: ENDED, targets: new Set(targets) };
  }

  #knownOf(active: ActiveJob): Known {
    const { revision, tasks, targets } = active;
    const known = this.#known.get(active);
    if (known?.revision === revision) return known;
    const fresh = { revision, graph: taskGraph(tasks, targets) };
    this.#known.set(active, fresh);
    return fresh;
  }

  /** Another process counts from zero, too. */
  #revisionOf(active: ActiveJob): string {
    return `${this.#parts.activity.run}:${active.revision}`;
  }

  /** Of a job that has ended. */
  #outline(job: JobId): JobOutline {
    const { book, journal } = this.#parts;
    if (book.finished(job) === undefined) throw noSuchJob();
    const recorded = journal.stories.outline(job);
    if (recorded !== undefined) return recorded;
    // It ended under an earlier version, or when the disk was full.
    const { tasks, targets } = journal.jobs.work(job);
    const known = journal.results(tasks.map(({ key }) => key));
    const ending = {
      tasks: new Map(tasks.map((task) => [task.key, task])),
      targets: new Set(targets),
      done: new Set(known.map(({ task }) => task)),
      failures: new Map(journal.stories.failedTasks(job).map((cause) => [cause, { cause }])),
    };
    return outlineAtEnd(ending, null, new Map());
  }
}

/** The revision of all jobs that have ended: their tasks do not change any more. */
const ENDED = "ended";

const tooLarge = (tasks: number): HttpProblem =>
  new HttpProblem(
    422,
    `This job has ${tasks} tasks; jobs of more than ${GRAPH_TASKS_MAX} are shown by groups only.`,
  );

function requireSmall(tasks: number): void {
  if (tasks > GRAPH_TASKS_MAX) throw tooLarge(tasks);
}
