// Puts WebAssembly's memories under the budget: those that functions make, and those that modules bring.
import type { Buffers } from "./guard-buffers.ts";
import {
  importMemories,
  MEMORY_MODULE,
  type MemoryLimits,
  memoryLimits,
} from "./import-memories.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { getterOf, guardMethod, guardType, toNumber } from "./stand-ins.ts";

const PAGE_BYTES = 2 ** 16;

// Kept before any function of a user runs, which may put its own in their places.
const { apply, construct, defineProperty } = Reflect;
const { create } = Object;
const { floor } = Math;
const Bytes = Uint8Array;
const Big = BigInt;
const Num = Number;
const TypeErrorType = TypeError;

type AnyConstructor = new (...args: never) => object;

/** To be called once `guardBuffers` was. */
export function guardWebAssembly(
  wasm: typeof WebAssembly,
  limit: number,
  buffers: Buffers,
  budget: MemoryBudget,
): void {
  const { Module, Instance, CompileError, compile, instantiate } = wasm;
  // oxlint-disable-next-line typescript/unbound-method -- It has no need of `this`.
  const importsOf = Module.imports;
  const makeMemory = guardMemory(wasm, limit, buffers, budget);

  /** A copy of the bytes, which nobody changes any more, without memories of its own. */
  const rewritten = (source: unknown): Uint8Array => {
    const given = typeof source === "object" && source !== null ? buffers.bytesOf(source) : null;
    if (given === null) throw new TypeErrorType("A WebAssembly module is made from bytes");
    const bytes = copyOf(given);
    // A module keeps its bytes for as long as it lives.
    budget.admit(bytes.length);
    try {
      return importMemories(bytes) ?? bytes;
    } catch (error) {
      throw new CompileError(`The module is damaged: ${(error as Error).message}`);
    }
  };
  const kept = (module: object, bytes: Uint8Array): object => {
    if (budget.count(bytes.length)) budget.mark(module);
    return module;
  };
  /** What the function gave to be imported, and new memories as the module wants them. */
  const supplied = (module: WebAssembly.Module, imports: unknown): unknown => {
    const wanted = importsOf(module);
    let memories: object | null = null;
    for (let i = 0; i < wanted.length; i += 1) {
      const entry = wanted[i];
      if (entry === undefined || entry.module !== MEMORY_MODULE) continue;
      memories ??= create(null) as object;
      defineProperty(memories, entry.name, { value: makeMemory(memoryLimits(entry.name)) });
    }
    if (memories === null) return imports;
    if (imports !== undefined && (typeof imports !== "object" || imports === null)) return imports;
    return create(imports ?? null, { [MEMORY_MODULE]: { value: memories } });
  };

  function GuardedModule(source?: unknown, ...rest: unknown[]): object {
    const target = new.target as unknown as AnyConstructor | undefined;
    if (target === undefined)
      throw new TypeErrorType("WebAssembly.Module must be invoked with 'new'");
    const bytes = rewritten(source);
    return kept(construct(Module, [bytes, rest[0]], target) as object, bytes);
  }
  function GuardedInstance(module?: unknown, ...rest: unknown[]): object {
    const target = new.target as unknown as AnyConstructor | undefined;
    if (target === undefined) {
      throw new TypeErrorType("WebAssembly.Instance must be invoked with 'new'");
    }
    const imports = supplied(module as WebAssembly.Module, rest[0]);
    return construct(Instance, [module, imports], target) as object;
  }
  guardType(wasm, "Module", Module, GuardedModule);
  guardType(wasm, "Instance", Instance, GuardedInstance);

  const compiled = async (source: unknown, options: unknown): Promise<WebAssembly.Module> => {
    const bytes = rewritten(source);
    const module = (await apply(compile, wasm, [bytes, options])) as WebAssembly.Module;
    kept(module, bytes);
    return module;
  };
  const instantiated = async (
    module: WebAssembly.Module,
    imports: unknown,
  ): Promise<WebAssembly.Instance> =>
    (await apply(instantiate, wasm, [module, supplied(module, imports)])) as WebAssembly.Instance;
  guardMethod(wasm, "compile", (_call, args) => compiled(args[0], args[1]));
  guardMethod(wasm, "instantiate", async (_call, args) => {
    const source = args[0];
    if (isModule(source, importsOf)) return instantiated(source, args[1]);
    const module = await compiled(source, args[2]);
    return { module, instance: await instantiated(module, args[1]) };
  });
  guardMethod(GuardedModule, "imports", (call, args) => withoutMemories(call(args)));
  guardMethod(GuardedModule, "customSections", (call, args) => {
    const sections = call(args) as ArrayBuffer[];
    for (let i = 0; i < sections.length; i += 1) buffers.countMade(sections[i]);
    return sections;
  });
  // They take responses, which are not here.
  Reflect.deleteProperty(wasm, "compileStreaming");
  Reflect.deleteProperty(wasm, "instantiateStreaming");
}

