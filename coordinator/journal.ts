// What must survive a restart, in SQLite: datasets, jobs, task results and the counters of identities.
import type { BlockRef, TaskResult } from "../shared/graph/task.ts";
import { asBlockId, type ActorId, type BlockId, type DatasetId } from "../shared/ids.ts";
import type { JobId, TaskKey } from "../shared/ids.ts";
import type { Dataset, DatasetRecord } from "../shared/protocol/http.ts";
import type { ActorSpec, SaidValue } from "../shared/protocol/actor-messages.ts";
import { JournalDatabase, JournalError } from "./journal-database.ts";
import { JournalJobs } from "./journal-jobs.ts";
import { datasetRecord, parse, type Row, taskResult } from "./journal-rows.ts";
import { JournalStories } from "./journal-stories.ts";

/** Results wait this long for others, to be written together: it is what a power failure may cost. */
const WRITE_DELAY_MS = 250;
/** So many, or so many bytes, are written at once, whatever the time. */
const WRITES_MAX = 8_000;
const WRITE_BYTES = 16 * 2 ** 20;
/** Unwritten small blocks; more than this pile up only on a full disk. */
const UNWRITTEN_BYTES_MAX = 64 * 2 ** 20;

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
  readonly #database: JournalDatabase;
  /** Written together, a moment later. */
  #newResults = new Map<TaskKey, { readonly outputs: string; readonly computeMs: number }>();
  #newBlocks = new Map<BlockId, Uint8Array<ArrayBuffer>>();
  #newBlocksBytes = 0;
  #writeTimer: NodeJS.Timeout | undefined;
  #isOpen = true;
  /** Told when results could not be written; they are kept and tried again with the next ones. */
  onWriteError: (error: Error) => void = () => {};
  readonly jobs: JournalJobs;
  /** What failed and why, and how jobs ended. */
  readonly stories: JournalStories;

  private constructor(database: JournalDatabase) {
    this.#database = database;
    const late = { soon: () => this.#writeSoon(), now: () => this.#writeLate() };
    this.stories = new JournalStories(database, late);
    this.jobs = new JournalJobs(database, late, this.stories);
  }

  /** Opens or creates the journal. Throws JournalError when the file cannot be used. */
  static open(dataDir: string): Journal {
    return new Journal(JournalDatabase.open(dataDir));
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

  // Results

  /** Recorded at once for all readers, and written with others a moment later. */
  addResult(result: TaskResult, computeMs: number): void {
    this.#newResults.set(result.task, { outputs: JSON.stringify(result.outputs), computeMs });
    this.#writeSoon();
  }

  /** The recorded results among these tasks, from any job. */
  results(tasks: readonly TaskKey[]): TaskResult[] {
    const find = this.#database.prepare("SELECT outputs FROM results WHERE task = ?");
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
    const row = this.#database
      .prepare("SELECT bytes FROM small_blocks WHERE block = ?")
      .get([keyBytes(block)]);
    return row === undefined ? undefined : new Uint8Array((row as Row)["bytes"] as Uint8Array);
  }

  /** Those that were written before this time. */
  smallBlocksBefore(unixMs: number): BlockId[] {
    const sql = `SELECT ${asText("block")} AS block FROM small_blocks WHERE created_at_ms < ?`;
    const rows = this.#database.prepare(sql).all(unixMs);
    return (rows as Row[]).map((row) => asBlockId(row["block"] as string));
  }

  removeSmallBlock(block: BlockId): void {
    this.#writeLate();
    this.#database.prepare("DELETE FROM small_blocks WHERE block = ?").run([keyBytes(block)]);
  }

  // Actors

  /** Writes actors that are new or different; those without a row are forgotten. */
  saveActors(
    changed: Iterable<{ readonly actor: ActorId; readonly row: ActorRow | undefined }>,
  ): void {
    const save = this.#database.prepare("INSERT OR REPLACE INTO actors (id, body) VALUES (?, ?)");
    const forget = this.#database.prepare("DELETE FROM actors WHERE id = ?");
    this.#database.transact(() => {
      for (const { actor, row } of changed) {
        if (row === undefined) forget.run(actor);
        else save.run(actor, JSON.stringify(row));
      }
    });
  }

  actors(): ActorRow[] {
    const rows = this.#database.prepare("SELECT body FROM actors").all() as Row[];
    return rows.map((row) => parse<ActorRow>(row["body"]));
  }

  /** What the database takes on the disk, but for its newest pages. */
  sizeBytes(): number {
    const row = this.#database
      .prepare(
        "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()",
      )
      .get() as Row;
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
      this.#database.transact(() => {
        const addBlock = this.#database.prepare(
          "INSERT OR IGNORE INTO small_blocks (block, bytes, created_at_ms) VALUES (?, ?, ?)",
        );
        const nowMs = Date.now();
        for (const [block, bytes] of this.#newBlocks)
          addBlock.run(keyBytes(block), Buffer.from(bytes), nowMs);
        const addResult = this.#database.prepare(
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
}

/** A key as these tables have it. Alone it is given within a list: libsql takes an object for names. */
const keyBytes = (key: TaskKey | BlockId): Buffer => Buffer.from(key, "hex");

/** SQL that gives such a column as everybody else has it. */
const asText = (column: string): string => `lower(hex(${column}))`;
