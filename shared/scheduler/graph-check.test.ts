// Tests of the checks and the order of submitted graphs (J1, P2).
import { describe, expect, it } from "vitest";
import { asTaskKey } from "../ids.ts";
import type { JsonValue } from "../graph/task.ts";
import { task } from "../testing/scheduler-fixture.ts";
import { checkGraph, isSameWork } from "./graph-check.ts";

const order = (tasks: ReturnType<typeof task>[], targets: string[]) => {
  const graph = checkGraph(tasks, targets.map(asTaskKey));
  return graph.tasks?.map(({ key }) => key).join(" ") ?? graph.problem?.message ?? "";
};

describe("the order of a graph", () => {
  it("[P2] judges a chain by all of its operations", () => {
    const cheap = { cost: { operations: 3, outputBytes: 1 } };
    const single = task("single", [], { cost: { operations: 5, outputBytes: 1 } });
    const tasks = [single, task("c1", [], cheap), task("c2", ["c1.0"], cheap)];
    tasks.push(task("root", ["single.0", "c2.0"]));
    expect(order(tasks, ["root"])).toBe("c1 c2 single root");
  });

  it("[P2] keeps the targets in their given order", () => {
    expect(order([task("a"), task("b"), task("c")], ["c", "a", "b"])).toBe("c a b");
  });

  it("[J1] follows a chain of 100,000 tasks", () => {
    const chain = [task("t0")];
    for (let i = 1; i < 100_000; i += 1) chain.push(task(`t${i}`, [`t${i - 1}.0`]));
    expect(order(chain.toReversed(), ["t99999"]).startsWith("t0 t1 t2 ")).toBe(true);
  });

  it("[J1] finds a task that needs its own result", () => {
    expect(order([task("a", ["a.0"])], ["a"])).toBe("Task a needs its own result (a cycle).");
  });
});

describe("the same work", () => {
  const works = (params: JsonValue, inputs: readonly string[] = []) =>
    task("a", inputs, { params });
  const cases: [
    what: string,
    a: ReturnType<typeof task>,
    b: ReturnType<typeof task>,
    is: boolean,
  ][] = [
    ["names in another order", works({ x: 1, y: [2] }), works({ y: [2], x: 1 }), true],
    ["equal blocks", works(null, ["p"]), works(null, ["p"]), true],
    ["another kernel", task("a"), task("a", [], { kernel: "other@1" }), false],
    ["another number", works({ x: 1 }), works({ x: 2 }), false],
    ["one name more", works({ x: 1 }), works({ x: 1, y: 2 }), false],
    ["another name", works({ x: null }), works({ y: null }), false],
    ["null for an object", works(null), works({}), false],
    ["a list for an object", works([]), works({}), false],
    ["a longer list", works([1]), works([1, 2]), false],
    ["text for a number", works("1"), works(1), false],
    ["another block", works(null, ["p"]), works(null, ["q"]), false],
    ["another output", works(null, ["b.0"]), works(null, ["b.1"]), false],
    ["another task", works(null, ["b.0"]), works(null, ["c.0"]), false],
    ["a block for an output", works(null, ["p"]), works(null, ["p.0"]), false],
    ["one input more", works(null, ["p"]), works(null, ["p", "p"]), false],
  ];
  for (const [what, a, b, is] of cases) {
    it(`[J1] is ${is ? "" : "not "}recognised with ${what}`, () => {
      expect(isSameWork(a, b)).toBe(is);
      expect(isSameWork(b, a)).toBe(is);
    });
  }
});
