// Asynchronous work of a client that ends, rejected, when nobody waits for it or no answer will come.
import { createAbort } from "../data-plane/abort.ts";
import type { Clock } from "../data-plane/clock.ts";
import type { ClientMessage } from "../protocol/messages.ts";
import { ClusterError, type AbortSignalLike } from "./cluster-client.ts";
import type { ControlConnection } from "./control-connection.ts";

/** An answer that was under way when the connection broke is waited for this long after its return. */
const ANSWER_GRACE_MS = 5_000;

export type Run = <T>(
  work: (signal: AbortSignalLike) => Promise<T>,
  signal?: AbortSignalLike,
) => Promise<T>;

/** Ends one piece of work with this error; without effect on what has settled. */
type End = (error: ClusterError) => void;

export interface Runner {
  /** Runs `work` until it settles, `signal` is aborted, or the client is closed. */
  readonly run: Run;
  readonly underWay: () => readonly End[];
  /** Ends all that is under way, and whatever is begun later. */
  readonly close: () => void;
}

export function createRunner(): Runner {
  const enders = new Set<End>();
  let isClosed = false;
  const run: Run = <T>(
    work: (signal: AbortSignalLike) => Promise<T>,
    signal?: AbortSignalLike,
  ): Promise<T> => {
    if (isClosed) return Promise.reject(closed());
    if (signal?.aborted === true) return Promise.reject(cancelled());
    return new Promise<T>((resolve, reject) => {
      const abort = createAbort();
      const end: End = (error) => {
        settle();
        reject(error);
        abort.abort();
      };
      const onAbort = (): void => end(cancelled());
      const settle = (): void => {
        enders.delete(end);
        signal?.removeEventListener("abort", onAbort);
      };
      enders.add(end);
      signal?.addEventListener("abort", onAbort);
      work(abort.signal).then(resolve, reject).finally(settle);
    });
  };
  return {
    run,
    underWay: () => [...enders],
    close: () => {
      isClosed = true;
      for (const end of enders) end(closed());
    },
  };
}

/**
 * Ends requests that a broken connection may have taken along, a while after there is a new one: nothing
 * else may ever tell that no answer will come. Returns what stops this.
 */
export function giveUpUnanswered(
  { underWay }: Runner,
  control: Pick<ControlConnection<ClientMessage>, "onState">,
  clock: Clock,
): () => void {
  let doubtful = new Set<End>();
  let stopTimer = (): void => undefined;
  const stopListening = control.onState(({ state }) => {
    stopTimer();
    if (state === "lost") doubtful = new Set([...doubtful, ...underWay()]);
    else if (state === "welcomed" && doubtful.size > 0) {
      stopTimer = clock.after(ANSWER_GRACE_MS, () => {
        for (const end of doubtful) end(unanswered());
        doubtful.clear();
      });
    }
  });
  return () => {
    stopTimer();
    stopListening();
  };
}

const closed = (): ClusterError =>
  new ClusterError("This connection was closed.", 0, { isFinal: true });
const cancelled = (): ClusterError => new ClusterError("Cancelled.", 0, { isFinal: true });
const unanswered = (): ClusterError =>
  new ClusterError("The connection broke before the coordinator had answered.", 0);
