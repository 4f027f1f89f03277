// What an actor can be made of: a kind that every worker has, a class of this program, or one of a module.
import type { FunctionRef } from "./callable.ts";

/** A class whose instances can be actors; `init` is its constructor's only argument. */
export type ActorClass<T extends object, I = unknown> = new (init: I) => T;

/** The module of a class, as of a function. Throws TypeError for what is none, or could not travel. */
export function asClassRef(value: unknown): FunctionRef {
  if (typeof value === "object" && value !== null) return value as FunctionRef;
  const text = typeof value === "function" ? String(value) : "";
  const name = typeof value === "function" && value.name !== "" ? `"${value.name}"` : "This";
  if (!/^class\b/.test(text)) {
    throw new TypeError(
      `${name} is no class. An actor is made of a class, a functionRef of an exported class, or the name of a built-in kind.`,
    );
  }
  if (/^class(?:\s+[\p{L}_$][\p{L}\p{N}_$]*)?\s+extends\b/u.test(text)) {
    throw new TypeError(
      `${name} extends another class, whose text would not travel with it. Bundle it and use functionRef.`,
    );
  }
  return { moduleText: `({ default: (${text}) })`, exportName: "default" };
}
