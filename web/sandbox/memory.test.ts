// Guarded buffers and WebAssembly in a realm of their own: counted, and otherwise as they always were.
import { setFlagsFromString } from "node:v8";
import { createContext, runInContext, runInNewContext } from "node:vm";
import { beforeAll, describe, expect, test } from "vitest";
import { createPrng, nextFloat } from "../../shared/prng.ts";
import { guardBuffers } from "./guard-buffers.ts";
import { guardWebAssembly } from "./guard-webassembly.ts";
import { importMemories, memoryLimits, MEMORY_MODULE } from "./import-memories.ts";
import { keepGlobals } from "./keep-globals.ts";
import { MemoryBudget } from "./memory-budget.ts";

const LIMIT = 2 ** 24;
const MIB = 2 ** 20;
let collectGarbage = (): void => undefined;

beforeAll(() => {
  setFlagsFromString("--expose-gc");
  collectGarbage = runInNewContext("gc") as () => void;
});

/** A realm under guard, in which `run` evaluates; `endTurn` does what is left for later. */
async function open(limit = LIMIT) {
  const realm = createContext({});
  const global = runInContext("globalThis", realm) as typeof globalThis;
  const prng = createPrng(1);
  const late: (() => void)[] = [];
  const budget = new MemoryBudget({
    limit,
    collectGarbage: () => collectGarbage(),
    later: (callback) => void late.push(callback),
    random: () => nextFloat(prng),
  });
  const buffers = guardBuffers(global, budget);
  guardWebAssembly(global.WebAssembly, limit, buffers, budget);
  const run = (text: string): unknown => runInContext(text, realm) as unknown;
  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const endTurn = async (): Promise<void> => {
    await nextTurn();
    for (const callback of late.splice(0)) callback();
    await nextTurn();
  };
  // What was made in this turn is kept until it is over.
  await nextTurn();
  return { budget, buffers, run, endTurn };
}

describe("a budget of memory", () => {
  test("counts what is held, about, and forgets what is garbage in the same turn", async () => {
    const { budget, run } = await open();
    run("var held = []; for (let i = 0; i < 80; i += 1) held.push(new Uint8Array(100_000))");
    expect(budget.heldBytes / 8e6).toBeGreaterThan(0.99);
    run("held = null; for (let i = 0; i < 4_000; i += 1) new Float64Array(10_000)");
    expect(budget.heldBytes).toBeLessThan(LIMIT);
  });

  test("refuses what is beyond it, in words that say what to do", async () => {
    const { run } = await open();
    run("var held = new ArrayBuffer(2 ** 23)");
    expect(() => run("new Float64Array(2 ** 20 + 1)")).toThrow(
      /^9 MiB more are too much memory: a function's thread may hold 16 MiB in buffers, and holds 8 MiB\. Work on smaller pieces\.$/,
    );
    expect(run("new Float64Array(2 ** 20).length")).toBe(2 ** 20);
  });

  test("knows what lives on after turns and long lives", async () => {
    const { budget, run, endTurn } = await open();
    run("var held = []");
    for (let turn = 0; turn < 8; turn += 1) {
      // Each turn looks for garbage more often than a life can be asked for.
      run(
        "held.push(new Uint8Array(2 ** 18)); for (let i = 0; i < 80; i += 1) new Uint8Array(2 ** 20)",
      );
      await endTurn();
    }
    collectGarbage();
    run("new Uint8Array(2 ** 18)");
    await endTurn();
    expect(budget.heldBytes / MIB).toBeGreaterThanOrEqual(2);
    expect(budget.heldBytes / MIB).toBeLessThan(5);
    run("held = null");
    collectGarbage();
    run("new Uint8Array(2 ** 18)");
    await endTurn();
    expect(budget.heldBytes / MIB).toBeLessThan(1);
  });

  test("draws small arrays by chance, and is not far off", async () => {
    const { budget, run } = await open();
    run(
      "var held = []; for (let i = 0; i < 6_000; i += 1) { new Uint8Array(1_500); held.push(new Uint8Array(500)) }",
    );
    expect(() => run("new Uint8Array(2 ** 24 - 2 ** 20)")).toThrow(/too much memory/);
    expect(budget.heldBytes / 3e6).toBeGreaterThan(0.8);
    expect(budget.heldBytes / 3e6).toBeLessThan(1.2);
  });
});

