// What must survive a restart, in SQLite: datasets, jobs, task results and the counters of identities.
// The only file that meets `libsql`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import Libsql from "libsql";
import type { BlockRef, JobState, JobSubmission, Task, TaskResult } from "../shared/graph/task.ts";
import { asDatasetId, asJobId, asTaskKey } from "../shared/ids.ts";
import type { DatasetId, JobId, TaskKey } from "../shared/ids.ts";
import type { Dataset, DatasetRecord } from "../shared/protocol/http.ts";
import type { JobView } from "../shared/protocol/messages.ts";

/** Raised with every change of the tables below. */
export const JOURNAL_VERSION = 1;

/** The data folder cannot be used: what is wrong and what to do. */
export class JournalError extends Error {
  override name = "JournalError";
}

export type JobHead = Pick<JobSubmission, "kind" | "title" | "meta" | "priority">;
export type JobTiming = JobView["timing"];
export type FinalJobState = Exclude<JobState, "running" | "paused">;

/** A job as the journal knows it. */
export interface JobRow {
  readonly job: JobId;
  readonly head: JobHead;
  readonly state: JobState;
  readonly submittedAtMs: number;
  readonly finishedAtMs: number | null;
  readonly failure: { readonly task: TaskKey; readonly message: string } | null;
  readonly tasksTotal: number;
  readonly tasksDone: number;
  readonly targetsTotal: number;
  readonly timing: JobTiming;
}

export type Counter = "incarnation" | "attempt";

const TABLES = `
  CREATE TABLE datasets (
    id TEXT PRIMARY KEY, created_at_ms REAL NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY, head TEXT NOT NULL, state TEXT NOT NULL,
    submitted_at_ms REAL NOT NULL, finished_at_ms REAL, failure TEXT,
    tasks_total INTEGER NOT NULL, tasks_done INTEGER NOT NULL, targets_total INTEGER NOT NULL,
    timing TEXT NOT NULL,
    tasks TEXT -- The submitted tasks, as long as the job may have to be resumed.
  ) STRICT;
  CREATE TABLE job_tasks (
    job TEXT NOT NULL, position INTEGER NOT NULL, task TEXT NOT NULL, is_target INTEGER NOT NULL,
    PRIMARY KEY (job, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX job_tasks_by_task ON job_tasks (task);
  CREATE TABLE results (
    task TEXT PRIMARY KEY, outputs TEXT NOT NULL, compute_ms REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
`;

type Row = Readonly<Record<string, unknown>>;

/** Values in these tables were written by this file, so their shapes are known. */
const parse = <T>(json: unknown): T => JSON.parse(json as string) as T;

export class Journal {
  readonly #database: Libsql.Database;
  #isOpen = true;

  private constructor(database: Libsql.Database) {
    this.#database = database;
  }

  /** Opens or creates the journal. Throws JournalError when the file cannot be used. */
  static open(dataDir: string): Journal {
    const path = join(dataDir, "journal.sqlite");
    const isNew = !existsSync(path);
    let database: Libsql.Database | undefined;
    try {
      database = new Libsql(path);
      database.pragma("journal_mode = WAL");
      // In WAL mode this survives the death of the process; a power failure may lose the last
      // moments, which are then computed again.
      database.pragma("synchronous = NORMAL");
      const version = (database.prepare("PRAGMA user_version").get() as Row)["user_version"];
      if (isNew || version === 0) createTables(database);
      else if (version !== JOURNAL_VERSION) throw versionError(path, Number(version));
      return new Journal(database);
    } catch (error) {
      database?.close();
      if (error instanceof JournalError) throw error;
      throw new JournalError(
        `The journal ${path} cannot be read (${(error as Error).message}). ` +
          "Choose another folder with --data, or move this file away to start afresh.",
        { cause: error },
      );
    }
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#database.close();
  }

  // Datasets

  addDataset(dataset: DatasetId, createdAtMs: number, body: Dataset): void {
    this.#database
      .prepare("INSERT INTO datasets (id, created_at_ms, body) VALUES (?, ?, ?)")
      .run(dataset, createdAtMs, JSON.stringify(body));
  }

