// The values behind futures, wherever these stand in arrays and objects.
import { Future } from "./future.ts";

/** What `gather` makes of a value: each future becomes what it stands for. */
export type Gathered<T> =
  T extends Future<infer R>
    ? R
    : T extends readonly unknown[]
      ? { -readonly [K in keyof T]: Gathered<T[K]> }
      : T extends ArrayBuffer | ArrayBufferView | Date | Error
        ? T
        : T extends object
          ? { [K in keyof T]: Gathered<T[K]> }
          : T;

/** Waits for all; rejects with the first failure. */
export async function gather<const T>(value: T): Promise<Gathered<T>> {
  return (await gathered(value)) as Gathered<T>;
}

function gathered(value: unknown): unknown {
  if (value instanceof Future) return value.result();
  if (Array.isArray(value)) return Promise.all(value.map(gathered));
  if (!isPlain(value)) return value;
  const names = Object.keys(value);
  return Promise.all(names.map((name) => gathered(value[name]))).then((values) =>
    Object.fromEntries(names.map((name, i) => [name, values[i]])),
  );
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