describe("what a function sees is what it would see otherwise:", () => {
  let guarded: Awaited<ReturnType<typeof open>>;
  const plain = createContext({});
  beforeAll(async () => {
    guarded = await open();
  });

  test.each([
    "Reflect.ownKeys(Uint8Array).map(String).sort().join()",
    "[Float64Array, ArrayBuffer, SharedArrayBuffer, WebAssembly.Memory].map((type) => [type.name, type.length, Object.getPrototypeOf(type).name, type.prototype.constructor === type]).join()",
    "JSON.stringify(Object.getOwnPropertyDescriptor(Uint8Array, 'prototype'))",
    "JSON.stringify(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(Uint8Array.prototype).slice))",
    "JSON.stringify(Object.getOwnPropertyDescriptor(globalThis, 'Uint8Array'))",
    "class A extends Uint8Array { twice() { return this.map((x) => 2 * x) } } const a = new A([1, 2]); [a.twice() instanceof A, a.twice().join(), a instanceof Uint8Array, a.slice(1).constructor.name, a.subarray(1).length].join()",
    "class B extends ArrayBuffer {} const b = new B(8); [b.slice(4) instanceof B, b.slice(4).byteLength].join()",
    "class C extends Uint8Array { static get [Symbol.species]() { return Float32Array } }; new C([1, 2]).map((x) => x / 2).join()",
    "[Uint8Array.from([1, 2]), Uint8Array.of(3), new Uint8Array(new Set([4])), new Uint8Array(Float64Array.of(5.5)), new Uint8Array(), new Uint8Array(undefined), new Uint8Array('2'), new Uint8Array(Number.NaN), new Uint8Array(2.7)].map(String).join('|')",
    "const buffer = new ArrayBuffer(16); [new Float64Array(buffer, 8).length, new Float64Array(buffer, 8, 1).buffer === buffer, new DataView(buffer).byteLength].join()",
    "Object.prototype.toString.call(new Uint8Array(1)) + ArrayBuffer.isView(new Uint8Array(1))",
    "const c = new ArrayBuffer(8, { maxByteLength: 16 }); c.resize(16); [c.resizable, c.byteLength].join()",
    "const shared = new SharedArrayBuffer(8); [shared.byteLength, new Int32Array(shared).buffer === shared].join()",
    "[new Float64Array([3, 1]).toSorted(), new Float64Array([3, 1]).with(0, 5), new Float64Array([3, 1]).toReversed()].join('|')",
    "const m = new WebAssembly.Memory({ initial: 1, maximum: 3 }); [m.grow(1), m.buffer.byteLength, m instanceof WebAssembly.Memory].join()",
  ])("%s", (text) => {
    const wrapped = `(() => { ${text.replace(/([^;]*)$/, "return ($1)")} })()`;
    expect(guarded.run(wrapped)).toEqual(runInContext(wrapped, plain));
  });

  test.each([
    "Uint8Array(1)",
    "new Uint8Array(-1)",
    "new Float64Array(new ArrayBuffer(7))",
    "new ArrayBuffer(-1)",
    "new ArrayBuffer(2, { maxByteLength: 1 })",
    "new Uint8Array(Symbol())",
    "new WebAssembly.Memory()",
    "new WebAssembly.Memory({})",
    "new WebAssembly.Memory({ initial: 2, maximum: 1 })",
    "new WebAssembly.Module(new Uint8Array([1]))",
    "new WebAssembly.Module('text')",
    "Uint8Array.prototype.slice.call([])",
  ])("%s fails", (text) => {
    const nameOf = (run: (text: string) => unknown): unknown =>
      run(`(() => { try { ${text} } catch (error) { return error.name } return 'none' })()`);
    expect(nameOf(guarded.run)).toBe(nameOf((all) => runInContext(all, plain)));
  });
});

