// Whether the values of a job form a table, and the table.
import { quoteField } from "../shared/correlation/text-core.ts";
import { ArrowBytes } from "../shared/values/value-format.ts";
import { type ArrowCell, decodeArrowRows } from "./arrow-stream.ts";

export interface ValueTable {
  readonly names: readonly string[];
  readonly columns: readonly (readonly ArrowCell[])[];
}

/** What values have to be; said to whoever asks for a table of others. */
const WANTED =
  "A table is made of one list or several results, whose items are all flat objects or all single " +
  "values; of an object of lists of one length; of a typed array; or of an Arrow table.";

/** The values are no table; says why. */
export class NoTableError extends Error {
  override name = "NoTableError";
}

/** The table of a job's values, in the order of its targets. Throws NoTableError. */
export function tableOf(values: readonly unknown[]): ValueTable {
  const outcomes = outcomesOf(values);
  if (outcomes !== undefined) return tableOfRows(outcomes);
  const [only] = values;
  if (values.length !== 1) return tableOfRows(values);
  if (Array.isArray(only)) return tableOfRows(only);
  if (only instanceof ArrowBytes) return tableOfRows(decodeArrowRows(only.bytes));
  if (isTyped(only)) return { names: ["value"], columns: [Array.from<ArrowCell>(only)] };
  const columns = columnsOf(only);
  return columns ?? tableOfRows(values);
}

/** The items of batches, as functions over many items leave them; undefined when these are none. */
function outcomesOf(values: readonly unknown[]): readonly unknown[] | undefined {
  const items: unknown[] = [];
  for (const value of values) {
    if (!Array.isArray(value) || value.length === 0) return undefined;
    for (const item of value as unknown[]) {
      if (!isRecord(item) || Object.keys(item).length !== 1) return undefined;
      if ("error" in item && isRecord(item["error"])) {
        throw new NoTableError(
          `Item ${items.length} of the result failed: ${String(item["error"]["message"])}`,
        );
      }
      if (!("ok" in item)) return undefined;
      items.push(item["ok"]);
    }
  }
  return values.length === 0 ? undefined : items;
}

function tableOfRows(rows: readonly unknown[]): ValueTable {
  const cells = rows.map(cellOf);
  if (cells.every((cell) => cell !== undefined)) return { names: ["value"], columns: [cells] };
  const columns = new Map<string, ArrowCell[]>();
  for (const [at, row] of rows.entries()) {
    if (!isRecord(row))
      throw new NoTableError(`Item ${at} of the result is no flat object. ${WANTED}`);
    for (const [name, value] of Object.entries(row)) {
      const cell = cellOf(value);
      if (cell === undefined) {
        throw new NoTableError(`"${name}" of item ${at} is no single value. ${WANTED}`);
      }
      const column = columns.get(name) ?? rows.map((): ArrowCell => null);
      column[at] = cell;
      columns.set(name, column);
    }
  }
  return { names: [...columns.keys()], columns: [...columns.values()] };
}

/** An object of lists of one length. */
function columnsOf(value: unknown): ValueTable | undefined {
  if (!isRecord(value)) return undefined;
  const names = Object.keys(value);
  const columns = names.map((name) => {
    const list = value[name];
    if (!Array.isArray(list) && !isTyped(list)) return undefined;
    const cells = Array.from(list as ArrayLike<unknown>, cellOf);
    return cells.every((cell) => cell !== undefined) ? cells : undefined;
  });
  const isTable =
    names.length > 0 && columns.every((column) => column?.length === columns[0]?.length);
  return isTable && columns.every((column) => column !== undefined)
    ? { names, columns }
    : undefined;
}

/** Undefined for what is no single value. */
function cellOf(value: unknown): ArrowCell | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" || typeof value === "string") return value;
  if (typeof value === "boolean" || typeof value === "bigint") return value;
  return value instanceof Date ? value : undefined;
}

type Typed = Exclude<ReturnType<typeof asTyped>, undefined>;

const asTyped = (value: unknown) =>
  ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? (value as Float64Array | BigInt64Array)
    : undefined;
const isTyped = (value: unknown): value is Typed => asTyped(value) !== undefined;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Rows in one piece of text. */
const ROWS_PER_CHUNK = 4_096;

/** The table as CSV (RFC 4180): every digit of a number, nothing for what is missing or not a number. */
export function* csvOf({ names, columns }: ValueTable): Generator<string, void, undefined> {
  yield `${names.map(quoteField).join(",")}\n`;
  const rowCount = columns[0]?.length ?? 0;
  for (let start = 0; start < rowCount; start += ROWS_PER_CHUNK) {
    let text = "";
    for (let row = start; row < Math.min(rowCount, start + ROWS_PER_CHUNK); row += 1) {
      text += `${columns.map((column) => cellText(column[row])).join(",")}\n`;
    }
    yield text;
  }
}

function cellText(cell: ArrowCell | undefined): string {
  if (cell === null || cell === undefined || Number.isNaN(cell)) return "";
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? "" : cell.toISOString();
  return typeof cell === "string" ? quoteField(cell) : String(cell);
}
