// Numbers and missing markers as people and programs write them into tables.
import type { DecimalSign } from "./table-layout.ts";

/** Texts that mean "no value", in lower case. Only cells of values are compared with them, never names. */
const MISSING = new Set(
  (
    " na n/a n.a. n.a #n/a #na <na> nd n.d. n/d null nan -nan +nan none nil nat missing (null) " +
    "#n/a|n/a #value! #div/0! #ref! #num! #name? #null! -1.#ind 1.#ind -1.#qnan 1.#qnan " +
    "- -- --- – — . .. ... ? \\n"
  )
    .split(" ")
    .map((marker) => marker.replace("|", " ")),
);

/** True when the text of a value's cell means that there is none. */
export function isMissingText(text: string): boolean {
  if (text === "") return true;
  if (text.length > 12) return text.trim() === "";
  return MISSING.has(text.trim().toLowerCase());
}

const ZERO = 48;
const NINE = 57;
const SPACE = 32;

/**
 * The number that `text` is, to the nearest float64; NaN when it is missing or no number (ask
 * isMissingText which). "inf" and "Infinity" of either sign are numbers. Thousands separators are
 * accepted where every group has three digits and the decimal sign is another.
 */
export function parseNumber(text: string, decimal: DecimalSign): number {
  if (text === "") return Number.NaN;
  const first = text.charCodeAt(0);
  // Number() would read a blank as 0 and "0x1f" as 31: those go the careful way.
  if (first > SPACE && !(first === ZERO && text.length > 1 && text.charCodeAt(1) > NINE)) {
    let plain = text;
    if (decimal === ",") plain = text.includes(".") ? "" : text.replace(",", ".");
    if (plain !== "") {
      const value = Number(plain);
      if (!Number.isNaN(value)) return value;
    }
  }
  return parseOddNumber(text, decimal);
}

const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITE = /^([+-]?)(?:inf|infinity|∞)$/i;
const GROUPED_BY = {
  ".": /^[+-]?\d{1,3}([, \u00a0\u2009\u202f'’_])\d{3}(?:\1\d{3})*(?:\.\d*)?$/,
  ",": /^[+-]?\d{1,3}([. \u00a0\u2009\u202f'’_])\d{3}(?:\1\d{3})*(?:,\d*)?$/,
} as const;

function parseOddNumber(text: string, decimal: DecimalSign): number {
  const trimmed = text.trim().replace(/^\u2212/, "-");
  const group = GROUPED_BY[decimal].exec(trimmed)?.[1];
  const ungrouped = group === undefined ? trimmed : trimmed.replaceAll(group, "");
  const pointed =
    decimal === "," && !ungrouped.includes(".") ? ungrouped.replace(",", ".") : ungrouped;
  if (PLAIN.test(pointed) && (decimal === "." || pointed !== trimmed || !trimmed.includes("."))) {
    return Number(pointed);
  }
  const infinite = INFINITE.exec(trimmed);
  if (infinite === null) return Number.NaN;
  return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

const DOT_DECIMAL = /^[+-]?(?:\d*\.\d+|\d{1,3}(?:,\d{3})+\.\d+)(?:[eE][+-]?\d+)?$/;
const COMMA_DECIMAL = /^[+-]?(?:\d*,\d+|\d{1,3}(?:\.\d{3})+,\d+)(?:[eE][+-]?\d+)?$/;
const COMMA_GROUPS = /^[+-]?[1-9]\d{0,2}(?:,\d{3})+$/;

/** Which decimal sign these cells use. "1,234" alone says little: it only counts if nothing else does. */
export function guessDecimal(cells: Iterable<string>, delimiter: string): DecimalSign {
  let dots = 0;
  let commas = 0;
  let unclear = 0;
  for (const cell of cells) {
    const text = cell.trim();
    if (COMMA_GROUPS.test(text)) unclear += 1;
    else if (DOT_DECIMAL.test(text)) dots += 1;
    else if (COMMA_DECIMAL.test(text)) commas += 1;
  }
  if (commas !== dots) return commas > dots ? "," : ".";
  // Where the comma does not separate cells, it is more often a decimal sign than a grouping.
  return unclear > 0 && delimiter === ";" ? "," : ".";
}
