// What the dashboard's views know of the cluster, sampled from the client at a readable rate.
import { createStore, type StoreApi } from "zustand/vanilla";
import type {
  ClusterClient,
  ClusterView,
  ConnectionState,
} from "../../shared/client/cluster-client.ts";
import { browserTimers, createSampler, type SamplerTimers } from "./sampler.ts";

export interface ClusterState {
  readonly connection: ConnectionState;
  readonly view: ClusterView;
  /** False until the first message: "no machines" and "not known yet" are different things. */
  readonly isKnown: boolean;
}

export interface ClusterStore {
  readonly store: StoreApi<ClusterState>;
  close(): void;
}

export type ClusterSource = Pick<ClusterClient, "connection" | "view" | "onConnection" | "onView">;

export function createClusterStore(
  client: ClusterSource,
  timers: SamplerTimers = browserTimers,
): ClusterStore {
  const store = createStore<ClusterState>(() => ({
    connection: client.connection,
    view: client.view,
    isKnown: false,
  }));
  const sampler = createSampler(() => {
    store.setState({ view: client.view, isKnown: true });
  }, timers);
  const offView = client.onView(() => sampler.request());
  // A lost connection is rare and must show at once.
  const offConnection = client.onConnection((connection) => store.setState({ connection }));
  return {
    store,
    close() {
      offView();
      offConnection();
      sampler.close();
    },
  };
}
