// The types of arguments: wherever a value is taken, a future or a lazy call of it is too.
import type { Future } from "./future.ts";
import type { Lazy } from "./lazy.ts";

/** A value, or what will be one; elements of arrays too. */
export type Argument<T> =
  | T
  | Future<T>
  | Lazy<T>
  | (T extends readonly (infer E)[] ? readonly Argument<E>[] : never);

/** A function's parameters, each as an argument. */
export type Arguments<A extends unknown[]> = { [K in keyof A]: Argument<A[K]> };

/** A function whose parameters are inferred where it is written. */
// oxlint-disable-next-line no-explicit-any -- any other type would be taken for that of parameters with defaults.
export type TypedFunction = (...args: any[]) => unknown;

/** What a function gives once its promise is kept. */
export type Result<F extends TypedFunction> = Awaited<ReturnType<F>>;