describe("modules of WebAssembly", () => {
  const head = [0, 97, 115, 109, 1, 0, 0, 0];
  const type = [1, 6, 1, 96, 1, 127, 1, 127];
  const code = [10, 8, 1, 6, 0, 32, 0, 64, 0, 11];
  const letters = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));
  const growing = (limits: number[], imports: number[] = []) =>
    Uint8Array.from(
      [
        head,
        type,
        imports,
        [3, 2, 1, 0],
        [5, 1 + limits.length, 1, ...limits],
        [7, 17, 2, 4, ...letters("grow"), 0, imports.length === 0 ? 0 : 1],
        [6, ...letters("memory"), 2, 0],
        code,
      ].flat(),
    );
  /** A function "f" of a module "m", of the same type. */
  const oneImport = [2, 7, 1, 1, 109, 1, 102, 0, 0];

  test("import their memories, whose limits the names tell", () => {
    const module = new WebAssembly.Module(
      importMemories(growing([1, 1, 0x80, 0x02])) ?? (head as never),
    );
    const [memory] = WebAssembly.Module.imports(module);
    expect(memory).toMatchObject({ module: MEMORY_MODULE, kind: "memory" });
    expect(memoryLimits(memory?.name ?? "")).toEqual({
      minimum: 1,
      maximum: 256,
      isShared: false,
      is64Bit: false,
    });
    expect(WebAssembly.Module.exports(module)).toHaveLength(2);
  });

  test("keep what they import already, and are left alone without a memory", () => {
    const module = importMemories(growing([0, 1], oneImport));
    expect(
      WebAssembly.Module.imports(new WebAssembly.Module(module ?? new Uint8Array())),
    ).toMatchObject([
      { module: "m", name: "f", kind: "function" },
      { module: MEMORY_MODULE, kind: "memory" },
    ]);
    expect(importMemories(Uint8Array.from([...head, ...type]))).toBeNull();
    expect(() => importMemories(growing([0, 1]).slice(0, 30))).toThrow(/cut short|malformed/);
  });

  test("run as before, grow up to the limit, and are counted when they have", async () => {
    const { budget, run } = await open();
    const bytes = growing([0, 1]).join();
    const withImport = growing([0, 1], oneImport).join();
    run(`
      var bytes = new Uint8Array([${bytes}]);
      var module = new WebAssembly.Module(bytes);
      var { exports } = new WebAssembly.Instance(module);
    `);
    expect(run("[exports.grow(15), exports.memory.buffer.byteLength]")).toEqual([1, 2 ** 20]);
    expect(run("exports.memory instanceof WebAssembly.Memory")).toBe(true);
    expect(budget.heldBytes).toBeGreaterThanOrEqual(MIB);
    expect(run("exports.grow(2 ** 8)")).toBe(-1);
    expect(run("WebAssembly.Module.imports(module).length")).toBe(0);
    expect(
      await run(`(async () => {
        const { module, instance } = await WebAssembly.instantiate(
          new Uint8Array([${withImport}]), { m: { f: (x) => x } });
        const again = await WebAssembly.instantiate(module, { m: { f: (x) => x } });
        return [instance.exports.grow(1), again.exports.memory.buffer.byteLength].join();
      })()`),
    ).toBe("1,65536");
  });

  test("cannot hide how far they have grown", async () => {
    const { run } = await open();
    const bytes = growing([0, 1]).join();
    run(`
      var module = new WebAssembly.Module(new Uint8Array([${bytes}]));
      var held = [];
      function more() { const { exports } = new WebAssembly.Instance(module); exports.grow(127); held.push(exports) }
    `);
    expect(() => run("for (let i = 0; i < 20; i += 1) more()")).toThrow(/too much memory/);
  });
});

test("globals that are not needed go, wherever they stand, and the rest stays", () => {
  class Base {
    caches = 1;
  }
  const prototype = Object.create(Base.prototype) as object;
  Object.defineProperty(prototype, "postMessage", { value: 1, configurable: true });
  const scope = Object.create(prototype) as Record<string, unknown>;
  Object.assign(scope, { Worker: 1, Uint8Array: 2, setTimeout: 3, OfTomorrow: 4 });
  keepGlobals(scope);
  expect(Object.keys(scope)).toEqual(["Uint8Array", "setTimeout"]);
  expect("postMessage" in scope).toBe(false);
  const stubborn = Object.defineProperty({}, "close", { value: 1, configurable: false });
  expect(() => keepGlobals(stubborn)).toThrow("The sandbox cannot do without close.");
});