  dataset(dataset: DatasetId): DatasetRecord | undefined {
    const row = this.#database.prepare("SELECT * FROM datasets WHERE id = ?").get(dataset);
    return row === undefined ? undefined : datasetRecord(row as Row);
  }

  /** All datasets, the newest first. */
  datasets(): DatasetRecord[] {
    const rows = this.#database.prepare("SELECT * FROM datasets ORDER BY created_at_ms DESC").all();
    return rows.map((row) => datasetRecord(row as Row));
  }

  /** False when there was none. */
  removeDataset(dataset: DatasetId): boolean {
    return this.#database.prepare("DELETE FROM datasets WHERE id = ?").run(dataset).changes > 0;
  }

  // Jobs

  addJob(row: JobRow, submission: JobSubmission): void {
    const targets = new Set(submission.targets);
    const insertTask = this.#database.prepare(
      "INSERT INTO job_tasks (job, position, task, is_target) VALUES (?, ?, ?, ?)",
    );
    this.#transact(() => {
      this.#database
        .prepare(
          `INSERT INTO jobs (id, head, state, submitted_at_ms, tasks_total, tasks_done,
             targets_total, timing, tasks) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
          JSON.stringify({ tasks: submission.tasks, targets: submission.targets }),
        );
      for (const [position, task] of submission.tasks.entries()) {
        insertTask.run(row.job, position, task.key, targets.has(task.key) ? 1 : 0);
      }
    });
  }

  /** All jobs in the order of their submission. */
  jobs(): JobRow[] {
    const columns = `id, head, state, submitted_at_ms, finished_at_ms, failure, tasks_total,
      tasks_done, targets_total, timing`;
    const rows = this.#database.prepare(`SELECT ${columns} FROM jobs ORDER BY rowid`).all();
    return rows.map((row) => jobRow(row as Row));
  }

  /** The submitted tasks and targets of an unfinished job. */
  work(job: JobId): { readonly tasks: readonly Task[]; readonly targets: readonly TaskKey[] } {
    const row = this.#database.prepare("SELECT tasks FROM jobs WHERE id = ?").get(job);
    const json = (row as Row | undefined)?.["tasks"] ?? null;
    if (json === null) throw new JournalError(`The journal has no tasks of job ${job}.`);
    return parse(json);
  }

  setJobState(job: JobId, state: "running" | "paused"): void {
    this.#database.prepare("UPDATE jobs SET state = ? WHERE id = ?").run(state, job);
  }

  /** The job now has fewer targets, and what it counts has changed with them. */
  narrowJob(row: JobRow, work: Pick<JobSubmission, "tasks" | "targets">): void {
    const drop = this.#database.prepare(
      "UPDATE job_tasks SET is_target = 0 WHERE job = ? AND task = ?",
    );
    const targets = new Set(work.targets);
    this.#transact(() => {
      this.#database
        .prepare("UPDATE jobs SET tasks_total = ?, targets_total = ?, tasks = ? WHERE id = ?")
        .run(row.tasksTotal, row.targetsTotal, JSON.stringify(work), row.job);
      for (const { key } of work.tasks) if (!targets.has(key)) drop.run(row.job, key);
    });
  }

  saveProgress(job: JobId, tasksDone: number, timing: JobTiming): void {
    this.#database
      .prepare("UPDATE jobs SET tasks_done = ?, timing = ? WHERE id = ?")
      .run(tasksDone, JSON.stringify(timing), job);
  }

  /** Closes a job's record; its tasks are dropped, its results stay. */
  finishJob(row: JobRow): void {
    this.#database
      .prepare(
        `UPDATE jobs SET state = ?, finished_at_ms = ?, failure = ?, tasks_done = ?, timing = ?,
           tasks = NULL WHERE id = ?`,
      )
      .run(
        row.state,
        row.finishedAtMs,
        row.failure === null ? null : JSON.stringify(row.failure),
        row.tasksDone,
        JSON.stringify(row.timing),
        row.job,
      );
  }

  /** Forgets a job, and the results that no other job refers to. */
  removeJob(job: JobId): void {
    this.#transact(() => {
      this.#database
        .prepare(
          `DELETE FROM results WHERE task IN (SELECT task FROM job_tasks WHERE job = ?)
             AND task NOT IN (SELECT task FROM job_tasks WHERE job <> ?)`,
        )
        .run(job, job);
      this.#database.prepare("DELETE FROM job_tasks WHERE job = ?").run(job);
      this.#database.prepare("DELETE FROM jobs WHERE id = ?").run(job);
    });
  }

  // Results

  addResult(result: TaskResult, computeMs: number): void {
    this.#database
      .prepare("INSERT OR REPLACE INTO results (task, outputs, compute_ms) VALUES (?, ?, ?)")
      .run(result.task, JSON.stringify(result.outputs), computeMs);
  }

  /** The recorded results among these tasks, from any job. */
  results(tasks: readonly TaskKey[]): TaskResult[] {
    const find = this.#database.prepare("SELECT outputs FROM results WHERE task = ?");
    return tasks.flatMap((task) => {
      const row = find.get(task) as Row | undefined;
      return row === undefined ? [] : [{ task, outputs: parse<BlockRef[]>(row["outputs"]) }];
    });
  }

  /** A job's targets that have results, in the order of the submission. */
  targetResults(job: JobId): TaskResult[] {
    const rows = this.#database
      .prepare(
        `SELECT results.task, outputs FROM job_tasks JOIN results ON results.task = job_tasks.task
           WHERE job = ? AND is_target = 1 ORDER BY position`,
      )
      .all(job);
    return rows.map((row) => taskResult(row as Row));
  }

  /** Every recorded result. */
  *allResults(): Generator<TaskResult> {
    for (const row of this.#database.prepare("SELECT task, outputs FROM results").iterate()) {
      yield taskResult(row as Row);
    }
  }

  // Counters

  /**
   * Takes the next `count` numbers of a counter for this process: numbers before the returned one
   * were never given out by a later process, whatever happened to this one.
   */
  reserve(counter: Counter, count: number): number {
    const row = this.#database
      .prepare(
        `INSERT INTO counters (name, value) VALUES (?, ?)
           ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value`,
      )
      .get(counter, count) as Row;
    return Number(row["value"]) - count + 1;
  }

  #transact(run: () => void): void {
    this.#database.transaction(run)();
  }
}

function createTables(database: Libsql.Database): void {
  database.transaction(() => {
    database.exec(TABLES);
    database.exec(`PRAGMA user_version = ${JOURNAL_VERSION}`);
  })();
}

function versionError(path: string, version: number): JournalError {
  const which = version > JOURNAL_VERSION ? "a newer" : "another";
  return new JournalError(
    `The journal ${path} was written by ${which} version of Tabswarm (format ${version}, this ` +
      `program reads ${JOURNAL_VERSION}). Use that version, or choose another folder with --data.`,
  );
}

const datasetRecord = (row: Row): DatasetRecord => ({
  ...parse<Dataset>(row["body"]),
  dataset: asDatasetId(row["id"] as string),
  createdAtMs: row["created_at_ms"] as number,
});

const taskResult = (row: Row): TaskResult => ({
  task: asTaskKey(row["task"] as string),
  outputs: parse<BlockRef[]>(row["outputs"]),
});

const jobRow = (row: Row): JobRow => ({
  job: asJobId(row["id"] as string),
  head: parse<JobHead>(row["head"]),
  state: row["state"] as JobState,
  submittedAtMs: row["submitted_at_ms"] as number,
  finishedAtMs: row["finished_at_ms"] as number | null,
  failure: row["failure"] === null ? null : parse(row["failure"]),
  tasksTotal: row["tasks_total"] as number,
  tasksDone: row["tasks_done"] as number,
  targetsTotal: row["targets_total"] as number,
  timing: parse<JobTiming>(row["timing"]),
});
