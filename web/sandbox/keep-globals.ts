// Leaves a sandboxed thread the language and what calculations need, and takes all else of the browser from it.

/**
 * What a function may have. Everything else goes: further Workers would use more threads than the
 * machine's user granted; channels to other threads and messages to the frame lead around the one answer
 * that a task may give; closing itself would leave the page waiting; and blobs, streams, channels,
 * canvases, images and the like keep bytes where nothing can count them (see memory-budget.ts). A list of
 * what stays, rather than of what goes, as browsers get new interfaces every month.
 */
const KEPT_GLOBALS: ReadonlySet<PropertyKey> = new Set(
  `Object Function Array Number String Boolean Symbol BigInt Date Math JSON RegExp Reflect Proxy Promise
  Map Set WeakMap WeakSet WeakRef FinalizationRegistry Iterator Intl Temporal Atomics WebAssembly
  DisposableStack AsyncDisposableStack
  Error AggregateError EvalError RangeError ReferenceError SuppressedError SyntaxError TypeError URIError
  ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array
  Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array
  Infinity NaN undefined globalThis eval isFinite isNaN parseFloat parseInt
  decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape
  self name location origin isSecureContext crossOriginIsolated navigator console performance crypto
  WorkerGlobalScope DedicatedWorkerGlobalScope WorkerNavigator WorkerLocation Performance Crypto
  TextEncoder TextDecoder URL URLSearchParams atob btoa structuredClone
  setTimeout clearTimeout setInterval clearInterval queueMicrotask reportError
  EventTarget Event CustomEvent ErrorEvent MessageEvent PromiseRejectionEvent AbortController AbortSignal
  DOMException QuotaExceededError
  addEventListener removeEventListener dispatchEvent onerror onrejectionhandled onunhandledrejection
  constructor`.split(/\s+/),
);

/** Objects that lead further: to stores, devices, and copies that nobody counts. */
const KEPT_MEMBERS: Readonly<Record<string, string>> = {
  WorkerNavigator: "hardwareConcurrency language languages onLine platform userAgent constructor",
  Performance: "now timeOrigin getEntries toJSON constructor",
  Crypto: "getRandomValues randomUUID constructor",
};

/** Without these taken away a thread must not start: no policy forbids what they do. */
const DENIED = [
  "Worker",
  "SharedWorker",
  "BroadcastChannel",
  "importScripts",
  "postMessage",
  "close",
];

/** Throws when something of the denied cannot be taken away. */
export function keepGlobals(scope: object): void {
  for (const [name, kept] of Object.entries(KEPT_MEMBERS)) {
    const { prototype } = (Reflect.get(scope, name) ?? {}) as { prototype?: object };
    if (prototype !== undefined) keepOnly(prototype, new Set(kept.split(" ")));
  }
  const ends = [Object.prototype, Reflect.get(scope, "EventTarget") as { prototype?: object }];
  for (let holder: object | null = scope; holder !== null; holder = prototypeOf(holder)) {
    if (ends.some((end) => end === holder || (end as { prototype?: object })?.prototype === holder))
      break;
    keepOnly(holder, KEPT_GLOBALS);
  }
  for (const name of DENIED) {
    if (name in scope) throw new Error(`The sandbox cannot do without ${name}.`);
  }
}

function keepOnly(holder: object, kept: ReadonlySet<PropertyKey>): void {
  for (const name of Reflect.ownKeys(holder)) {
    if (typeof name === "string" && !kept.has(name)) Reflect.deleteProperty(holder, name);
  }
}

const prototypeOf = (value: object): object | null => Object.getPrototypeOf(value) as object | null;
