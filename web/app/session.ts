// The dashboard's one client and its stores, handed to the views through React's context.
import { createContext, useContext } from "react";
import { useStore } from "zustand";
import type { Cluster } from "../../shared/client/cluster.ts";
import type { ClusterClient } from "../../shared/client/cluster-client.ts";
import { present } from "../../shared/assert.ts";
import { createSystemStore, type SystemStore } from "../features/system/system-store.ts";
import { createClusterStore, type ClusterState, type ClusterStore } from "./cluster-store.ts";
import { documentVisibility } from "./poller.ts";
import { browserTimers } from "./sampler.ts";

export interface Session {
  readonly client: ClusterClient;
  /** The same connection as programs use it: every job is submitted by it. */
  readonly library: Cluster;
  readonly cluster: ClusterStore;
  /** The coordinator's figures, kept while the page is open. */
  readonly system: SystemStore;
  /** The submit token, for the requests that the client does not make. */
  readonly token: string;
}

export function openSession(client: ClusterClient, library: Cluster, token: string): Session {
  const system = createSystemStore(client, {
    timers: browserTimers,
    visibility: documentVisibility,
  });
  return { client, library, cluster: createClusterStore(client), system, token };
}

export const SessionContext = createContext<Session | null>(null);

export const useSession = (): Session => present(useContext(SessionContext), "the session");

/** A part of the cluster's state; renders again only when that part changes. */
export function useCluster<T>(select: (state: ClusterState) => T): T {
  return useStore(useSession().cluster.store, select);
}
