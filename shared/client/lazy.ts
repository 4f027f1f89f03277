// Graphs that are described first and computed later: lazy calls, and the tasks that they become.
import type { TaskCost } from "../graph/task.ts";
import { asFunctionRef, isKernel } from "./callable.ts";
import type { AnyFunction, FunctionRef, KernelRef } from "./callable.ts";
import type { TaskBuilder, TaskSettings } from "./task-builder.ts";
import type { TaskNode } from "./task-node.ts";
import type { Arguments, Result, TypedFunction } from "./argument-types.ts";

/** How a lazy call is to be run; what is not given is taken from the cluster's options. */
export interface LazyOptions {
  /** Failures that are forgiven before the task fails. */
  readonly retries?: number;
  /** Milliseconds in a thread after which a call is ended, as a failure. */
  readonly limitMs?: number;
  /** False when each computation is to run anew, though the function and its arguments are the same. */
  readonly pure?: boolean;
  /** For kernels: what the scheduler is to expect until it has measured. */
  readonly cost?: TaskCost;
}

/** A call that has not been asked for yet. It can be an argument of further lazy calls. */
export class Lazy<T = unknown> {
  /** What is called. */
  readonly callee: FunctionRef | KernelRef;
  /** Values, futures, and other lazy calls. */
  readonly args: readonly unknown[];
  /** As they were given to `lazy`. */
  readonly options: LazyOptions;
  /** Only for the type of the result. */
  declare readonly result?: T;

  /** Not for users: `lazy(fn)(…args)` makes them. */
  constructor(callee: FunctionRef | KernelRef, args: readonly unknown[], options: LazyOptions) {
    this.callee = callee;
    this.args = args;
    this.options = options;
  }
}

/**
 * A function (or kernel) whose calls are described rather than made: `cluster.compute` and
 * `cluster.persist` run them, and only those that their targets need.
 */
export function lazy<F extends TypedFunction>(
  fn: F,
  options?: LazyOptions,
): (...args: Arguments<Parameters<F>>) => Lazy<Result<F>>;
export function lazy(
  callee: FunctionRef | KernelRef,
  options?: LazyOptions,
): (...args: readonly unknown[]) => Lazy;
export function lazy(
  callee: AnyFunction | FunctionRef | KernelRef,
  options: LazyOptions = {},
): (...args: readonly unknown[]) => Lazy {
  const ref = isKernel(callee) ? callee : asFunctionRef(callee);
  return (...args) => new Lazy(ref, args, options);
}

/** The tasks of lazy calls, each made once: what is impure is one call, however often it is referred to. */
export class LazyTasks {
  readonly #builder: TaskBuilder;
  readonly #nodes = new WeakMap<Lazy, TaskNode>();

  constructor(builder: TaskBuilder) {
    this.#builder = builder;
  }

  nodeOf(target: Lazy, defaults: TaskSettings): TaskNode {
    const known = this.#nodes.get(target);
    if (known !== undefined) return known;
    // Arguments before the calls that take them, on a stack of our own: chains may be very long.
    const stack: { readonly call: Lazy; readonly isReady: boolean }[] = [
      { call: target, isReady: false },
    ];
    const open = new Set<Lazy>();
    let node: TaskNode | undefined;
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const { call, isReady } = top;
      if (this.#nodes.has(call)) continue;
      if (isReady) {
        node = this.#build(call, defaults);
        this.#nodes.set(call, node);
        continue;
      }
      if (open.has(call)) throw new TypeError("These lazy calls need each other.");
      open.add(call);
      stack.push({ call, isReady: true });
      for (const argument of lazyWithin(call.args)) {
        if (!this.#nodes.has(argument)) stack.push({ call: argument, isReady: false });
      }
    }
    return node as TaskNode;
  }

  #build({ callee, args, options }: Lazy, defaults: TaskSettings): TaskNode {
    const settings = settingsOf(options, defaults);
    return isKernel(callee)
      ? this.#builder.kernel(callee, args, settings)
      : this.#builder.call(callee, args, settings);
  }
}

function settingsOf(options: LazyOptions, defaults: TaskSettings): TaskSettings {
  return {
    retries: options.retries ?? defaults.retries,
    limitMs: options.limitMs ?? defaults.limitMs,
    isPure: options.pure ?? defaults.isPure,
    ...(options.cost === undefined ? {} : { cost: options.cost }),
  };
}

/** Lazy calls among arguments, also within arrays, maps, sets and plain objects. */
function lazyWithin(args: readonly unknown[]): Set<Lazy> {
  const found = new Set<Lazy>();
  const seen = new Set<object>();
  const add = (value: unknown): void => {
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
    if (value instanceof Lazy) found.add(value);
    else seen.add(value);
  };
  args.forEach(add);
  // A Set's iteration also visits what is added while it runs.
  for (const value of seen) {
    if (Array.isArray(value) || value instanceof Set) value.forEach(add);
    else if (value instanceof Map) {
      for (const [key, member] of value) {
        add(key);
        add(member);
      }
    } else if (isPlain(value)) Object.values(value).forEach(add);
  }
  return found;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
