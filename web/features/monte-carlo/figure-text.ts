// Reads the numbers that people type: "0.2", "20%", "10 million", "80, 90, 100", "80 to 120 by 10".

export type Reading<T> = { readonly value: T } | { readonly problem: string };

/** More values in one field than a job could have scenarios. */
const LIST_MAX = 100;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const GROUPED = /^\d{1,3}(,\d{3})+$/;
const MULTIPLES = [
  [/\s*(thousand|k)$/i, 1e3],
  [/\s*(million|m)$/i, 1e6],
  [/\s*(billion|bn)$/i, 1e9],
] as const;

/** Word processors and our own figures write the real minus sign. */
const tidy = (text: string): string => text.trim().replaceAll("−", "-");

/** One number; "20%" is 0.2. */
export function readNumber(text: string): Reading<number> {
  const list = readNumbers(text);
  if ("problem" in list) return list;
  const [value, ...more] = list.value;
  if (value === undefined || more.length > 0) {
    return { problem: `“${text.trim()}” is more than one number; this field takes one.` };
  }
  return { value };
}

/** A whole number; thousands may be set apart, and "10 million" will do. */
export function readWhole(text: string): Reading<number> {
  const tidied = tidy(text);
  for (const [suffix, factor] of MULTIPLES) {
    if (!suffix.test(tidied)) continue;
    const rest = readNumber(tidied.replace(suffix, ""));
    // 15 digits, because 8.2 million is 8,199,999.999999999 by the binary numbers.
    return "problem" in rest ? rest : { value: Number((rest.value * factor).toPrecision(15)) };
  }
  // Typed with spaces or commas between thousands: "1,000,000", "1 000 000".
  const spaced = tidied.replaceAll(/(?<=\d)[\s_](?=\d{3}\b)/g, ",");
  if (GROUPED.test(spaced)) return { value: Number(spaced.replaceAll(",", "")) };
  return readNumber(tidied);
}

/** One number or several, in the order given and each once. */
export function readNumbers(text: string): Reading<readonly number[]> {
  const tidied = tidy(text);
  if (tidied === "") return { problem: "This field is empty; give a number." };
  const range = /^(\S+)\s+to\s+(\S+)\s+by\s+(\S+)$/i.exec(tidied);
  if (range !== null) return readRange(range.slice(1));
  const values = new Set<number>();
  for (const word of tidied.split(/\s*[;\s]\s*|,\s+/).filter((part) => part !== "")) {
    const number = readWord(word.replace(/,$/, ""));
    if ("problem" in number) return number;
    values.add(number.value);
  }
  if (values.size > LIST_MAX) return { problem: tooMany(values.size) };
  return { value: [...values] };
}

function readWord(word: string): Reading<number> {
  const isPercent = word.endsWith("%");
  const digits = isPercent ? word.slice(0, -1) : word;
  // "0,2" is 0.2 to some and two numbers to others; "1,000" is a thousand or 1.
  if (/\d,\d/.test(digits)) {
    const problem =
      `“${word}” can be read in several ways: write decimals with a point, numbers without commas ` +
      "inside, and a space between two numbers.";
    return { problem };
  }
  if (!NUMBER.test(digits)) return { problem: `“${word}” is not a number.` };
  // By 100 on the decimal text, not on the binary number: 7% is 0.07 and not 0.07000000000000001.
  const value = Number(isPercent ? `${digits}e-2` : digits);
  if (Number.isNaN(value)) return { problem: `“${word}” is not a number.` };
  return { value };
}

function readRange(words: readonly string[]): Reading<readonly number[]> {
  const numbers: number[] = [];
  for (const word of words) {
    const number = readWord(word);
    if ("problem" in number) return number;
    numbers.push(number.value);
  }
  const [from = 0, to = 0, step = 0] = numbers;
  if (!(step > 0) || to < from) {
    return { problem: "A range goes up by steps above 0, such as “80 to 120 by 10”." };
  }
  // A last value that misses the end by rounding alone belongs to the range.
  const count = Math.floor((to - from) / step + 1e-9) + 1;
  if (count > LIST_MAX) return { problem: tooMany(count) };
  const at = (index: number): number => Number((from + index * step).toPrecision(12));
  return { value: Array.from({ length: count }, (_, index) => at(index)) };
}

const tooMany = (count: number): string =>
  `These are ${count} values; one field takes up to ${LIST_MAX}.`;
