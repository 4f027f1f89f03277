import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Libsql from "libsql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobSubmission, Task } from "../shared/graph/task.ts";
import { asBlockId, asDatasetId, asJobId, asTaskKey } from "../shared/ids.ts";
import type { JobId, TaskKey } from "../shared/ids.ts";
import { GRAPH_TASKS_MAX } from "../shared/protocol/telemetry.ts";
import type { JobOutline } from "./job-outline.ts";
import { Journal } from "./journal.ts";
import type { JobRow } from "./journal-rows.ts";
import { JOURNAL_VERSION } from "./journal-tables.ts";

let folder = "";
let journal: Journal;

const key = (digit: string): TaskKey => asTaskKey(digit.repeat(64));
const output = (digit: string) => [{ block: asBlockId(digit.repeat(64)), sizeBytes: 10 }];
const jobA = asJobId(`j_${"a".repeat(22)}`);
const jobB = asJobId(`j_${"b".repeat(22)}`);
const timing = { computeMs: 1, fetchMs: 2, waitMs: 3, bytesMoved: 4, workers: [] };

const task = (digit: string): Task => ({
  key: key(digit),
  kernel: "test@1",
  params: { digit },
  inputs: [],
  cost: { operations: 1, outputBytes: 10 },
  retries: 0,
});

function addJob(job: JobId, tasks: string[], targets: string[]): JobRow {
  const head = { kind: "test", title: "A test", meta: { of: "head" }, priority: 1 };
  const row: JobRow = {
    job,
    head,
    state: "running",
    submittedAtMs: 123.5,
    finishedAtMs: null,
    failure: null,
    tasksTotal: tasks.length,
    tasksDone: 0,
    targetsTotal: targets.length,
    isOpen: false,
    unattendedMs: 0,
    timing,
  };
  const submission: JobSubmission = {
    ...head,
    tasks: tasks.map((digit) => task(digit)),
    targets: targets.map((digit) => key(digit)),
  };
  journal.jobs.add(row, submission);
  return row;
}

const outline: JobOutline = { groups: [], edges: [], states: "dc" };

function reopen(): void {
  journal.close();
  journal = Journal.open(folder);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tabswarm-journal-"));
  journal = Journal.open(folder);
});
afterEach(async () => {
  journal.close();
  await rm(folder, { recursive: true });
});

