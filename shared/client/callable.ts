// What can be run on the cluster: kernels by name, and functions by their source text.

/** A kernel of the registry, which every worker has. */
export interface KernelRef {
  /** Its name and version, as in "pearson-tile@3". */
  readonly kernel: string;
}

/** An exported function of a module: a script whose completion value is an object of exports. */
export interface FunctionRef {
  /** The script. It runs in a sandbox: it cannot import, nor reach a network. */
  readonly moduleText: string;
  /** Which of the exports is meant. */
  readonly exportName: string;
  /** What people call it, where that is known: dashboards show it. */
  readonly label?: string;
}

const kernels = new WeakSet<object>();
const functions = new WeakSet<object>();

/** A kernel as "name@version", for `submit` and `lazy`. Throws TypeError when the name is none. */
export function kernel(name: string): KernelRef {
  if (!/^[a-z][a-z0-9-]*@\d+$/.test(name)) {
    throw new TypeError(`"${name}" is no kernel's name; it looks like "pearson-tile@3".`);
  }
  const ref = { kernel: name };
  kernels.add(ref);
  return ref;
}

/**
 * A function of a bundled module. `moduleText` is a script whose last expression is an object of
 * exports: what a bundler makes as an IIFE, followed by the name of its global.
 */
export function functionRef(moduleText: string, exportName = "default"): FunctionRef {
  const ref = { moduleText, exportName };
  functions.add(ref);
  return ref;
}

export const isKernel = (value: unknown): value is KernelRef =>
  typeof value === "object" && value !== null && kernels.has(value);

const isFunctionRef = (value: unknown): value is FunctionRef =>
  typeof value === "object" && value !== null && functions.has(value);

/** Anything with a call signature: its parameters are checked where it is submitted. */
export type AnyFunction = (...args: never[]) => unknown;

const known = new WeakMap<AnyFunction, FunctionRef>();

let nameSource: ((text: string) => string) | null = null;

/** Has stack traces call functions of this program by names that the program can make sense of. */
export function setSourceNamer(name: (text: string) => string): void {
  nameSource = name;
}

/**
 * The module of a function of this page or program. Throws TypeError, in plain words, for what has no
 * source text or would not be a function elsewhere.
 */
export function asFunctionRef(value: AnyFunction | FunctionRef): FunctionRef {
  if (isFunctionRef(value)) return value;
  if (typeof value !== "function") {
    throw new TypeError("Only a function, a functionRef or a kernel can be run on the cluster.");
  }
  const cached = known.get(value);
  if (cached !== undefined) return cached;
  const text = expressionOf(value);
  const named = nameSource === null ? "" : `\n//# sourceURL=${nameSource(text)}`;
  const ref = functionRef(`({ default: (${text}) })${named}`);
  if (value.name !== "") Object.assign(ref, { label: value.name });
  known.set(value, ref);
  return ref;
}

function expressionOf(fn: AnyFunction): string {
  const text = String(fn);
  const name = fn.name === "" ? "This function" : `"${fn.name}"`;
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) {
    const isBound = fn.name.startsWith("bound ");
    throw new TypeError(
      isBound
        ? `${name} is a bound function, whose text does not travel. Pass what it is bound to as an argument.`
        : `${name} is built in and has no text to send. Wrap it: (x) => ${fn.name || "f"}(x).`,
    );
  }
  if (/^class\b/.test(text)) {
    throw new TypeError(
      `${name} is a class. Wrap it: (...args) => new (${fn.name || "Class"})(...args).`,
    );
  }
  if (/^(?:async\s+)?(?:function\s*)?\*/.test(text)) {
    throw new TypeError(`${name} is a generator, which goes on between calls. Return an array.`);
  }
  return isExpression(text) ? text : asMethod(text, name);
}

/** True for "function …" and arrow functions; false for the shorthand of a method. */
function isExpression(text: string): boolean {
  // A method may be called "function" or "async" as well, but then its name is followed by "(".
  if (/^(?:async\s+)?function(?:\s*\*|\s+[^\s(]|\s*\()/.test(text))
    return !/^async\s*\(/.test(text);
  if (/^(?:async\s+)?[\p{L}_$][\p{L}\p{N}_$]*\s*=>/u.test(text)) return true;
  if (!/^(?:async\s*)?\(/.test(text)) return false;
  return /^\s*=>/.test(text.slice(endOfParameters(text)));
}

/** Where the list of parameters that the text begins with ends. Text in them may hold parentheses. */
function endOfParameters(text: string): number {
  let depth = 0;
  for (let i = text.indexOf("("); i < text.length; i += 1) {
    const char = text.charAt(i);
    if (char === "/" && text.charAt(i + 1) === "*") i = after(text, "*/", i + 2);
    else if (char === "/" && text.charAt(i + 1) === "/") i = after(text, "\n", i);
    else if (char === '"' || char === "'" || char === "`") i = endOfText(text, i);
    else if ("([{".includes(char)) depth += 1;
    else if (")]}".includes(char)) depth -= 1;
    if (depth === 0) return i + 1;
  }
  return text.length;
}

/** The last character of the next `end`. */
function after(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  return at === -1 ? text.length : at + end.length - 1;
}

function endOfText(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i += 1) {
    if (text.charAt(i) === "\\") i += 1;
    else if (text.charAt(i) === text.charAt(start)) return i;
  }
  return text.length;
}

/** The shorthand of a method means something within an object only. */
function asMethod(text: string, name: string): string {
  if (/^(?:get|set)\s+[^\s(]/.test(text)) {
    throw new TypeError(`${name} is an accessor, not a function. Pass a function that reads it.`);
  }
  const shorthand = /^(?:static\s+)?((?:async\b\s*)?\*?\s*)(\[|"|'|#|[\p{L}\p{N}_$])/u.exec(text);
  if (shorthand === null || shorthand[2] === "[" || shorthand[2] === "#") {
    throw new TypeError(`${name} cannot be sent as it is written. Use a plain function.`);
  }
  return `Object.values({ ${text.replace(/^static\s+/, "")} })[0]`;
}
