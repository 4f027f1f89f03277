// The file of the journal: opens it in the right version, compiles statements once, runs transactions.
// The only file that meets `libsql`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import Libsql from "libsql";
import type { Row } from "./journal-rows.ts";
import { CHANGES_OF_TABLES, FIRST_VERSION, JOURNAL_VERSION } from "./journal-tables.ts";

/** The data folder cannot be used: what is wrong and what to do. */
export class JournalError extends Error {
  override name = "JournalError";
}

/** What waits a moment for others, to be written together with them. */
export interface LateWrites {
  /** Has all of it written a moment later. */
  soon(): void;
  /** Has it written at once, for who is about to read. */
  now(): void;
}

export class JournalDatabase {
  readonly #database: Libsql.Database;
  readonly #statements = new Map<string, Libsql.Statement>();

  private constructor(database: Libsql.Database) {
    this.#database = database;
  }

  /** Opens or creates the journal. Throws JournalError when the file cannot be used. */
  static open(dataDir: string): JournalDatabase {
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
      const { user_version: version } = database.prepare("PRAGMA user_version").get() as Row;
      bringUpToDate(database, path, isNew ? 0 : Number(version));
      return new JournalDatabase(database);
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
    this.#database.close();
  }

  /** Statements are compiled once. */
  prepare(sql: string): Libsql.Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  transact(run: () => void): void {
    this.#database.transaction(run)();
  }
}

/** Makes what tables of this version lack. Throws JournalError for a version that is not known. */
function bringUpToDate(database: Libsql.Database, path: string, version: number): void {
  if (version === JOURNAL_VERSION) return;
  const isKnown = version === 0 || (version >= FIRST_VERSION && version < JOURNAL_VERSION);
  if (!isKnown) throw versionError(path, version);
  const first = version === 0 ? 0 : version - FIRST_VERSION + 1;
  database.transaction(() => {
    for (const change of CHANGES_OF_TABLES.slice(first)) database.exec(change);
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
