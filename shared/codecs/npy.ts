// The NPY 1.0 format (numpy.lib.format): how every block of numbers is laid out.
import { decodeHalves } from "./half-core.ts";

/** Arrays that a block can hold. C order; a 0-d array has shape []. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: NdData;
}

export type NdData =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

export class NpyError extends Error {
  override name = "NpyError";
}

const dtypes = [
  { descr: "<f8", make: Float64Array },
  { descr: "<f4", make: Float32Array },
  { descr: "<i4", make: Int32Array },
  { descr: "<u4", make: Uint32Array },
  { descr: "<u2", make: Uint16Array },
  { descr: "|u1", make: Uint8Array },
] as const;

/** Half precision: read as float64, for no engine has an array of it; written by `encodeHalves`. */
export const HALF_DESCR = "<f2";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // "\x93NUMPY"
/** NumPy pads the header so that the data starts at a multiple of 64 bytes. */
const ALIGNMENT = 64;

const product = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);

/** The NPY header for an array of this type and shape, padded to a multiple of 64 bytes. */
export function npyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dimensions}), }`;
  const padding = (ALIGNMENT - ((10 + dict.length + 1) % ALIGNMENT)) % ALIGNMENT;
  const text = `${dict}${" ".repeat(padding)}\n`;
  const header = new Uint8Array(10 + text.length);
  header.set(MAGIC);
  header.set([1, 0, text.length & 255, text.length >> 8], 6);
  for (let i = 0; i < text.length; i += 1) header[10 + i] = text.charCodeAt(i);
  return header;
}

/** Encodes an array; the result is a fresh buffer that the caller owns. */
export function encodeNpy(array: NdArray): Uint8Array<ArrayBuffer> {
  const dtype = dtypes.find((entry) => array.data instanceof entry.make);
  if (dtype === undefined) throw new NpyError("This type of array cannot be stored as NPY.");
  if (product(array.shape) !== array.data.length) {
    throw new NpyError(
      `Shape (${array.shape.join(", ")}) does not fit ${array.data.length} values.`,
    );
  }
  const header = npyHeader(dtype.descr, array.shape);
  const bytes = new Uint8Array(header.length + array.data.byteLength);
  bytes.set(header);
  bytes.set(
    new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength),
    header.length,
  );
  return bytes;
}

/**
 * Decodes NPY 1.0 bytes. The array is a view of `bytes` where alignment allows, a copy otherwise;
 * halves become float64. Throws NpyError for anything that is not a little-endian, C-order array of a known type.
 */
export function decodeNpy(bytes: Uint8Array): NdArray {
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new NpyError("These bytes are not in NPY format: the first six bytes are wrong.");
  }
  if (bytes[6] !== 1) throw new NpyError(`NPY version ${bytes[6]} is not supported, only 1.`);
  const start = 10 + (bytes[8] ?? 0) + ((bytes[9] ?? 0) << 8);
  if (bytes.length < start) throw new NpyError("The NPY header is cut short.");
  const text = String.fromCharCode(...bytes.subarray(10, start));
  const fields = /'descr': '([^']*)', 'fortran_order': False, 'shape': \(([\d, ]*)\)/.exec(text);
  if (fields === null) throw new NpyError(`Unsupported NPY header: ${text.trim()}`);
  const isHalf = fields[1] === HALF_DESCR;
  const descr = isHalf ? "<u2" : fields[1];
  const dtype = dtypes.find((entry) => entry.descr === descr);
  if (dtype === undefined) throw new NpyError(`Unsupported NPY type ${descr}.`);
  const shape = (fields[2] ?? "").split(",").flatMap((n) => (n.trim() === "" ? [] : [Number(n)]));
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
  return { shape, data: isHalf && data instanceof Uint16Array ? widened(data) : data };
}

function widened(bits: Uint16Array): Float64Array {
  const values = new Float64Array(bits.length);
  decodeHalves(bits, values);
  return values;
}
