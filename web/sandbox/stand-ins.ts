// Puts functions of ours in the places of built-in ones, so that nothing but what they do differs.

const { apply } = Reflect;

export type Getter = (this: unknown) => unknown;

/** As built-in functions read a number: once, and with an error for big integers and symbols. */
export const toNumber = (value: unknown): number => (value as number) - 0;

/** The function behind a property; it is there in every browser that runs functions. */
export function getterOf(holder: object, name: PropertyKey): Getter {
  // oxlint-disable-next-line typescript/unbound-method -- It is applied to what it is asked of.
  const getter = Object.getOwnPropertyDescriptor(holder, name)?.get;
  if (getter === undefined) throw new TypeError(`There is no getter of ${String(name)}.`);
  return getter;
}

/**
 * Replaces a method, if the browser has it, by one that has `around` call it: the holder's own, or the one
 * that it inherits. `this` stays what it was.
 */
export function guardMethod(
  holder: object | undefined,
  name: string,
  around: (
    call: (args: readonly unknown[]) => unknown,
    args: readonly unknown[],
    self: unknown,
  ) => unknown,
): void {
  let owner: object | null = holder ?? null;
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Reflect.getPrototypeOf(owner);
  if (owner === null) return;
  const descriptor = Object.getOwnPropertyDescriptor(owner, name);
  const native: unknown = descriptor?.value;
  if (descriptor === undefined || typeof native !== "function") return;
  // A method, as these are no constructors.
  const { [name]: method } = {
    [name](this: unknown, ...args: unknown[]) {
      return around((given) => apply(native, this, given) as unknown, args, this);
    },
  };
  Object.defineProperty(method, "length", { value: native.length, configurable: true });
  Object.defineProperty(owner, name, { ...descriptor, value: method });
}

/**
 * Replaces a type by a constructor of ours: it has the same prototype, so that `instanceof` and methods stay as
 * they are, and the prototype leads to it, so that nothing leads to the original.
 */
export function guardType(
  holder: object,
  name: string,
  native: { readonly prototype: object },
  guarded: (...args: never) => object,
): void {
  const statics = Object.getOwnPropertyDescriptors(native);
  Object.defineProperties(guarded, {
    ...statics,
    prototype: { value: native.prototype, writable: false },
  });
  Object.setPrototypeOf(guarded, Object.getPrototypeOf(native) as object | null);
  const constructorProperty = Object.getOwnPropertyDescriptor(native.prototype, "constructor");
  Object.defineProperty(native.prototype, "constructor", {
    ...constructorProperty,
    value: guarded,
  });
  const descriptor = Object.getOwnPropertyDescriptor(holder, name);
  if (descriptor !== undefined) {
    Object.defineProperty(holder, name, { ...descriptor, value: guarded });
  }
}
