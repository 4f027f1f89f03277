// Half precision (IEEE 754 binary16) to and from double precision, exact in both directions.
// Hot loops over typed arrays: an index in range is the loops' own condition, hence `as number`.

/** A double's two words; little-endian, as every machine that runs WebAssembly is. */
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
const HIGH_WORD = 1;

const INFINITY = 0x7c00;
const NOT_A_NUMBER = 0x7e00;
/** Exponents of the largest finite and the smallest normal half. */
const EXPONENT_MAX = 15;
const EXPONENT_MIN = -14;
/** Half of the smallest half: what is below it rounds to zero. */
const EXPONENT_TINY = -25;

/** The bits of the half nearest to `value`, ties to even; beyond 65,520 infinity, NaN a quiet NaN. */
function halfBitsOf(value: number): number {
  double[0] = value;
  const high = words[HIGH_WORD] as number;
  const sign = (high >>> 16) & 0x8000;
  const exponent = ((high >>> 20) & 0x7ff) - 1023;
  if (exponent > EXPONENT_MAX) return value === value ? sign | INFINITY : NOT_A_NUMBER;
  if (exponent < EXPONENT_TINY) return sign;
  const isNormal = exponent >= EXPONENT_MIN;
  const leading = isNormal ? (exponent + 15) << 20 : 0x100000;
  // One bit below the high word stands for the whole low word: it only ever decides a tie.
  const fraction = ((leading | (high & 0xfffff)) << 1) | (words[0] === 0 ? 0 : 1);
  const shift = isNormal ? 11 : 11 + EXPONENT_MIN - exponent;
  // Just less than half a unit, or exactly half where the kept number is odd, is added before the
  // cut: no branch, as rounding is as good as random. A carry runs into the exponent as it should.
  const isOdd = (fraction >>> shift) & 1;
  return sign | ((fraction + (1 << (shift - 1)) - 1 + isOdd) >>> shift);
}

/** Writes the halves nearest to `values` to `bits`, which has as many elements. */
export function encodeHalves(values: Float64Array, bits: Uint16Array): void {
  for (let i = 0; i < values.length; i += 1) bits[i] = halfBitsOf(values[i] as number);
}

/** The value of every half by its bits: 512 KiB, made when the first half is read. */
let valuesByBits: Float64Array | undefined;

function listValues(): Float64Array {
  const values = new Float64Array(0x10000);
  for (let bits = 0; bits < values.length; bits += 1) {
    const exponent = (bits >>> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    // Powers of two are built, not computed: engines may round Math.pow.
    const unit = exponent === 0 ? 2 ** -24 : 2 ** -25 * (1 << exponent);
    const size =
      exponent === 0x1f
        ? fraction === 0
          ? Infinity
          : NaN
        : (exponent === 0 ? fraction : 0x400 | fraction) * unit;
    values[bits] = (bits & 0x8000) === 0 ? size : -size;
  }
  return values;
}

/** Writes the values of the halves `bits` to `values`, which has as many elements; exact. */
export function decodeHalves(bits: Uint16Array, values: Float64Array): void {
  const table = (valuesByBits ??= listValues());
  for (let i = 0; i < bits.length; i += 1) values[i] = table[bits[i] as number] as number;
}
