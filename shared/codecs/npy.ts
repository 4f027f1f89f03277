// The NPY 1.0 format (numpy.lib.format): how every block of numbers is laid out.
import { decodeHalves } from "./half-core.ts";

/** Arrays that a block can hold. C order; a 0-d array has shape []. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: NdData;
}

/** Arrays that kernels compute with: their elements are numbers. */
export type NdData =
  | Float64Array
  | Float32Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

/** An array of 64-bit integers, which values of users may be; no kernel takes one. */
export interface BigNdArray {
  readonly shape: readonly number[];
  readonly data: BigInt64Array | BigUint64Array;
}

export class NpyError extends Error {
  override name = "NpyError";
}

const dtypes = [
  { descr: "<f8", make: Float64Array },
  { descr: "<f4", make: Float32Array },
  { descr: "<i4", make: Int32Array },
  { descr: "<i2", make: Int16Array },
  { descr: "|i1", make: Int8Array },
  { descr: "<u4", make: Uint32Array },
  { descr: "<u2", make: Uint16Array },
  { descr: "|u1", make: Uint8Array },
  { descr: "<i8", make: BigInt64Array },
  { descr: "<u8", make: BigUint64Array },
] as const;

/** Half precision: read as float64, for no engine has an array of it; written by `encodeHalves`. */
export const HALF_DESCR = "<f2";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // "\x93NUMPY"
/** NumPy pads the header so that the data starts at a multiple of 64 bytes. */
const ALIGNMENT = 64;

const product = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);

/**
 * The NPY header for an array of this type and shape, padded to a multiple of 64 bytes. A structured
 * type is given as the list that NumPy writes for it.
 */
export function npyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const type = descr.startsWith("[") ? descr : `'${descr}'`;
  const dict = `{'descr': ${type}, 'fortran_order': False, 'shape': (${dimensions}), }`;
  const padding = (ALIGNMENT - ((10 + dict.length + 1) % ALIGNMENT)) % ALIGNMENT;
  const text = `${dict}${" ".repeat(padding)}\n`;
  const header = new Uint8Array(10 + text.length);
  header.set(MAGIC);
  header.set([1, 0, text.length & 255, text.length >> 8], 6);
  for (let i = 0; i < text.length; i += 1) header[10 + i] = text.charCodeAt(i);
  return header;
}

/** Encodes an array; the result is a fresh buffer that the caller owns. */
export function encodeNpy(array: NdArray | BigNdArray): Uint8Array<ArrayBuffer> {
  const [header, data] = npyParts(array);
  const bytes = new Uint8Array(header.length + data.length);
  bytes.set(header);
  bytes.set(data, header.length);
  return bytes;
}

/** The header and a view of the array's own bytes, for whoever puts them together with others. */
export function npyParts({ shape, data }: NdArray | BigNdArray): [Uint8Array, Uint8Array] {
  const dtype = dtypes.find((entry) => data instanceof entry.make);
  if (dtype === undefined) throw new NpyError("This type of array cannot be stored as NPY.");
  if (product(shape) !== data.length) {
    throw new NpyError(`Shape (${shape.join(", ")}) does not fit ${data.length} values.`);
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return [npyHeader(dtype.descr, shape), bytes];
}

/**
 * Decodes NPY 1.0 bytes. The array is a view of `bytes` where alignment allows, a copy otherwise;
 * halves become float64. Throws NpyError for anything that is not a little-endian, C-order array of a known type.
 */
export function decodeNpy(bytes: Uint8Array): NdArray {
  const array = decodeAnyNpy(bytes);
  if (isBig(array)) throw new NpyError("Arrays of 64-bit integers are not computed with.");
  return array;
}

const isBig = (array: NdArray | BigNdArray): array is BigNdArray =>
  array.data instanceof BigInt64Array || array.data instanceof BigUint64Array;

/** As `decodeNpy`, and takes 64-bit integers as well. */
export function decodeAnyNpy(bytes: Uint8Array): NdArray | BigNdArray {
  const { descr, shape, start } = readNpyHeader(bytes);
  const isHalf = descr === HALF_DESCR;
  const dtype = dtypes.find((entry) => entry.descr === (isHalf ? "<u2" : descr));
  if (dtype === undefined) throw new NpyError(`Unsupported NPY type ${descr}.`);
  const length = product(shape);
  const size = dtype.make.BYTES_PER_ELEMENT;
  if (bytes.length !== start + length * size) {
    throw new NpyError(
      `The NPY data should have ${length * size} bytes but has ${bytes.length - start}.`,
    );
  }
  const offset = bytes.byteOffset + start;
  // Shared memory is as good: arrays of blocks are only read.
  const data =
    offset % size === 0
      ? new dtype.make(bytes.buffer as ArrayBuffer, offset, length)
      : new dtype.make(bytes.slice(start).buffer, 0, length);
  const array = { shape, data: isHalf && data instanceof Uint16Array ? widened(data) : data };
  // The table of types above says that data is one of the two.
  return array as NdArray | BigNdArray;
}

export interface NpyHeader {
  /** As NumPy writes it: a name ("<f8"), or a list of fields for a structured type. */
  readonly descr: string;
  readonly shape: readonly number[];
  /** Where the data begins. */
  readonly start: number;
}

/** Throws NpyError for anything but a C-order array in NPY 1.0. */
export function readNpyHeader(bytes: Uint8Array): NpyHeader {
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new NpyError("These bytes are not in NPY format: the first six bytes are wrong.");
  }
  if (bytes[6] !== 1) throw new NpyError(`NPY version ${bytes[6]} is not supported, only 1.`);
  const start = 10 + (bytes[8] ?? 0) + ((bytes[9] ?? 0) << 8);
  if (bytes.length < start) throw new NpyError("The NPY header is cut short.");
  const text = String.fromCharCode(...bytes.subarray(10, start));
  const fields =
    /'descr': (?:'([^']*)'|(\[[^\]]*\])), 'fortran_order': False, 'shape': \(([\d, ]*)\)/.exec(
      text,
    );
  if (fields === null) throw new NpyError(`Unsupported NPY header: ${text.trim()}`);
  const [, name, list, dimensions = ""] = fields;
  const shape = dimensions.split(",").flatMap((n) => (n.trim() === "" ? [] : [Number(n)]));
  return { descr: name ?? list ?? "", shape, start };
}

function widened(bits: Uint16Array): Float64Array {
  const values = new Float64Array(bits.length);
  decodeHalves(bits, values);
  return values;
}
