// What must survive a restart, in SQLite: datasets, jobs, task results and the counters of identities.
// The only file that meets `libsql`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import Libsql from "libsql";
import type { BlockRef, JobState, JobSubmission, Task, TaskResult } from "../shared/graph/task.ts";
import { asBlockId, asTaskKey } from "../shared/ids.ts";
import type { ActorId, BlockId, DatasetId, JobId, TaskKey } from "../shared/ids.ts";
import type { Dataset, DatasetRecord } from "../shared/protocol/http.ts";
import type { Avoidance } from "../shared/scheduler/events.ts";
import type { ActorSpec, JobView, SaidValue } from "../shared/protocol/messages.ts";
import { GRAPH_TASKS_MAX } from "../shared/protocol/telemetry.ts";
import type { JobOutline } from "./job-outline.ts";
import { datasetRecord, jobRow, parse, type Row, taskResult } from "./journal-rows.ts";
import { JournalStories } from "./journal-stories.ts";
import { MOVE_TASKS, TABLES, TABLES_OF_TASKS, TABLES_OF_STORIES } from "./journal-tables.ts";

/** Raised with every change of the tables below. */
export const JOURNAL_VERSION = 4;

/** Results wait this long for others, to be written together: it is what a power failure may cost. */
const WRITE_DELAY_MS = 250;
/** So many, or so many bytes, are written at once, whatever the time. */
const WRITES_MAX = 8_000;
const WRITE_BYTES = 16 * 2 ** 20;
/** Unwritten small blocks; more than this pile up only on a full disk. */
const UNWRITTEN_BYTES_MAX = 64 * 2 ** 20;

/** The data folder cannot be used: what is wrong and what to do. */
export class JournalError extends Error {
  override name = "JournalError";
}

export type JobHead = Pick<JobSubmission, "kind" | "title" | "meta" | "priority" | "onFailure"> & {
  /** Workers that shall have these tasks only if no other may. */
  readonly avoid?: readonly Avoidance[];
  /** Of a job that failed: the workers under which its tasks did. */
  readonly failedOn?: readonly Avoidance[];
};
export type JobWork = Pick<JobSubmission, "tasks" | "targets">;
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
  /** It was not closed yet: it may be extended. */
  readonly isOpen: boolean;
}

/** An actor as the journal knows it: all that is needed to make it again. */
export interface ActorRow {
  readonly actor: ActorId;
  readonly spec: ActorSpec;
  /** The number of its newest start. */
  readonly life: number;
  readonly checkpoint: SaidValue | null;
  readonly createdAtMs: number;
}

export type Counter = "incarnation" | "attempt";

