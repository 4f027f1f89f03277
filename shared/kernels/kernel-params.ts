// The parameters of a kernel as they come: JSON of which nothing is known yet.
import type { JsonValue } from "../graph/task.ts";
import { KernelInputError } from "./kernel.ts";

/** The fields of an object. Throws KernelInputError, under this name, when the value is none. */
export function parseObject(
  value: JsonValue | undefined,
  name: string,
): { readonly [field: string]: JsonValue | undefined } {
  if (typeof value !== "object" || value === null || isList(value)) {
    throw new KernelInputError(`${name} must be an object, not ${JSON.stringify(value)}.`);
  }
  return value;
}

/** Array.isArray does not narrow readonly arrays. */
const isList = (value: object): value is readonly JsonValue[] => Array.isArray(value);
