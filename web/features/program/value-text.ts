// A value on one line, as a person would jot it down: short, and never the whole of something large.
import { ArrowBytes, ErrorValue } from "../../../shared/values/value-format.ts";

/** Characters that fit a row. */
const LENGTH_MAX = 120;
/** Items and members named before the rest is only counted. */
const ITEMS_MAX = 6;
const DEPTH_MAX = 3;

export function valueText(value: unknown): string {
  const text = textOf(value, 0);
  return text.length <= LENGTH_MAX ? text : `${text.slice(0, LENGTH_MAX - 1)}…`;
}

function textOf(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof ErrorValue) return `${value.error.name}: ${value.error.message}`;
  if (value instanceof ArrowBytes) return `Arrow table, ${countOf(value.bytes.length, "byte")}`;
  if (Array.isArray(value)) return listText(value, depth, ["[", "]"]);
  if (ArrayBuffer.isView(value)) {
    const items = value as unknown as ArrayLike<number | bigint>;
    return `${value.constructor.name} ${listText(items, depth, ["[", "]"])}`;
  }
  const { shape, data } = value as { readonly shape?: unknown; readonly data?: unknown };
  if (Array.isArray(shape) && ArrayBuffer.isView(data)) {
    return `${data.constructor.name} of ${shape.join(" × ")}`;
  }
  return objectText(value, depth);
}

function listText(
  items: ArrayLike<unknown>,
  depth: number,
  [open, close]: readonly [string, string],
): string {
  if (depth >= DEPTH_MAX) return countOf(items.length, "item");
  const shown = Array.from({ length: Math.min(items.length, ITEMS_MAX) }, (_, i) =>
    textOf(items[i], depth + 1),
  );
  const rest = items.length - shown.length;
  if (rest > 0) shown.push(`… ${rest.toLocaleString()} more`);
  return `${open}${shown.join(", ")}${close}`;
}

function objectText(value: object, depth: number): string {
  const members = Object.entries(value);
  if (depth >= DEPTH_MAX) return countOf(members.length, "member");
  const shown = members
    .slice(0, ITEMS_MAX)
    .map(([name, member]) => `${name}: ${textOf(member, depth + 1)}`);
  if (members.length > shown.length) shown.push("…");
  return `{ ${shown.join(", ")} }`;
}

const countOf = (count: number, what: string): string =>
  `${count.toLocaleString()} ${what}${count === 1 ? "" : "s"}`;
