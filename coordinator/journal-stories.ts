// The part of the journal that tells of tasks later on: what failed and why, and how a job ended.
import type { RemoteError, TargetFailure, Task } from "../shared/graph/task.ts";
import { asTaskKey, type JobId, type TaskKey } from "../shared/ids.ts";
import type { FailureStory } from "../shared/scheduler/commands.ts";
import type { JobOutline } from "./job-outline.ts";
import type { JournalDatabase, LateWrites } from "./journal-database.ts";
import { parse, type Row } from "./journal-rows.ts";

/** Why a task failed by itself. */
export type Failure = Pick<FailureStory, "cause" | "sentences" | "error">;

interface NewFailure extends Failure {
  readonly job: JobId;
  readonly target: TaskKey | null;
}

export class JournalStories {
  readonly #database: JournalDatabase;
  readonly #late: LateWrites;
  #newFailures: NewFailure[] = [];

  constructor(database: JournalDatabase, late: LateWrites) {
    this.#database = database;
    this.#late = late;
  }

  /** Why a task failed, and the target that failed with it; written with results, a moment later. */
  addFailure(job: JobId, { cause, sentences, error }: Failure, target: TaskKey | null): void {
    this.#newFailures.push({ job, cause, sentences, error, target });
    this.#late.soon();
  }

  /**
   * These targets of an unfinished job are tried again, have come after all or are not wanted any more;
   * or all that failed of any job.
   */
  removeFailures(job: JobId, targets?: Iterable<TaskKey>): void {
    const database = this.#database;
    this.#late.now();
    database.transact(() => {
      if (targets === undefined) {
        database.prepare("DELETE FROM failed_targets WHERE job = ?").run(job);
        database.prepare("DELETE FROM failures WHERE job = ?").run(job);
        return;
      }
      const remove = database.prepare("DELETE FROM failed_targets WHERE job = ? AND task = ?");
      for (const target of targets) remove.run(job, target);
      database
        .prepare(
          `DELETE FROM failures WHERE job = ?
           AND task NOT IN (SELECT cause FROM failed_targets WHERE job = ?)`,
        )
        .run(job, job);
    });
  }

  /** The targets of a job that failed, in jobs that went on. */
  failedTargets(job: JobId): TargetFailure[] {
    const rows = this.#all(
      `SELECT failed_targets.task, sentences, error FROM failed_targets JOIN failures
         ON failures.job = failed_targets.job AND failures.task = cause
         WHERE failed_targets.job = ?`,
      job,
    );
    return rows.map((row) => ({
      task: asTaskKey(row["task"] as string),
      message: parse<string[]>(row["sentences"]).join(" "),
      error: errorOf(row),
    }));
  }

  /** Tasks of a job that failed by themselves. */
  failedTasks(job: JobId): TaskKey[] {
    const rows = this.#all("SELECT task FROM failures WHERE job = ?", job);
    return rows.map((row) => asTaskKey(row["task"] as string));
  }

  /** Why a task of a job failed by itself. */
  failureOf(job: JobId, task: TaskKey): Failure | undefined {
    const sql = "SELECT sentences, error FROM failures WHERE job = ? AND task = ?";
    const [row] = this.#all(sql, job, task);
    if (row === undefined) return undefined;
    return { cause: task, sentences: parse<string[]>(row["sentences"]), error: errorOf(row) };
  }

  /** How a job's tasks stood at its end; undefined when it was not recorded. */
  outline(job: JobId): JobOutline | undefined {
    const [row] = this.#all("SELECT body FROM outlines WHERE job = ?", job);
    return row === undefined ? undefined : parse<JobOutline>(row["body"]);
  }

  /** Within the transaction that ends the job. */
  saveOutline(job: JobId, outline: JobOutline): void {
    this.#database
      .prepare("INSERT OR REPLACE INTO outlines (job, body) VALUES (?, ?)")
      .run(job, JSON.stringify(outline));
  }

  /** A task of a job as it was submitted; undefined when that is not known any more. */
  taskOf(
    job: JobId,
    task: TaskKey,
  ): { readonly work: Task | null; readonly isTarget: boolean } | undefined {
    const sql = "SELECT work, is_target FROM job_tasks WHERE job = ? AND task = ?";
    const [row] = this.#all(sql, job, task);
    if (row === undefined) return undefined;
    const work = row["work"] === null ? null : parse<Task>(row["work"]);
    return { work, isTarget: row["is_target"] === 1 };
  }

  /** Tasks of a job that take outputs of this one, at most so many. */
  readersOf(job: JobId, task: TaskKey, max: number): TaskKey[] {
    const sql = `SELECT task FROM job_tasks WHERE job = ? AND task <> ? AND instr(work, ?) > 0
      ORDER BY position LIMIT ?`;
    const rows = this.#all(sql, job, task, `"task":"${task}"`, max);
    return rows.map((row) => asTaskKey(row["task"] as string));
  }

  /** Within the transaction that removes or reopens the job. */
  forget(job: JobId): void {
    for (const table of ["failures", "failed_targets", "outlines"]) {
      this.#database.prepare(`DELETE FROM ${table} WHERE job = ?`).run(job);
    }
  }

  /** What waits to be written. */
  get unwritten(): number {
    return this.#newFailures.length;
  }

  /** Within a transaction; `written` follows when it succeeded. */
  write(): void {
    const addFailure = this.#database.prepare(
      "INSERT OR REPLACE INTO failures (job, task, sentences, error) VALUES (?, ?, ?, ?)",
    );
    const addTarget = this.#database.prepare(
      "INSERT OR REPLACE INTO failed_targets (job, task, cause) VALUES (?, ?, ?)",
    );
    let last: NewFailure | undefined;
    for (const failure of this.#newFailures) {
      const { job, cause, sentences, error, target } = failure;
      // Many targets fail of one cause, one after the other.
      if (last?.job !== job || last.cause !== cause || last.sentences !== sentences) {
        const thrown = error === null ? null : JSON.stringify(error);
        addFailure.run(job, cause, JSON.stringify(sentences), thrown);
      }
      last = failure;
      if (target !== null) addTarget.run(job, target, cause);
    }
  }

  written(): void {
    this.#newFailures = [];
  }

  #all(sql: string, ...values: readonly unknown[]): Row[] {
    this.#late.now();
    return this.#database.prepare(sql).all(...values) as Row[];
  }
}

const errorOf = (row: Row): RemoteError | null =>
  row["error"] === null ? null : parse<RemoteError>(row["error"]);
