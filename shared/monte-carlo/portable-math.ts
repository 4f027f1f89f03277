// exp, log and the normal distribution from nothing but + - * / and sqrt: engines may each round their
// own Math.exp and Math.log as they like, and a result must have the same bits in all of them.

/** ln 2 in two parts; the first has 21 trailing zero bits, so that its whole multiples are exact. */
const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
const INVERSE_ROOT_TWO_PI = 0.398_942_280_401_432_7;

/** Beyond these, exp leaves the range of a double. */
const EXP_MAX = 709.782_712_893_384;
const EXP_MIN = -745.133_219_101_941_1;

/** |r| is at most ln 2 / 2 where this is used: the next term of the series would be below 1e-18. */
const EXP_TERMS = 14;
/** s² is below 0.03 where this is used: the next term of the series would be below 1e-19. */
const LOG_TERMS = 12;

/** e^x, within 2 units in the last place where the result is a normal number. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x > EXP_MAX) return Infinity;
  if (x < EXP_MIN) return 0;
  const twos = Math.round(x / (LN2_HIGH + LN2_LOW));
  const rest = x - twos * LN2_HIGH - twos * LN2_LOW;
  let sum = 1;
  for (let n = EXP_TERMS; n >= 1; n -= 1) sum = 1 + (sum * rest) / n;
  // In two steps, as 2^1024 and 2^-1075 are no doubles though the product may be one.
  const half = Math.trunc(twos / 2);
  return sum * powerOfTwo(half) * powerOfTwo(twos - half);
}

/** ln x for a positive normal number, within 2 units in the last place away from 1. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return Infinity;
  let mantissa = x;
  let twos = 0;
  for (; mantissa > Math.SQRT2; mantissa /= 2) twos += 1;
  for (; mantissa < Math.SQRT1_2; mantissa *= 2) twos -= 1;
  // ln m = 2 artanh s, by its series.
  const s = (mantissa - 1) / (mantissa + 1);
  let sum = 0;
  for (let n = LOG_TERMS; n >= 1; n -= 1) sum = s * s * (sum + 1 / (2 * n + 1));
  return twos * LN2_HIGH + (twos * LN2_LOW + 2 * s * sum + 2 * s);
}

function powerOfTwo(exponent: number): number {
  let power = 1;
  for (let n = Math.abs(exponent); n > 0; n -= 1) power *= 2;
  return exponent < 0 ? 1 / power : power;
}

/** From here on the continued fraction of the tail converges in TAIL_TERMS terms. */
const TAIL_FROM = 2.5;
const TAIL_TERMS = 160;

/**
 * The normal distribution's Φ(x). The error is below 1e-15 absolutely and, in the lower tail as far as
 * x = -37, below 1e-13 relatively.
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x > TAIL_FROM) return 1 - upperTail(x);
  if (x < -TAIL_FROM) return upperTail(-x);
  // Φ(x) = 1/2 + φ(x) (x + x³/3 + x⁵/(3·5) + …): all terms have one sign, so nothing cancels in the sum.
  let term = x;
  let sum = x;
  for (let odd = 3; sum + term !== sum || odd === 3; odd += 2) {
    term *= (x * x) / odd;
    sum += term;
    if (term === 0) break;
  }
  return 0.5 + density(x) * sum;
}

const density = (x: number): number => INVERSE_ROOT_TWO_PI * exp((-x * x) / 2);

/** 1 - Φ(x) = φ(x) / (x + 1/(x + 2/(x + 3/(x + …)))), Laplace's continued fraction, from its end. */
function upperTail(x: number): number {
  let fraction = x;
  for (let n = TAIL_TERMS; n >= 1; n -= 1) fraction = x + n / fraction;
  return density(x) / fraction;
}
