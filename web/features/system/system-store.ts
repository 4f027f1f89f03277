// Asks the coordinator for its figures while somebody looks, and keeps the last hour of them.
import { createStore, type StoreApi } from "zustand/vanilla";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import { httpPaths } from "../../../shared/protocol/http.ts";
import { systemSchema } from "../../../shared/protocol/telemetry.ts";
import { createPoller, type Poller, type PollerParts } from "../../app/poller.ts";
import { emptyHistory, mergeHistory, type History } from "./system-history.ts";

/** The coordinator takes one sample a second. */
const INTERVAL_MS = 1_000;

export interface SystemState {
  readonly history: History;
  /** Why the newest figures are missing, in plain words. */
  readonly problem: string | null;
}

export interface SystemStore {
  readonly store: StoreApi<SystemState>;
  /** Asks on until every follower has called its answer. */
  readonly follow: () => () => void;
}

export function createSystemStore(
  client: Pick<ClusterClient, "read">,
  parts: Pick<PollerParts, "timers" | "visibility">,
): SystemStore {
  const store = createStore<SystemState>(() => ({ history: emptyHistory, problem: null }));
  let followers = 0;
  let poller: Poller | null = null;

  async function ask(): Promise<void> {
    try {
      const since = store.getState().history.nextSeq;
      const answer = await client.read(httpPaths.system(since), systemSchema);
      const history = mergeHistory(store.getState().history, answer, since);
      store.setState({ history, problem: null });
    } catch (error) {
      store.setState({ problem: error instanceof Error ? error.message : String(error) });
    }
  }

  return {
    store,
    follow() {
      followers += 1;
      poller ??= createPoller({ ask, intervalMs: INTERVAL_MS, ...parts });
      let isFollowing = true;
      return () => {
        if (!isFollowing) return;
        isFollowing = false;
        followers -= 1;
        if (followers > 0) return;
        poller?.close();
        poller = null;
      };
    },
  };
}
