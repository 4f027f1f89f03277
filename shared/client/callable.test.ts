// Which functions travel as text, and how the others are refused.
// oxlint-disable typescript/unbound-method -- methods are taken without their objects on purpose: none uses this.
import { runInNewContext, runInThisContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { asFunctionRef, functionRef, kernel } from "./callable.ts";

type Fn = (...args: unknown[]) => unknown;

/** The function as another machine has it. */
function sent(fn: (...args: never[]) => unknown): Fn {
  const { moduleText, exportName } = asFunctionRef(fn);
  return (runInNewContext(moduleText) as Record<string, Fn>)[exportName] as Fn;
}

const methods = {
  plain(n: number) {
    return n + 1;
  },
  async later(n: number) {
    return n + 1;
  },
  "a name"(n: number) {
    return n + 1;
  },
  async(n: number) {
    return n + 1;
  },
  get(n: number) {
    return n + 1;
  },
  function(n: number) {
    return n + 1;
  },
  [["comp", "uted"].join("")](n: number) {
    return n + 1;
  },
};

class Machine {
  static shared(n: number) {
    return n + 1;
  }
  own(n: number) {
    return n + 1;
  }
}

describe("functions that travel", () => {
  // Their text counts, so none of these is rewritten in a simpler way.
  it.each<[string, (n: number) => unknown]>([
    ["an arrow function", (n) => n + 1],
    ["an arrow function of an argument without parentheses", runInThisContext("n => n + 1") as Fn],
    ["an async arrow function", async (n) => n + 1],
    ["an async arrow function without a space", runInThisContext("async(n)=>n+1") as Fn],
    [
      "a named function",
      Object.assign(function named(n: number) {
        return n + 1;
      }),
    ],
    [
      "an async function",
      Object.assign(async function named(n: number) {
        return n + 1;
      }),
    ],
    [
      "defaults with parentheses",
      (n: number, text = ")", { a = ")" } = {}) => n + (text + a).length - 1,
    ],
    ["comments among the parameters", runInThisContext("(/* ) */ n // )\n) => n + 1") as Fn],
    ["a method", methods.plain],
    ["an async method", methods.later],
    ["a method with a quoted name", methods["a name"]],
    ["a method called async", methods.async],
    ["a method called get", methods.get],
    ["a method called function", methods.function],
    ["a static method", Machine.shared],
    ["a class's method", new Machine().own],
  ])("%s", async (_, fn) => {
    expect(await sent(fn)(1)).toBe(2);
  });

  it("have one text each time, so that equal calls have equal keys", () => {
    const fn = (n: number): number => n;
    expect(asFunctionRef(fn)).toBe(asFunctionRef(fn));
  });

  it("may come from a bundled module, by the name of the export", () => {
    const ref = functionRef("({ twice: (n) => 2 * n })", "twice");
    expect(asFunctionRef(ref)).toBe(ref);
  });
});

describe("what is refused, and what to do then", () => {
  it.each<[string, unknown, string]>([
    ["a class", Machine, '"Machine" is a class. Wrap it'],
    ["a built-in function", Math.max, '"max" is built in and has no text to send. Wrap it'],
    ["a bound function", methods.plain.bind(null), "Pass what it is bound to as an argument"],
    [
      "a generator",
      function* numbers() {
        yield 1;
      },
      '"numbers" is a generator',
    ],
    ["a method with a computed name", methods["computed"], '"computed" cannot be sent'],
    [
      "an accessor",
      Object.getOwnPropertyDescriptor(
        {
          get a() {
            return 1;
          },
        },
        "a",
      )?.get,
      "is an accessor",
    ],
    ["an object", { kernel: "forged@1" }, "Only a function"],
  ])("%s", (_, value, message) => {
    expect(() => asFunctionRef(value as Fn)).toThrow(TypeError);
    expect(() => asFunctionRef(value as Fn)).toThrow(message);
  });

  it("a kernel without its version", () => {
    expect(() => kernel("pearson-tile")).toThrow('looks like "pearson-tile@3"');
    expect(kernel("pearson-tile@3")).toEqual({ kernel: "pearson-tile@3" });
  });
});
