// Asks the coordinator for the measured ways between machines while somebody looks at them.
import { createStore, type StoreApi } from "zustand/vanilla";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import { httpPaths } from "../../../shared/protocol/http.ts";
import { linksSchema, type Links } from "../../../shared/protocol/telemetry.ts";
import { createPoller, type PollerParts } from "../../app/poller.ts";

/** Machines report their ways every two seconds. */
const INTERVAL_MS = 2_000;

export interface LinksState {
  /** Null until the first answer. */
  readonly links: Links["links"] | null;
  readonly problem: string | null;
}

export interface LinksStore {
  readonly store: StoreApi<LinksState>;
  readonly follow: () => () => void;
}

export function createLinksStore(
  client: Pick<ClusterClient, "read">,
  parts: Pick<PollerParts, "timers" | "visibility">,
): LinksStore {
  const store = createStore<LinksState>(() => ({ links: null, problem: null }));
  let lastText = "";
  async function ask(): Promise<void> {
    try {
      const { links } = await client.read(httpPaths.links, linksSchema);
      const text = JSON.stringify(links);
      if (text !== lastText || store.getState().problem !== null) {
        store.setState({ links, problem: null });
      }
      lastText = text;
    } catch (error) {
      store.setState({ problem: error instanceof Error ? error.message : String(error) });
    }
  }
  return {
    store,
    follow: () => {
      const poller = createPoller({ ask, intervalMs: INTERVAL_MS, ...parts });
      return () => poller.close();
    },
  };
}
