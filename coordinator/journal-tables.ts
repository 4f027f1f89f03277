// The tables of the journal, by the version that brought them.

/** The oldest version that can be taken over. */
export const FIRST_VERSION = 2;

const TABLES = `
  CREATE TABLE datasets (
    id TEXT PRIMARY KEY, created_at_ms REAL NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY, head TEXT NOT NULL, state TEXT NOT NULL,
    submitted_at_ms REAL NOT NULL, finished_at_ms REAL, failure TEXT,
    tasks_total INTEGER NOT NULL, tasks_done INTEGER NOT NULL, targets_total INTEGER NOT NULL,
    timing TEXT NOT NULL, is_open INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE job_tasks (
    job TEXT NOT NULL, task TEXT NOT NULL, position INTEGER NOT NULL, is_target INTEGER NOT NULL,
    work TEXT, -- The submitted task, as long as the job may have to be resumed with it.
    PRIMARY KEY (job, task)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX job_tasks_by_task ON job_tasks (task);
  CREATE TABLE results (
    task TEXT PRIMARY KEY, outputs TEXT NOT NULL, compute_ms REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE small_blocks (
    block TEXT PRIMARY KEY, bytes BLOB NOT NULL, created_at_ms REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE actors (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
`;

const TABLES_OF_STORIES = `
  CREATE TABLE failures ( -- Tasks that failed by themselves.
    job TEXT NOT NULL, task TEXT NOT NULL, sentences TEXT NOT NULL, error TEXT,
    PRIMARY KEY (job, task)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE failed_targets ( -- Those that failed with them, in jobs that went on.
    job TEXT NOT NULL, task TEXT NOT NULL, cause TEXT NOT NULL, PRIMARY KEY (job, task)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE outlines (job TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/**
 * Thousands of rows are written a second. Their keys are hashes, so that each comes to another place: rows
 * therefore lie one behind the other, and only a slim index is in the order of the keys.
 */
const ROWS_IN_ORDER_OF_COMING = `
  DROP INDEX job_tasks_by_task;
  ALTER TABLE job_tasks RENAME TO old_job_tasks;
  ALTER TABLE results RENAME TO old_results;
  ALTER TABLE small_blocks RENAME TO old_small_blocks;
  CREATE TABLE job_tasks (
    id INTEGER PRIMARY KEY, job TEXT NOT NULL, task TEXT NOT NULL, position INTEGER NOT NULL,
    is_target INTEGER NOT NULL,
    work TEXT, -- The submitted task, as long as the job may have to be resumed with it.
    UNIQUE (task, job)
  ) STRICT;
  CREATE INDEX job_tasks_by_position ON job_tasks (job, position);
  CREATE TABLE results (
    id INTEGER PRIMARY KEY, task BLOB NOT NULL UNIQUE, outputs TEXT NOT NULL, compute_ms REAL NOT NULL
  ) STRICT;
  CREATE TABLE small_blocks (
    id INTEGER PRIMARY KEY, block BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL, created_at_ms REAL NOT NULL
  ) STRICT;
  INSERT INTO job_tasks (job, task, position, is_target, work)
    SELECT job, task, position, is_target, work FROM old_job_tasks ORDER BY job, position;
  INSERT INTO results (task, outputs, compute_ms)
    SELECT unhex(task), outputs, compute_ms FROM old_results;
  INSERT INTO small_blocks (block, bytes, created_at_ms)
    SELECT unhex(block), bytes, created_at_ms FROM old_small_blocks;
  DROP TABLE old_job_tasks;
  DROP TABLE old_results;
  DROP TABLE old_small_blocks;
`;

const TIME_UNATTENDED = `
  ALTER TABLE jobs ADD COLUMN unattended_ms REAL NOT NULL DEFAULT 0;
`;

/** What each version added to the one before; the first one begins. */
export const CHANGES_OF_TABLES = [
  TABLES,
  TABLES_OF_STORIES,
  ROWS_IN_ORDER_OF_COMING,
  TIME_UNATTENDED,
];

export const JOURNAL_VERSION = FIRST_VERSION + CHANGES_OF_TABLES.length - 1;
