// The guesses about a file as choices in words, for the controls that correct them.
import type {
  DateOrder,
  DecimalSign,
  LayoutCorrections,
  TableLayout,
} from "../../../shared/ingest/table-layout.ts";

interface Choice {
  readonly value: string;
  readonly label: string;
}

export interface LayoutControl {
  readonly id: string;
  readonly label: string;
  /** Null: not guessed. */
  readonly value: string | null;
  readonly choices: readonly Choice[];
  /** What choosing `value` corrects. */
  correction(value: string): LayoutCorrections;
}

const DELIMITERS: readonly Choice[] = [
  { value: ",", label: "Comma ," },
  { value: ";", label: "Semicolon ;" },
  { value: "\t", label: "Tab" },
  { value: "|", label: "Bar |" },
  { value: " ", label: "Spaces" },
];

const DECIMALS: readonly Choice[] = [
  { value: ".", label: "Point: 3.14" },
  { value: ",", label: "Comma: 3,14" },
];

const LAYOUTS: readonly Choice[] = [
  { value: "wide", label: "Wide: one column a series" },
  { value: "long", label: "Long: one row a value" },
];

const DATE_ORDERS: readonly Choice[] = [
  { value: "auto", label: "Found by itself" },
  { value: "ymd", label: "Year, month, day" },
  { value: "dmy", label: "Day, month, year" },
  { value: "mdy", label: "Month, day, year" },
  { value: "number", label: "Numbers" },
  { value: "text", label: "Text, as it stands" },
];

const QUOTES: readonly Choice[] = [
  { value: '"', label: 'Double quotes "' },
  { value: "'", label: "Single quotes '" },
  { value: "none", label: "No quotes" },
];

/** Stands for "no column" in a choice; columns themselves are written as their index. */
const NO_COLUMN = "none";

const quoteCorrection = (value: string): LayoutCorrections => ({
  quote: value === "none" ? null : (value as '"' | "'"),
});

/** The choices, with the present one added when it is an unusual one. */
function withPresent(choices: readonly Choice[], value: string): readonly Choice[] {
  const isKnown = choices.some((choice) => choice.value === value);
  return isKnown ? choices : [...choices, { value, label: `“${value}”` }];
}

const columnChoices = (columns: readonly string[]): readonly Choice[] =>
  columns.map((name, index) => ({ value: String(index), label: name }));

/** The controls for a layout: which there are depends on whether the table is long or wide. */
export function layoutControls(
  layout: TableLayout,
  columns: readonly string[],
): readonly LayoutControl[] {
  const pickable = columnChoices(columns);
  const column = (index: number | null): string => (index === null ? NO_COLUMN : String(index));
  const dateChoices: readonly Choice[] =
    layout.layout === "wide"
      ? [...pickable, { value: NO_COLUMN, label: "None: number the rows" }]
      : pickable;
  const controls: LayoutControl[] = [
    {
      id: "layout",
      label: "Layout",
      value: layout.layout,
      choices: LAYOUTS,
      // Columns were guessed for the other layout, so they are guessed anew.
      correction: (value) => ({ layout: value as "long" | "wide" }),
    },
    {
      id: "delimiter",
      label: "Separated by",
      value: layout.delimiter,
      choices: withPresent(DELIMITERS, layout.delimiter),
      correction: (value) => ({ delimiter: value }),
    },
    {
      id: "decimal",
      label: "Decimal sign",
      value: layout.decimal,
      choices: DECIMALS,
      correction: (value) => ({ decimal: value as DecimalSign }),
    },
    {
      id: "date",
      label: "Dates in",
      value: column(layout.dateColumn),
      choices: withPresent(dateChoices, column(layout.dateColumn)),
      correction: (value) => ({ dateColumn: value === NO_COLUMN ? null : Number(value) }),
    },
  ];
  if (layout.layout === "long") {
    controls.push(
      {
        id: "series",
        label: "Names of series in",
        value: column(layout.seriesColumn),
        choices: withPresent(pickable, column(layout.seriesColumn)),
        correction: (value) => ({ seriesColumn: Number(value) }),
      },
      {
        id: "value",
        label: "Values in",
        value: column(layout.valueColumn),
        choices: withPresent(pickable, column(layout.valueColumn)),
        correction: (value) => ({ valueColumn: Number(value) }),
      },
    );
  }
  return controls;
}

/** The rarer ones, for tables that were read wrongly all the same. */
export function rareLayoutControls(layout: TableLayout): readonly LayoutControl[] {
  return [
    {
      id: "dateOrder",
      label: "Dates are written as",
      value: layout.dateOrder,
      choices: DATE_ORDERS,
      correction: (value) => ({ dateOrder: value as DateOrder | "auto" }),
    },
    {
      id: "quote",
      label: "Quoted with",
      value: layout.quote ?? "none",
      choices: QUOTES,
      correction: quoteCorrection,
    },
    {
      id: "header",
      label: "First row",
      value: layout.header,
      choices: [
        { value: "present", label: "Names of the columns" },
        { value: "absent", label: "Already data" },
        { value: "shifted", label: "Names without the first column's" },
      ],
      correction: (value) => ({ header: value as "present" | "absent" | "shifted" }),
    },
  ];
}

/** What can be set right for a file of which nothing could be guessed. */
export function blindLayoutControls(corrections: LayoutCorrections): readonly LayoutControl[] {
  return [
    {
      id: "delimiter",
      label: "Separated by",
      value: corrections.delimiter ?? null,
      choices: DELIMITERS,
      correction: (value) => ({ delimiter: value }),
    },
    {
      id: "decimal",
      label: "Decimal sign",
      value: corrections.decimal ?? null,
      choices: DECIMALS,
      correction: (value) => ({ decimal: value as DecimalSign }),
    },
    {
      id: "quote",
      label: "Quoted with",
      value: corrections.quote === null ? "none" : (corrections.quote ?? null),
      choices: QUOTES,
      correction: quoteCorrection,
    },
    {
      id: "layout",
      label: "Layout",
      value: corrections.layout ?? null,
      choices: LAYOUTS,
      correction: (value) => ({ layout: value as "long" | "wide" }),
    },
  ];
}

/** Corrections so far with one more; a change of what columns are makes earlier picks of them void. */
export function mergeCorrections(
  before: LayoutCorrections,
  change: LayoutCorrections,
): LayoutCorrections {
  const isStructural =
    change.layout !== undefined || change.delimiter !== undefined || change.quote !== undefined;
  if (!isStructural) return { ...before, ...change };
  const { dateColumn: _date, seriesColumn: _series, valueColumn: _value, ...rest } = before;
  return { ...rest, ...change };
}

/** What a column is for, as the preview's header says it. */
export type ColumnRole = "date" | "series" | "value" | "ignored";

export function columnRole(layout: TableLayout, index: number): ColumnRole {
  if (index === layout.dateColumn || index === layout.timeColumn) return "date";
  if (layout.layout === "wide") return layout.ignoredColumns.includes(index) ? "ignored" : "value";
  if (index === layout.seriesColumn) return "series";
  return index === layout.valueColumn ? "value" : "ignored";
}
