// The report of a run as Markdown: the machine, one table of all rows, and what was left out.
import type { Figure, Goal, Row, Scale } from "./bench.ts";

export interface BenchOutcome {
  readonly name: string;
  readonly rows: readonly Row[];
  /** Why it did not come to its end. */
  readonly failure: string | null;
}

export interface Report {
  readonly scale: Scale;
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly machine: readonly string[];
  readonly outcomes: readonly BenchOutcome[];
  /** What could not be compared, and why. */
  readonly leftOut: readonly string[];
}

const HEADER = ["Work", "Measured", "Against", "Ratio", "Goal"];

const ABOUT: Readonly<Record<Scale, string>> = {
  full: "Written by `npm run bench`.",
  quick: "Of `npm run bench -- --quick`: small sizes, for which the goals are not meant.",
  toy: "Of a run at toy size, whose figures mean nothing.",
};

const METHOD =
  "Every output was compared with the reference before anything was timed. Contenders took turns; " +
  "the table shows the median of each and the median of the ratios round by round.";

export function writeReport(report: Report): string {
  const { scale, date, machine, outcomes, leftOut } = report;
  const rows = outcomes.flatMap((outcome) => outcome.rows);
  const notes = [
    ...outcomes.flatMap(({ name, failure }) =>
      failure === null ? [] : [`The bench ${name} did not end: ${failure}`],
    ),
    ...leftOut.map((what) => `Left out: ${what}.`),
  ];
  const lines = [
    "# Benchmarks",
    "",
    `${ABOUT[scale]} ${METHOD}`,
    "",
    ...[`Date: ${date}`, ...machine].map((line) => `- ${line}`),
    "",
    ...alignedTable([HEADER, ...rows.map((row) => cellsOf(row, scale))]),
  ];
  if (notes.length > 0) lines.push("", ...notes.map((note) => `- ${oneLine(note)}`));
  return `${lines.join("\n")}\n`;
}

const cellsOf = ({ work, measured, against, figure, goal }: Row, scale: Scale): string[] => [
  work,
  measured,
  against,
  figureText(figure),
  goal === null ? "" : goalText(figure, goal, scale),
];

function figureText({ value, unit, isLeast = false }: Figure): string {
  return `${isLeast ? "more than " : ""}${valueText(value, unit)}`;
}

function goalText(figure: Figure, goal: Goal, scale: Scale): string {
  const text = `${goal.bound} ${valueText(goal.value, figure.unit)}`;
  if (scale !== "full") return text;
  return `${text}: ${isReached(figure, goal) ? "reached" : "missed"}`;
}

const isReached = ({ value }: Figure, { bound, value: wanted }: Goal): boolean =>
  bound === "at least" ? value >= wanted : value <= wanted;

const UNITS: Readonly<Record<Figure["unit"], (value: number) => string>> = {
  share: (value) => `${Math.round(100 * value)} %`,
  times: (value) => `${digits(value)}×`,
  "times faster": (value) => `${digits(value)}× the speed`,
  GB: (value) => `${digits(value)} GB`,
  ms: (value) => `${digits(value)} ms`,
  s: (value) => `${digits(value)} s`,
  "a second": (value) => `${Math.round(value).toLocaleString("en")} a second`,
};

const valueText = (value: number, unit: Figure["unit"]): string => UNITS[unit](value);

/** Three of them at most, without zeros at the end. */
const digits = (value: number): string =>
  value < 100 ? String(Number(value.toPrecision(3))) : String(Math.round(value));

/** Columns as wide as their widest cell, as the formatter of this repository has them. */
function alignedTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEADER.map((_, column) => Math.max(3, ...rows.map((row) => width(row[column]))));
  const line = (cells: readonly string[]): string => {
    const padded = cells.map(
      (cell, column) => cell + " ".repeat((widths[column] ?? 0) - width(cell)),
    );
    return `| ${padded.join(" | ")} |`;
  };
  const [header = [], ...body] = rows;
  return [line(header), line(widths.map((size) => "-".repeat(size))), ...body.map(line)];
}

/** Rows are of plain letters, digits and signs. */
const width = (text = ""): number => text.length;

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();
