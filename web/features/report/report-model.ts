// What a saved report tells, as plain data with its words already made; texts are escaped later.
import type { PlotPicture } from "../../components/plot-picture.ts";
import type { Html } from "./html-text.ts";

export interface ReportTable {
  readonly title: string;
  readonly head: readonly string[];
  /** Rows of cells; the first cell of each is its header. */
  readonly rows: readonly (readonly string[])[];
  /** Said below, such as how many rows were left out; may be empty. */
  readonly note: string;
}

export interface ReportPlot {
  readonly title: string;
  /** What it shows, for those who do not see it. */
  readonly label: string;
  readonly picture: PlotPicture;
}

export interface ReportFigure {
  readonly name: string;
  readonly value: string;
}

export interface Report {
  readonly title: string;
  /** One line on what the job is. */
  readonly about: string;
  /** How it ended: "Done in 3.2 s". */
  readonly outcome: string;
  readonly when: string;
  readonly figures: readonly ReportFigure[];
  /** A PNG as a data address, with what it shows. */
  readonly image: {
    readonly dataUrl: string;
    readonly label: string;
    readonly caption: string;
  } | null;
  readonly plots: readonly ReportPlot[];
  readonly tables: readonly ReportTable[];
  /** Where the time went. */
  readonly timing: readonly ReportFigure[];
  readonly machines: ReportTable;
  /** Null when no attempts are remembered. */
  readonly stream: Html | null;
  readonly failures: readonly string[];
  /** By what it was made, and when. */
  readonly madeBy: string;
}

/** Longer texts are cut: a report is for reading. */
const TEXT_MAX = 500;
/** Rows of a table, and failures. */
export const ROWS_MAX = 100;

export const shortened = (text: string): string =>
  text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX - 1)}…`;
