// Ctrl-C and its relatives: the first asks a command to end cleanly, the second ends it at once.
import { CommandError } from "./command-error.ts";

export interface StopSignal {
  /** Resolves at the first signal. */
  readonly stopped: Promise<void>;
  /** Aborted at the first signal, with a CommandError as its reason. */
  readonly signal: AbortSignal;
  /** Stops listening. */
  release(): void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function listenForStop(): StopSignal {
  const abort = new AbortController();
  const { promise, resolve } = withResolver();
  const onSignal = (): void => {
    // 130 is what shells expect of a program that Ctrl-C ended.
    if (abort.signal.aborted) process.exit(130);
    abort.abort(new CommandError("Stopped."));
    resolve();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    stopped: promise,
    signal: abort.signal,
    release: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}

function withResolver(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
