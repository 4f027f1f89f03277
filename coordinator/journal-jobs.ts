// The part of the journal that keeps jobs: what they are, their tasks and targets, and how they stand.
import type { Task } from "../shared/graph/task.ts";
import { asTaskKey, type JobId, type TaskKey } from "../shared/ids.ts";
import { GRAPH_TASKS_MAX } from "../shared/protocol/telemetry.ts";
import type { JobOutline } from "./job-outline.ts";
import type { JournalDatabase, LateWrites } from "./journal-database.ts";
import { type JobHead, type JobRow, jobRow, type JobWork } from "./journal-rows.ts";
import { parse, type Row } from "./journal-rows.ts";
import type { JournalStories } from "./journal-stories.ts";

export class JournalJobs {
  readonly #database: JournalDatabase;
  readonly #late: LateWrites;
  readonly #stories: JournalStories;

  constructor(database: JournalDatabase, late: LateWrites, stories: JournalStories) {
    this.#database = database;
    this.#late = late;
    this.#stories = stories;
  }

  add(row: JobRow, work: JobWork): void {
    this.#database.transact(() => {
      this.#database
        .prepare(
          `INSERT INTO jobs (id, head, state, submitted_at_ms, tasks_total, tasks_done,
           targets_total, timing, is_open, unattended_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          row.job,
          JSON.stringify(row.head),
          row.state,
          row.submittedAtMs,
          row.tasksTotal,
          row.tasksDone,
          row.targetsTotal,
          JSON.stringify(row.timing),
          row.isOpen ? 1 : 0,
          row.unattendedMs,
        );
      this.#addWork(row.job, 0, work);
    });
  }

  /** An open job changes: targets that it lets go, and new work. */
  extend(row: JobRow, firstPosition: number, work: JobWork, released: Iterable<TaskKey>): void {
    const release = this.#database.prepare(
      "UPDATE job_tasks SET is_target = 0 WHERE job = ? AND task = ?",
    );
    this.#database.transact(() => {
      for (const task of released) release.run(row.job, task);
      this.#addWork(row.job, firstPosition, work);
      this.#database
        .prepare("UPDATE jobs SET tasks_total = ?, targets_total = ? WHERE id = ?")
        .run(row.tasksTotal, row.targetsTotal, row.job);
    });
  }

  /** An open job will not run these tasks again; their results stay. */
  dropTasks(job: JobId, tasks: Iterable<TaskKey>): void {
    const forget = this.#database.prepare(
      "UPDATE job_tasks SET work = NULL WHERE job = ? AND task = ?",
    );
    this.#database.transact(() => {
      for (const task of tasks) forget.run(job, task);
    });
  }

  #addWork(job: JobId, firstPosition: number, { tasks, targets }: JobWork): void {
    const insert = this.#database.prepare(
      `INSERT INTO job_tasks (job, task, position, is_target, work) VALUES (?, ?, ?, 0, ?)
         ON CONFLICT (job, task)
           DO UPDATE SET work = excluded.work, position = excluded.position`,
    );
    const mark = this.#database.prepare(
      "UPDATE job_tasks SET is_target = 1 WHERE job = ? AND task = ?",
    );
    let position = firstPosition;
    for (const task of tasks) {
      insert.run(job, task.key, position, JSON.stringify(task));
      position += 1;
    }
    for (const target of new Set(targets)) mark.run(job, target);
  }

  /** All jobs in the order of their submission. */
  all(): JobRow[] {
    const columns = `id, head, state, submitted_at_ms, finished_at_ms, failure, tasks_total,
      tasks_done, targets_total, timing, is_open, unattended_ms`;
    const rows = this.#database.prepare(`SELECT ${columns} FROM jobs ORDER BY rowid`).all();
    return rows.map((row) => jobRow(row as Row));
  }

  /**
   * The submitted tasks and targets of a job, in the order of their submission; of a large one that is
   * done or was cancelled, only the targets.
   */
  work(job: JobId): JobWork {
    const rows = this.#database
      .prepare(
        "SELECT task, work, is_target FROM job_tasks WHERE job = ? AND work IS NOT NULL ORDER BY position",
      )
      .all(job) as Row[];
    return {
      tasks: rows.map((row) => parse<Task>(row["work"])),
      targets: rows.flatMap((row) =>
        row["is_target"] === 1 ? [asTaskKey(row["task"] as string)] : [],
      ),
    };
  }

  /** The tasks of all jobs that failed, which may be tried again. */
  *failedWork(): Generator<Task> {
    const rows = this.#database
      .prepare(
        `SELECT work FROM job_tasks JOIN jobs ON jobs.id = job
         WHERE state = 'failed' AND work IS NOT NULL`,
      )
      .iterate();
    for (const row of rows) yield parse<Task>((row as Row)["work"]);
  }

  setState(job: JobId, state: "running" | "paused"): void {
    this.#database.prepare("UPDATE jobs SET state = ? WHERE id = ?").run(state, job);
  }

  /** The job now has fewer targets, and what it counts has changed with them. */
  narrow(row: JobRow, targets: Iterable<TaskKey>): void {
    const keep = this.#database.prepare(
      "UPDATE job_tasks SET is_target = 1 WHERE job = ? AND task = ?",
    );
    this.#database.transact(() => {
      this.#database.prepare("UPDATE job_tasks SET is_target = 0 WHERE job = ?").run(row.job);
      for (const target of targets) keep.run(row.job, target);
      this.#database
        .prepare("UPDATE jobs SET tasks_total = ?, targets_total = ?, is_open = 0 WHERE id = ?")
        .run(row.tasksTotal, row.targetsTotal, row.job);
    });
  }

  /** The job is not extended any more. */
  close(job: JobId): void {
    this.#database.prepare("UPDATE jobs SET is_open = 0 WHERE id = ?").run(job);
  }

  saveProgress({ job, tasksDone, timing, unattendedMs }: JobRow): void {
    this.#database
      .prepare("UPDATE jobs SET tasks_done = ?, timing = ?, unattended_ms = ? WHERE id = ?")
      .run(tasksDone, JSON.stringify(timing), unattendedMs, job);
  }

  /** What the job is called, how urgent it is, and what it keeps away from. */
  saveHead(job: JobId, head: JobHead): void {
    this.#database.prepare("UPDATE jobs SET head = ? WHERE id = ?").run(JSON.stringify(head), job);
  }

  /** A job that failed runs on; what it failed of is no more. */
  reopen(row: JobRow): void {
    this.#late.now();
    this.#database.transact(() => {
      this.#database
        .prepare(
          `UPDATE jobs SET head = ?, state = 'running', finished_at_ms = NULL, failure = NULL,
           tasks_done = ? WHERE id = ?`,
        )
        .run(JSON.stringify(row.head), row.tasksDone, row.job);
      this.#stories.forget(row.job);
    });
  }

  /** Closes a job's record; its results stay, and its tasks as far as anybody may look at them. */
  finish(row: JobRow, outline: JobOutline): void {
    // What it ends with must be there first.
    this.#late.now();
    this.#database.transact(() => {
      this.#database
        .prepare(
          `UPDATE jobs SET state = ?, finished_at_ms = ?, failure = ?, tasks_done = ?, timing = ?,
           is_open = 0, head = ? WHERE id = ?`,
        )
        .run(
          row.state,
          row.finishedAtMs,
          row.failure === null ? null : JSON.stringify(row.failure),
          row.tasksDone,
          JSON.stringify(row.timing),
          JSON.stringify(row.head),
          row.job,
        );
      this.#stories.saveOutline(row.job, outline);
      // One that failed may be tried again, and of small ones the graph is shown.
      if (row.state === "failed" || row.tasksTotal <= GRAPH_TASKS_MAX) return;
      this.#database
        .prepare("UPDATE job_tasks SET work = NULL WHERE job = ? AND is_target = 0")
        .run(row.job);
    });
  }

  /** Forgets a job, and the results that no other job refers to. */
  remove(job: JobId): void {
    this.#late.now();
    this.#database.transact(() => {
      this.#database
        .prepare(
          `DELETE FROM results WHERE task IN (
             SELECT unhex(task) FROM job_tasks AS own WHERE job = ? AND NOT EXISTS
               (SELECT 1 FROM job_tasks AS other WHERE other.task = own.task AND other.job <> own.job))`,
        )
        .run(job);
      this.#stories.forget(job);
      this.#database.prepare("DELETE FROM job_tasks WHERE job = ?").run(job);
      this.#database.prepare("DELETE FROM jobs WHERE id = ?").run(job);
    });
  }
}
