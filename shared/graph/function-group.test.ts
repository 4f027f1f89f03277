// Checks that groups are told apart by their source and shown by their name.
import { expect, test } from "vitest";
import { asBlockId } from "../ids.ts";
import { functionGroup, groupLabel } from "./function-group.ts";

const module = asBlockId("0123456789abcdef".repeat(4));

test("a function's group has the digits of its module and its name, and shows the name", () => {
  const group = functionGroup(module, "mean of: all");
  expect(group).toBe("function:0123456789abcdef:mean of: all");
  expect(groupLabel(group)).toBe("mean of: all");
  expect(groupLabel(functionGroup(module, "default"))).toBe("unnamed function");
  expect(functionGroup(module, "x".repeat(500))).toHaveLength(200);
});

test("a kernel is shown without its version", () => {
  expect(groupLabel("pearson-tile@2")).toBe("pearson-tile");
  expect(groupLabel("function@1")).toBe("function");
});
