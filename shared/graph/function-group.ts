// The group that the tasks of a function share, and what people call a group.
import type { BlockId } from "../ids.ts";
import { FUNCTION_KERNEL } from "./task.ts";

/** As long as the interface allows. */
const GROUP_LENGTH_MAX = 200;
const MODULE_DIGITS = 16;

/** `module`: the block of its text; `label`: its name, or that of its export. */
export const functionGroup = (module: BlockId, label: string): string =>
  `function:${module.slice(0, MODULE_DIGITS)}:${label}`.slice(0, GROUP_LENGTH_MAX);

/** The group in words: "add" for a function of that name, "pearson-tile" for a kernel. */
export function groupLabel(group: string): string {
  const label = /^function:[0-9a-f]+:(.*)$/s.exec(group)?.[1];
  if (label === undefined)
    return group === FUNCTION_KERNEL ? "function" : group.replace(/@\d+$/, "");
  // A function without a name is the only export of its module.
  return label === "" || label === "default" ? "unnamed function" : label;
}
