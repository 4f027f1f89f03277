// A minimal abort controller: the platform's own is not part of ECMAScript, and shared code is.
import type { AbortSignalLike } from "../client/cluster-client.ts";

export interface Abort {
  readonly signal: AbortSignalLike;
  abort(): void;
}

export function createAbort(): Abort {
  let isAborted = false;
  const listeners = new Set<() => void>();
  return {
    signal: {
      get aborted() {
        return isAborted;
      },
      addEventListener: (_type, listener) => void listeners.add(listener),
      removeEventListener: (_type, listener) => void listeners.delete(listener),
    },
    abort() {
      if (isAborted) return;
      isAborted = true;
      for (const listener of listeners) listener();
      listeners.clear();
    },
  };
}
