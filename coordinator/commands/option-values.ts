// What options of the command line may be: parsers that say in words what they expect.
import { InvalidArgumentError } from "commander";

/** More headless browsers on one machine only get in each other's way. */
export const BROWSERS_MAX = 64;

/** Checks a whole number from `min` to `max`. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}

/** As `integer`, but large ones may be written as 1e9. */
export function largeInteger(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = toNumber(text);
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}, such as 1e6.`);
  };
}

export function decimal(text: string): number {
  const value = toNumber(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Give a number, such as 0.05.");
}

/** One number or several, with commas between them. */
export function decimals(text: string): readonly number[] {
  const values = text.split(",").map(toNumber);
  if (values.every((value) => Number.isFinite(value))) return values;
  throw new InvalidArgumentError("Give a number, or several with commas, such as 90,100,110.");
}

/** NaN for what is no decimal number: Number() alone takes "", "0x10" and "Infinity". */
const toNumber = (text: string): number =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : NaN;