function guardMemory(
  wasm: typeof WebAssembly,
  limit: number,
  { sizeOf }: Buffers,
  budget: MemoryBudget,
): (limits: MemoryLimits) => object {
  const { Memory } = wasm;
  const pagesMax = floor(limit / PAGE_BYTES);
  const bufferOf = getterOf(Memory.prototype, "buffer");
  const bytesOf = (memory: object): number => sizeOf(apply(bufferOf, memory, []) as object) ?? 0;

  /** No memory may grow beyond the limit, also when no JavaScript is there to notice. */
  const make = (limits: MemoryLimits, target: AnyConstructor = Memory): object => {
    const { minimum, isShared: shared, is64Bit } = limits;
    budget.admit(minimum * PAGE_BYTES);
    const declared = limits.maximum;
    const maximum = declared === null || declared > pagesMax ? pagesMax : declared;
    const descriptor = is64Bit
      ? { initial: Big(minimum), maximum: Big(maximum), shared, address: "i64" }
      : { initial: minimum, maximum, shared };
    const memory = construct(Memory, [descriptor], target) as object;
    budget.watch(memory, () => bytesOf(memory));
    return memory;
  };

  function Guarded(descriptor?: unknown): object {
    const target = new.target as unknown as AnyConstructor | undefined;
    if (target === undefined || typeof descriptor !== "object" || descriptor === null) {
      throw new TypeErrorType("WebAssembly.Memory must be made with 'new' and a descriptor");
    }
    // Each is read once: asked again, an object might say something else.
    const { initial, maximum, shared, address } = descriptor as Record<string, unknown>;
    if (initial === undefined) throw new TypeErrorType("WebAssembly.Memory needs 'initial' pages");
    const limits = {
      minimum: Num(initial),
      maximum: maximum === undefined ? null : Num(maximum),
      isShared: Boolean(shared),
      is64Bit: address === "i64",
    };
    if (limits.isShared && limits.maximum === null) {
      throw new TypeErrorType("A shared WebAssembly.Memory needs 'maximum' pages");
    }
    return make(limits, target);
  }
  guardType(wasm, "Memory", Memory, Guarded);

  guardMethod(Memory.prototype, "grow", (call, args, self) => {
    const given = args[0];
    const pages = typeof given === "bigint" ? given : toNumber(given);
    budget.admit(Num(pages) * PAGE_BYTES);
    const before = call([pages]);
    budget.resized(self as object, bytesOf(self as object));
    return before;
  });
  // Modules grow memories by themselves; programs look at the buffer before they use what is new.
  const descriptor = Object.getOwnPropertyDescriptor(Memory.prototype, "buffer");
  const { get: guardedGet } = Object.getOwnPropertyDescriptor(
    {
      get buffer(): object {
        const buffer = apply(bufferOf, this, []) as object;
        budget.resized(this, sizeOf(buffer) ?? 0);
        return buffer;
      },
    },
    "buffer",
  ) as { get: () => object };
  Object.defineProperty(Memory.prototype, "buffer", { ...descriptor, get: guardedGet });
  return make;
}

function isModule(
  value: unknown,
  importsOf: (module: WebAssembly.Module) => unknown,
): value is WebAssembly.Module {
  try {
    importsOf(value as WebAssembly.Module);
    return true;
  } catch {
    return false;
  }
}

/** The rewritten modules' own imports are nobody's business. */
function withoutMemories(imports: unknown): WebAssembly.ModuleImportDescriptor[] {
  const list = imports as WebAssembly.ModuleImportDescriptor[];
  const rest: WebAssembly.ModuleImportDescriptor[] = [];
  for (let i = 0; i < list.length; i += 1) {
    const entry = list[i];
    if (entry !== undefined && entry.module !== MEMORY_MODULE) {
      defineProperty(rest, rest.length, {
        value: entry,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
  }
  return rest;
}

function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Bytes(bytes.length);
  for (let i = 0; i < copy.length; i += 1) copy[i] = bytes[i] ?? 0;
  return copy;
}
