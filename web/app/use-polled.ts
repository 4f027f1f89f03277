// Asks the coordinator for one thing, once or again and again, for as long as a view shows it.
import { useCallback, useEffect, useRef, useState } from "react";
import {
  ClusterError,
  type ClusterClient,
  type Schema,
} from "../../shared/client/cluster-client.ts";
import { createPoller, documentVisibility, type Poller } from "./poller.ts";
import { browserTimers } from "./sampler.ts";

/** After a failure that may pass. */
const RETRY_MS = 3_000;

export interface Polled<T> {
  /** The newest answer; null until there is one. */
  readonly value: T | null;
  /** Why there is none, or none newer, in plain words. */
  readonly problem: string | null;
  /** Asks at once. */
  readonly again: () => void;
}

interface Answer<T> {
  readonly path: string | null;
  readonly value: T | null;
  readonly problem: string | null;
}

/**
 * `path` null asks nothing; `intervalMs` null asks until there is an answer. `schema` must be the same
 * at every call, or it is asked anew.
 */
export function usePolled<T>(
  client: Pick<ClusterClient, "read">,
  path: string | null,
  schema: Schema<T>,
  intervalMs: number | null,
): Polled<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ path: null, value: null, problem: null });
  const restart = useRef<() => void>(() => undefined);
  useEffect(() => {
    if (path === null) return undefined;
    const ending = new AbortController();
    const open = (): Poller => {
      const poller = createPoller({
        ask: async () => {
          try {
            const value = await client.read(path, schema, ending.signal);
            if (ending.signal.aborted) return;
            setAnswer({ path, value, problem: null });
            if (intervalMs === null) poller.close();
          } catch (error) {
            if (ending.signal.aborted) return;
            const problem = error instanceof Error ? error.message : String(error);
            setAnswer((before) => ({
              path,
              value: before.path === path ? before.value : null,
              problem,
            }));
            // What is not there will not come by asking.
            if (error instanceof ClusterError && error.status === 404) poller.close();
          }
        },
        intervalMs: intervalMs ?? RETRY_MS,
        timers: browserTimers,
        visibility: documentVisibility,
      });
      return poller;
    };
    let poller = open();
    restart.current = () => {
      // One that has its answer is closed.
      poller.close();
      poller = open();
    };
    return () => {
      restart.current = () => undefined;
      poller.close();
      ending.abort();
    };
  }, [client, path, schema, intervalMs]);
  const again = useCallback(() => restart.current(), []);
  const isOfPath = answer.path === path && path !== null;
  return {
    value: isOfPath ? answer.value : null,
    problem: isOfPath ? answer.problem : null,
    again,
  };
}