export class Journal {
  readonly #database: Libsql.Database;
  readonly #statements = new Map<string, Libsql.Statement>();
  /** Written together, a moment later. */
  #newResults = new Map<TaskKey, { readonly outputs: string; readonly computeMs: number }>();
  #newBlocks = new Map<BlockId, Uint8Array<ArrayBuffer>>();
  #newBlocksBytes = 0;
  #writeTimer: NodeJS.Timeout | undefined;
  #isOpen = true;
  /** Told when results could not be written; they are kept and tried again with the next ones. */
  onWriteError: (error: Error) => void = () => {};
  /** What failed and why, and how jobs ended. */
  readonly stories = new JournalStories({
    prepare: (sql) => this.#prepare(sql),
    transact: (run) => this.#transact(run),
    writeSoon: () => this.#writeSoon(),
    writeNow: () => this.#writeLate(),
  });

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
      // 16 MB instead of 4: moving what was written into the database waits for the disk.
      database.pragma("wal_autocheckpoint = 4000");
      const version = (database.prepare("PRAGMA user_version").get() as Row)["user_version"];
      if (isNew || version === 0) {
        createTables(database, TABLES + TABLES_OF_TASKS + TABLES_OF_STORIES);
      } else if (version === 2) createTables(database, MOVE_TASKS + TABLES_OF_STORIES);
      else if (version === 3) createTables(database, MOVE_TASKS);
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
    this.#writeLate();
    clearTimeout(this.#writeTimer);
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

  addJob(row: JobRow, work: JobWork): void {
    this.#transact(() => {
      this.#prepare(
        `INSERT INTO jobs (id, head, state, submitted_at_ms, tasks_total, tasks_done,
           targets_total, timing, is_open) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(
        row.job,
        JSON.stringify(row.head),
        row.state,
        row.submittedAtMs,
        row.tasksTotal,
        row.tasksDone,
        row.targetsTotal,
        JSON.stringify(row.timing),
        row.isOpen ? 1 : 0,
      );
      this.#addWork(row.job, 0, work);
    });
  }

  /** An open job changes: targets that it lets go, and new work. */
  extendJob(row: JobRow, firstPosition: number, work: JobWork, released: Iterable<TaskKey>): void {
    const release = this.#prepare("UPDATE job_tasks SET is_target = 0 WHERE job = ? AND task = ?");
    this.#transact(() => {
      for (const task of released) release.run(row.job, task);
      this.#addWork(row.job, firstPosition, work);
      this.#prepare("UPDATE jobs SET tasks_total = ?, targets_total = ? WHERE id = ?").run(
        row.tasksTotal,
        row.targetsTotal,
        row.job,
      );
    });
  }

  /** An open job will not run these tasks again; their results stay. */
  dropTasks(job: JobId, tasks: Iterable<TaskKey>): void {
    const forget = this.#prepare("UPDATE job_tasks SET work = NULL WHERE job = ? AND task = ?");
    this.#transact(() => {
      for (const task of tasks) forget.run(job, task);
    });
  }

  #addWork(job: JobId, firstPosition: number, { tasks, targets }: JobWork): void {
    const insert = this.#prepare(
      `INSERT INTO job_tasks (job, task, position, is_target, work) VALUES (?, ?, ?, 0, ?)
         ON CONFLICT (job, task)
           DO UPDATE SET work = excluded.work, position = excluded.position`,
    );
    const mark = this.#prepare("UPDATE job_tasks SET is_target = 1 WHERE job = ? AND task = ?");
    let position = firstPosition;
    for (const task of tasks) {
      insert.run(job, task.key, position, JSON.stringify(task));
      position += 1;
    }
    for (const target of new Set(targets)) mark.run(job, target);
  }

  /** All jobs in the order of their submission. */
  jobs(): JobRow[] {
    const columns = `id, head, state, submitted_at_ms, finished_at_ms, failure, tasks_total,
      tasks_done, targets_total, timing, is_open`;
    const rows = this.#database.prepare(`SELECT ${columns} FROM jobs ORDER BY rowid`).all();
    return rows.map((row) => jobRow(row as Row));
  }

  /**
   * The submitted tasks and targets of a job, in the order of their submission; of a large one that is
   * done or was cancelled, only the targets.
   */
  work(job: JobId): JobWork {
    const rows = this.#prepare(
      "SELECT task, work, is_target FROM job_tasks WHERE job = ? AND work IS NOT NULL ORDER BY position",
    ).all(job) as Row[];
    return {
      tasks: rows.map((row) => parse<Task>(row["work"])),
      targets: rows.flatMap((row) =>
        row["is_target"] === 1 ? [asTaskKey(row["task"] as string)] : [],
      ),
    };
  }

  /** The tasks of all jobs that failed, which may be tried again. */
  *failedWork(): Generator<Task> {
    const rows = this.#prepare(
      `SELECT work FROM job_tasks JOIN jobs ON jobs.id = job
         WHERE state = 'failed' AND work IS NOT NULL`,
    ).iterate();
    for (const row of rows) yield parse<Task>((row as Row)["work"]);
  }

  setJobState(job: JobId, state: "running" | "paused"): void {
    this.#database.prepare("UPDATE jobs SET state = ? WHERE id = ?").run(state, job);
  }

  /** The job now has fewer targets, and what it counts has changed with them. */
  narrowJob(row: JobRow, targets: Iterable<TaskKey>): void {
    const keep = this.#prepare("UPDATE job_tasks SET is_target = 1 WHERE job = ? AND task = ?");
    this.#transact(() => {
      this.#prepare("UPDATE job_tasks SET is_target = 0 WHERE job = ?").run(row.job);
      for (const target of targets) keep.run(row.job, target);
      this.#prepare(
        "UPDATE jobs SET tasks_total = ?, targets_total = ?, is_open = 0 WHERE id = ?",
      ).run(row.tasksTotal, row.targetsTotal, row.job);
    });
  }

  /** The job is not extended any more. */
  closeJob(job: JobId): void {
    this.#prepare("UPDATE jobs SET is_open = 0 WHERE id = ?").run(job);
  }

  saveProgress(job: JobId, tasksDone: number, timing: JobTiming): void {
    this.#database
      .prepare("UPDATE jobs SET tasks_done = ?, timing = ? WHERE id = ?")
      .run(tasksDone, JSON.stringify(timing), job);
  }

  /** What the job is called, how urgent it is, and what it keeps away from. */
  saveHead(job: JobId, head: JobHead): void {
    this.#prepare("UPDATE jobs SET head = ? WHERE id = ?").run(JSON.stringify(head), job);
  }

  /** A job that failed runs on; what it failed of is no more. */
  reopenJob(row: JobRow): void {
    this.#writeLate();
    this.#transact(() => {
      this.#prepare(
        `UPDATE jobs SET head = ?, state = 'running', finished_at_ms = NULL, failure = NULL,
           tasks_done = ? WHERE id = ?`,
      ).run(JSON.stringify(row.head), row.tasksDone, row.job);
      this.stories.forget(row.job);
    });
  }

  /** Closes a job's record; its results stay, and its tasks as far as anybody may look at them. */
  finishJob(row: JobRow, outline: JobOutline): void {
    // What it ends with must be there first.
    this.#writeLate();
    this.#transact(() => {
      this.#prepare(
        `UPDATE jobs SET state = ?, finished_at_ms = ?, failure = ?, tasks_done = ?, timing = ?,
           is_open = 0, head = ? WHERE id = ?`,
      ).run(
        row.state,
        row.finishedAtMs,
        row.failure === null ? null : JSON.stringify(row.failure),
        row.tasksDone,
        JSON.stringify(row.timing),
        JSON.stringify(row.head),
        row.job,
      );
      this.stories.saveOutline(row.job, outline);
      // One that failed may be tried again, and of small ones the graph is shown.
      if (row.state === "failed" || row.tasksTotal <= GRAPH_TASKS_MAX) return;
      this.#prepare("UPDATE job_tasks SET work = NULL WHERE job = ? AND is_target = 0").run(
        row.job,
      );
    });
  }

  /** Forgets a job, and the results that no other job refers to. */
  removeJob(job: JobId): void {
    this.#writeLate();
    this.#transact(() => {
      this.#database
        .prepare(
          `DELETE FROM results WHERE task IN (
             SELECT unhex(task) FROM job_tasks AS own WHERE job = ? AND NOT EXISTS
               (SELECT 1 FROM job_tasks AS other WHERE other.task = own.task AND other.job <> own.job))`,
        )
        .run(job);
      this.stories.forget(job);
      this.#database.prepare("DELETE FROM job_tasks WHERE job = ?").run(job);
      this.#database.prepare("DELETE FROM jobs WHERE id = ?").run(job);
    });
  }

  // Results

  /** Recorded at once for all readers, and written with others a moment later. */
  addResult(result: TaskResult, computeMs: number): void {
    this.#newResults.set(result.task, { outputs: JSON.stringify(result.outputs), computeMs });
    this.#writeSoon();
  }

  /** The recorded results among these tasks, from any job. */
  results(tasks: readonly TaskKey[]): TaskResult[] {
    const find = this.#prepare("SELECT outputs FROM results WHERE task = ?");
    return tasks.flatMap((task) => {
      const row = find.get([keyBytes(task)]) as Row | undefined;
      const outputs = this.#newResults.get(task)?.outputs ?? row?.["outputs"];
      return outputs === undefined ? [] : [{ task, outputs: parse<BlockRef[]>(outputs) }];
    });
  }

  /** A job's targets that have results, in the order of the submission. */
  targetResults(job: JobId): TaskResult[] {
    this.#writeLate();
    const rows = this.#database
      .prepare(
        `SELECT job_tasks.task, outputs FROM job_tasks
           JOIN results ON results.task = unhex(job_tasks.task) WHERE job = ? AND is_target = 1 ORDER BY position`,
      )
      .all(job);
    return rows.map((row) => taskResult(row as Row));
  }

  /** Every recorded result. */
  *allResults(): Generator<TaskResult> {
    this.#writeLate();
    for (const row of this.#database
      .prepare(`SELECT ${asText("task")} AS task, outputs FROM results`)
      .iterate()) {
      yield taskResult(row as Row);
    }
  }

  // Small blocks

  /** Kept at once for all readers, and written a moment later. Throws JournalError on a full disk. */
  addSmallBlock(block: BlockId, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#newBlocks.has(block)) return;
    if (this.#newBlocksBytes > UNWRITTEN_BYTES_MAX) {
      throw new JournalError("The coordinator's disk is full or not writable. Free some space.");
    }
    this.#newBlocks.set(block, bytes);
    this.#newBlocksBytes += bytes.length;
    this.#writeSoon();
  }

  smallBlock(block: BlockId): Uint8Array<ArrayBuffer> | undefined {
    const unwritten = this.#newBlocks.get(block);
    if (unwritten !== undefined) return unwritten;
    const row = this.#prepare("SELECT bytes FROM small_blocks WHERE block = ?").get([
      keyBytes(block),
    ]);
    return row === undefined ? undefined : new Uint8Array((row as Row)["bytes"] as Uint8Array);
  }

  /** Those that were written before this time. */
  smallBlocksBefore(unixMs: number): BlockId[] {
    const sql = `SELECT ${asText("block")} AS block FROM small_blocks WHERE created_at_ms < ?`;
    const rows = this.#prepare(sql).all(unixMs);
    return (rows as Row[]).map((row) => asBlockId(row["block"] as string));
  }

  removeSmallBlock(block: BlockId): void {
    this.#writeLate();
    this.#prepare("DELETE FROM small_blocks WHERE block = ?").run([keyBytes(block)]);
  }

  // Actors

  /** Writes actors that are new or different; those without a row are forgotten. */
  saveActors(
    changed: Iterable<{ readonly actor: ActorId; readonly row: ActorRow | undefined }>,
  ): void {
    const save = this.#prepare("INSERT OR REPLACE INTO actors (id, body) VALUES (?, ?)");
    const forget = this.#prepare("DELETE FROM actors WHERE id = ?");
    this.#transact(() => {
      for (const { actor, row } of changed) {
        if (row === undefined) forget.run(actor);
        else save.run(actor, JSON.stringify(row));
      }
    });
  }

  actors(): ActorRow[] {
    const rows = this.#prepare("SELECT body FROM actors").all() as Row[];
    return rows.map((row) => parse<ActorRow>(row["body"]));
  }

  /** What the database takes on the disk, but for its newest pages. */
  sizeBytes(): number {
    const row = this.#prepare(
      "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()",
    ).get() as Row;
    return Number(row["bytes"]);
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

  get #unwritten(): number {
    return this.#newResults.size + this.#newBlocks.size + this.stories.unwritten;
  }

  #writeSoon(): void {
    const isMuch = this.#unwritten >= WRITES_MAX || this.#newBlocksBytes >= WRITE_BYTES;
    if (isMuch) this.#writeLate();
    else this.#writeTimer ??= setTimeout(() => this.#writeLate(), WRITE_DELAY_MS);
  }

  /** Writes what is late, as far as the disk takes it. */
  #writeLate(): void {
    clearTimeout(this.#writeTimer);
    this.#writeTimer = undefined;
    if (!this.#isOpen || this.#unwritten === 0) return;
    try {
      this.#transact(() => {
        const addBlock = this.#prepare(
          "INSERT OR IGNORE INTO small_blocks (block, bytes, created_at_ms) VALUES (?, ?, ?)",
        );
        const nowMs = Date.now();
        for (const [block, bytes] of this.#newBlocks)
          addBlock.run(keyBytes(block), Buffer.from(bytes), nowMs);
        const addResult = this.#prepare(
          `INSERT INTO results (task, outputs, compute_ms) VALUES (?, ?, ?) ON CONFLICT (task)
             DO UPDATE SET outputs = excluded.outputs, compute_ms = excluded.compute_ms`,
        );
        for (const [task, { outputs, computeMs }] of this.#newResults) {
          addResult.run(keyBytes(task), outputs, computeMs);
        }
        this.stories.write();
      });
      this.stories.written();
      this.#newResults = new Map();
      this.#newBlocks = new Map();
      this.#newBlocksBytes = 0;
    } catch (error) {
      this.onWriteError(error as Error);
    }
  }

  /** Statements are compiled once. */
  #prepare(sql: string): Libsql.Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #transact(run: () => void): void {
    this.#database.transaction(run)();
  }
}

/** A key as these tables have it. Alone it is given within a list: libsql takes an object for names. */
const keyBytes = (key: TaskKey | BlockId): Buffer => Buffer.from(key, "hex");

/** SQL that gives such a column as everybody else has it. */
const asText = (column: string): string => `lower(hex(${column}))`;

function createTables(database: Libsql.Database, tables: string): void {
  database.transaction(() => {
    database.exec(tables);
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