describe("Journal", () => {
  it("keeps datasets", () => {
    const dataset = asDatasetId(`d_${"x".repeat(22)}`);
    const body = {
      name: "prices",
      series: ["A", "B"],
      dates: ["2020-01-01"],
      missingShare: 0,
      dropped: [],
      panelSeries: 2,
      panels: output("a"),
    };
    journal.addDataset(dataset, 5, body);
    reopen();
    expect(journal.dataset(dataset)).toEqual({ ...body, dataset, createdAtMs: 5 });
    expect(journal.datasets()).toHaveLength(1);
    expect(journal.removeDataset(dataset)).toBe(true);
    expect(journal.removeDataset(dataset)).toBe(false);
    expect(journal.dataset(dataset)).toBeUndefined();
  });

  it("keeps a job with its tasks, and how they stood at its end", () => {
    const row = addJob(jobA, ["1", "2"], ["2"]);
    journal.jobs.setState(jobA, "paused");
    journal.jobs.saveProgress({ ...row, tasksDone: 1, timing: { ...timing, computeMs: 9 } });
    reopen();
    expect(journal.jobs.all()).toEqual([
      { ...row, state: "paused", tasksDone: 1, timing: { ...timing, computeMs: 9 } },
    ]);
    expect(journal.jobs.work(jobA)).toEqual({ tasks: [task("1"), task("2")], targets: [key("2")] });

    const failure = { task: key("1"), message: "It broke.", thrown: "RangeError: Out of reach" };
    const finished: JobRow = { ...row, state: "failed", finishedAtMs: 200, failure, tasksDone: 1 };
    expect(journal.stories.outline(jobA)).toBeUndefined();
    journal.jobs.finish(finished, outline);
    reopen();
    expect(journal.jobs.all()).toEqual([finished]);
    // It may be tried again, and looked at.
    expect(journal.jobs.work(jobA)).toEqual({ tasks: [task("1"), task("2")], targets: [key("2")] });
    expect([...journal.jobs.failedWork()]).toEqual([task("1"), task("2")]);
    expect(journal.stories.outline(jobA)).toEqual(outline);

    const head = { ...row.head, priority: 3, avoid: [] };
    journal.stories.addFailure(
      jobA,
      { cause: key("1"), sentences: ["It broke."], error: null },
      null,
    );
    journal.jobs.reopen({ ...finished, head });
    reopen();
    expect(journal.jobs.all()).toEqual([{ ...row, head, tasksDone: 1 }]);
    expect(journal.stories.failedTasks(jobA)).toEqual([]);
    expect(journal.stories.outline(jobA)).toBeUndefined();
    const done: JobRow = { ...row, state: "done", finishedAtMs: 300, tasksDone: 2 };
    journal.jobs.finish(done, outline);
    reopen();
    expect(journal.jobs.all()).toEqual([done]);
    expect(journal.jobs.work(jobA)).toEqual({ tasks: [task("1"), task("2")], targets: [key("2")] });
    journal.jobs.remove(jobA);
    expect(journal.stories.outline(jobA)).toBeUndefined();
  });

  it("keeps of a large job that is done only the targets", () => {
    const row = addJob(jobA, ["1", "2"], ["2"]);
    journal.jobs.finish({ ...row, state: "done", tasksTotal: GRAPH_TASKS_MAX + 1 }, outline);
    expect(journal.jobs.work(jobA)).toEqual({ tasks: [task("2")], targets: [key("2")] });
    expect(journal.stories.taskOf(jobA, key("1"))).toEqual({ work: null, isTarget: false });
    expect(journal.stories.taskOf(jobA, key("2"))).toEqual({ work: task("2"), isTarget: true });
    expect(journal.stories.taskOf(jobA, key("3"))).toBeUndefined();
  });

  it("finds the tasks that read another", () => {
    const reader = { ...task("2"), inputs: [{ task: key("1"), output: 0 }] };
    const row = addJob(jobA, ["1", "3"], ["3"]);
    journal.jobs.extend(row, 2, { tasks: [reader], targets: [] }, []);
    expect(journal.stories.readersOf(jobA, key("1"), 9)).toEqual([key("2")]);
    expect(journal.stories.readersOf(jobA, key("1"), 0)).toEqual([]);
    expect(journal.stories.readersOf(jobA, key("3"), 9)).toEqual([]);
  });

  it("keeps failures with what began them, until they are tried again", () => {
    addJob(jobA, ["1", "2", "3"], ["2", "3"]);
    const error = { name: "RangeError", message: "Too far.", stack: "at f" };
    const failure = { cause: key("1"), sentences: ["It broke.", "For good."], error };
    journal.stories.addFailure(jobA, failure, key("2"));
    journal.stories.addFailure(jobA, failure, key("3"));
    journal.stories.addFailure(jobB, { ...failure, error: null }, null);
    reopen();
    const told = { message: "It broke. For good.", error };
    expect(journal.stories.failedTargets(jobA)).toEqual([
      { task: key("2"), ...told },
      { task: key("3"), ...told },
    ]);
    expect(journal.stories.failedTasks(jobA)).toEqual([key("1")]);
    expect(journal.stories.failureOf(jobA, key("1"))).toEqual(failure);
    expect(journal.stories.failureOf(jobA, key("2"))).toBeUndefined();
    expect(journal.stories.failureOf(jobB, key("1"))).toEqual({ ...failure, error: null });
    expect(journal.stories.failedTargets(jobB)).toEqual([]);
    journal.stories.removeFailures(jobA, [key("2")]);
    expect(journal.stories.failedTargets(jobA)).toEqual([{ task: key("3"), ...told }]);
    expect(journal.stories.failedTasks(jobA)).toEqual([key("1")]);
    journal.stories.removeFailures(jobA, [key("3")]);
    expect(journal.stories.failedTasks(jobA)).toEqual([]);
    journal.stories.addFailure(jobA, failure, key("3"));
    journal.stories.removeFailures(jobA);
    expect(journal.stories.failedTasks(jobA)).toEqual([]);
    expect(journal.stories.failedTasks(jobB)).toEqual([key("1")]);
  });

  it("keeps for how long nobody attended a job", () => {
    const row = { ...addJob(jobA, ["1"], ["1"]), unattendedMs: 60_000 };
    journal.jobs.saveProgress(row);
    reopen();
    expect(journal.jobs.all()).toEqual([row]);
  });

  it("takes over a journal of version 2, which had no stories, and texts for keys", () => {
    const row = addJob(jobA, ["1"], ["1"]);
    journal.close();
    const database = new Libsql(join(folder, "journal.sqlite"));
    const tasks = database.prepare("SELECT job, task, position, is_target, work FROM job_tasks");
    const rows = tasks.raw().all();
    const later = [
      "failures",
      "failed_targets",
      "outlines",
      "results",
      "small_blocks",
      "job_tasks",
    ];
    for (const table of later) database.exec(`DROP TABLE ${table}`);
    database.exec("ALTER TABLE jobs DROP COLUMN unattended_ms");
    database.exec(`
      CREATE TABLE job_tasks (
        job TEXT NOT NULL, task TEXT NOT NULL, position INTEGER NOT NULL, is_target INTEGER NOT NULL,
        work TEXT, PRIMARY KEY (job, task)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX job_tasks_by_task ON job_tasks (task);
      CREATE TABLE results (
        task TEXT PRIMARY KEY, outputs TEXT NOT NULL, compute_ms REAL NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE small_blocks (
        block TEXT PRIMARY KEY, bytes BLOB NOT NULL, created_at_ms REAL NOT NULL
      ) STRICT, WITHOUT ROWID;
      PRAGMA user_version = 2;
    `);
    for (const row of rows) {
      database.prepare("INSERT INTO job_tasks VALUES (?, ?, ?, ?, ?)").run(row);
    }
    database
      .prepare("INSERT INTO results VALUES (?, ?, 1)")
      .run(key("1"), JSON.stringify(output("ab")));
    database
      .prepare("INSERT INTO small_blocks VALUES (?, ?, 5)")
      .run(asBlockId("ab".repeat(32)), Buffer.from([1, 2, 3]));
    database.close();
    journal = Journal.open(folder);
    expect(journal.jobs.all()).toEqual([row]);
    expect(journal.jobs.work(jobA)).toEqual({ tasks: [task("1")], targets: [key("1")] });
    expect(journal.results([key("1")])).toEqual([{ task: key("1"), outputs: output("ab") }]);
    expect(journal.smallBlock(asBlockId("ab".repeat(32)))).toEqual(new Uint8Array([1, 2, 3]));
    expect(journal.smallBlocksBefore(6)).toEqual([asBlockId("ab".repeat(32))]);
    journal.jobs.finish({ ...row, state: "cancelled" }, outline);
    reopen();
    expect(journal.stories.outline(jobA)).toEqual(outline);
  });

  it("finds results of any job by task, and a job's targets in order", () => {
    addJob(jobA, ["3", "1", "2"], ["3", "2"]);
    journal.addResult({ task: key("2"), outputs: output("b") }, 7);
    journal.addResult({ task: key("3"), outputs: output("c") }, 7);
    journal.addResult({ task: key("1"), outputs: output("a") }, 7);
    reopen();
    expect(journal.results([key("1"), key("9")])).toEqual([
      { task: key("1"), outputs: output("a") },
    ]);
    expect(journal.targetResults(jobA)).toEqual([
      { task: key("3"), outputs: output("c") },
      { task: key("2"), outputs: output("b") },
    ]);
    expect([...journal.allResults()]).toHaveLength(3);
  });

  it("forgets with a job only the results that no other job refers to", () => {
    addJob(jobA, ["1", "2"], ["2"]);
    addJob(jobB, ["2", "3"], ["3"]);
    for (const digit of ["1", "2", "3"]) {
      journal.addResult({ task: key(digit), outputs: output(digit) }, 1);
    }
    journal.jobs.remove(jobA);
    reopen();
    expect(journal.jobs.all().map((row) => row.job)).toEqual([jobB]);
    expect([...journal.allResults()].map((result) => result.task)).toEqual([key("2"), key("3")]);
  });

  it("never gives a number of a counter twice", () => {
    expect(journal.reserve("attempt", 100)).toBe(1);
    expect(journal.reserve("incarnation", 1)).toBe(1);
    reopen();
    expect(journal.reserve("attempt", 100)).toBe(101);
    expect(journal.reserve("incarnation", 1)).toBe(2);
    expect(journal.reserve("incarnation", 1)).toBe(3);
  });

  it("adds a job whole or not at all", () => {
    addJob(jobA, ["1"], ["1"]);
    expect(() => addJob(jobA, ["2"], ["2"])).toThrow();
    expect(journal.jobs.all()).toHaveLength(1);
    expect(journal.jobs.work(jobA).targets).toEqual([key("1")]);
  });

  it("refuses a journal of a newer version, saying so", () => {
    journal.close();
    const database = new Libsql(join(folder, "journal.sqlite"));
    database.exec(`PRAGMA user_version = ${JOURNAL_VERSION + 1}`);
    database.close();
    expect(() => Journal.open(folder)).toThrow(/newer version of Tabswarm.*--data/);
  });

  it("refuses a file that is no journal, saying what to do", async () => {
    const other = await mkdtemp(join(tmpdir(), "tabswarm-journal-"));
    await writeFile(join(other, "journal.sqlite"), "this is no database, it is prose ".repeat(200));
    expect(() => Journal.open(other)).toThrow(/cannot be read.*--data/);
    await rm(other, { recursive: true });
  });
});
