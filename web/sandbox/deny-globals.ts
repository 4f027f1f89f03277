// Takes from a sandboxed thread what a function has no business with and no policy forbids.

/**
 * The frame's policy already refuses every connection, and its opaque origin all storage. What is left:
 * further Workers would use more threads than the machine's user granted; channels to other threads and
 * messages to the frame lead around the one answer that a task may give; and closing itself would leave
 * the page waiting.
 */
const DENIED = [
  "Worker",
  "SharedWorker",
  "BroadcastChannel",
  "importScripts",
  "postMessage",
  "close",
];

/** Throws when something cannot be taken away: then the thread must not start. */
export function denyGlobals(scope: object): void {
  for (const name of DENIED) {
    for (let holder: object | null = scope; holder !== null; holder = prototypeOf(holder)) {
      Reflect.deleteProperty(holder, name);
    }
    if (name in scope) throw new Error(`The sandbox cannot do without ${name}.`);
  }
}

const prototypeOf = (value: object): object | null => Object.getPrototypeOf(value) as object | null;
