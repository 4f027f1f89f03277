// What the dashboard knows of a table that was read: the plain data that the ingest worker answers.
import type { TableLayout } from "../../../shared/ingest/table-layout.ts";

/** Above this many nobody picks a column from a list, and the list would be slow to open. */
export const COLUMN_TITLES_MAX = 200;

export interface TableSummary {
  readonly name: string;
  readonly sizeBytes: number;
  readonly layout: TableLayout;
  /** Titles of the file's first columns: all that a list can offer to choose from. */
  readonly columns: readonly string[];
  readonly columnCount: number;
  readonly firstRows: readonly (readonly string[])[];
  readonly seriesCount: number;
  readonly dateCount: number;
  readonly firstDate: string;
  readonly lastDate: string;
  readonly missingShare: number;
  /** What should be known about how it was read, as sentences. */
  readonly notices: readonly string[];
}

export type ReadOutcome =
  | { readonly kind: "read"; readonly summary: TableSummary }
  | { readonly kind: "refused"; readonly message: string }
  /** A newer read took its place. */
  | { readonly kind: "superseded" };
