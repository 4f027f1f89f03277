// Tables as Arrow IPC streams, and back: the one place that knows apache-arrow.
import {
  AsyncByteQueue,
  Bool,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  makeData,
  makeVector,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  tableFromIPC,
  TimestampMillisecond,
  Utf8,
  vectorFromArray,
  type Data,
  type DataType,
  type Vector,
} from "apache-arrow";

type Numbers =
  | Float64Array
  | Float32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

export type ArrowCell = number | string | boolean | bigint | Date | null;

/** Numbers of one type, texts that repeat as places in a list of names, or single cells. */
export type ArrowColumn =
  | Numbers
  | { readonly names: readonly string[]; readonly codes: Int32Array }
  | readonly ArrowCell[];

/** A column of cells that have no type in common. */
export class ArrowColumnError extends Error {
  override name = "ArrowColumnError";
}

/**
 * An Arrow IPC stream with one record batch for each of `batches`, all with these columns. Batches are
 * pulled as fast as the stream is read. Throws ArrowColumnError.
 */
export async function* encodeArrow(
  columnNames: readonly string[],
  batches: AsyncIterable<readonly ArrowColumn[]> | Iterable<readonly ArrowColumn[]>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const sink = new Sink();
  const writer = new RecordBatchStreamWriter({ autoDestroy: false });
  const dictionaries = new Dictionaries();
  let schema: Schema | undefined;
  for await (const columns of batches) {
    const data = columns.map((column, at) => {
      return columnData(column, columnNames[at] ?? "", dictionaries);
    });
    if (schema === undefined) {
      schema = new Schema(columnNames.map((name, at) => new Field(name, typeAt(data, at), true)));
      writer.reset(sink, schema);
    }
    const length = data[0]?.length ?? 0;
    const rows = makeData({
      type: new Struct(schema.fields),
      length,
      nullCount: 0,
      children: data,
    });
    writer.write(new RecordBatch(schema, rows));
    yield* sink.take();
  }
  writer.finish();
  yield* sink.take();
}

/** The rows of an Arrow IPC stream or file, as objects. Throws whatever the library does for bad bytes. */
export function decodeArrowRows(bytes: Uint8Array): Record<string, unknown>[] {
  const table = tableFromIPC(bytes);
  const columns = table.schema.fields.map(({ name }, at) => ({
    name,
    vector: table.getChildAt(at),
  }));
  return Array.from({ length: table.numRows }, (_, row) =>
    Object.fromEntries(columns.map(({ name, vector }) => [name, vector?.get(row) ?? null])),
  );
}

/** Takes what the writer writes at once, so that nothing gathers in a queue. */
class Sink extends AsyncByteQueue {
  #chunks: Uint8Array[] = [];

  override write(value: Parameters<AsyncByteQueue["write"]>[0]): void {
    if (value instanceof Uint8Array && value.byteLength > 0) this.#chunks.push(value);
  }

  take(): Uint8Array[] {
    const taken = this.#chunks;
    this.#chunks = [];
    return taken;
  }
}

/** One dictionary a list of names: the writer sends it once, for it knows it again. */
class Dictionaries {
  readonly #known = new Map<
    readonly string[],
    { type: Dictionary<Utf8, Int32>; vector: Vector<Utf8> }
  >();

  of(names: readonly string[]): { type: Dictionary<Utf8, Int32>; vector: Vector<Utf8> } {
    const known = this.#known.get(names);
    if (known !== undefined) return known;
    const type = new Dictionary(new Utf8(), new Int32(), this.#known.size);
    const made = { type, vector: vectorFromArray(names, new Utf8()) };
    this.#known.set(names, made);
    return made;
  }
}

function columnData(column: ArrowColumn, name: string, dictionaries: Dictionaries): Data {
  if (ArrayBuffer.isView(column)) return onlyChunk(makeVector(column));
  if ("codes" in column) {
    const { type, vector } = dictionaries.of(column.names);
    const length = column.codes.length;
    return makeData({ type, length, nullCount: 0, data: column.codes, dictionary: vector });
  }
  return onlyChunk(vectorFromArray(column, typeOf(column, name)));
}

function onlyChunk(vector: Vector): Data {
  const [data] = vector.data;
  if (data === undefined) throw new ArrowColumnError("An empty column cannot be written.");
  return data;
}

const typeAt = (data: readonly Data[], at: number): DataType => {
  const found = data[at];
  if (found === undefined) throw new ArrowColumnError("A batch lacks a column.");
  return found.type;
};

/** The type that all cells but the missing ones have. */
function typeOf(cells: readonly ArrowCell[], name: string): DataType {
  const kinds = new Set(cells.flatMap((cell) => (cell === null ? [] : [kindOf(cell)])));
  if (kinds.size > 1) {
    throw new ArrowColumnError(`Column "${name}" mixes ${[...kinds].join(" and ")}.`);
  }
  const [kind = "number"] = kinds;
  return new typeOfKind[kind]();
}

const typeOfKind = {
  number: Float64,
  string: Utf8,
  boolean: Bool,
  bigint: Int64,
  date: TimestampMillisecond,
} as const;

const kindOf = (cell: Exclude<ArrowCell, null>): keyof typeof typeOfKind =>
  cell instanceof Date ? "date" : (typeof cell as "number" | "string" | "boolean" | "bigint");
