// Checks that views are sampled, connections are told at once, and closing lets everything go.
import { describe, expect, it } from "vitest";
import type { ClusterView, ConnectionState } from "../../shared/client/cluster-client.ts";
import { createClusterStore, type ClusterSource } from "./cluster-store.ts";

function scriptedSource() {
  let view: ClusterView = { workers: [], jobs: [] };
  const viewListeners = new Set<(view: ClusterView) => void>();
  const connectionListeners = new Set<(connection: ConnectionState) => void>();
  const source: ClusterSource = {
    connection: { state: "connecting" },
    get view() {
      return view;
    },
    onView(listener) {
      viewListeners.add(listener);
      return () => void viewListeners.delete(listener);
    },
    onConnection(listener) {
      connectionListeners.add(listener);
      return () => void connectionListeners.delete(listener);
    },
  };
  return {
    source,
    show: () => {
      view = { workers: [], jobs: [] };
      for (const listener of viewListeners) listener(view);
      return view;
    },
    connect: (connection: ConnectionState) => {
      for (const listener of connectionListeners) listener(connection);
    },
    listeners: () => viewListeners.size + connectionListeners.size,
  };
}

describe("createClusterStore", () => {
  it("knows nothing before the first message and shows the newest view after a burst", () => {
    const { source, show } = scriptedSource();
    let due: () => void = () => undefined;
    const timers = {
      nowMs: () => 0,
      after: (_delayMs: number, call: () => void) => {
        due = call;
        return () => undefined;
      },
    };
    const { store } = createClusterStore(source, timers);
    expect(store.getState().isKnown).toBe(false);
    const first = show();
    expect(store.getState()).toMatchObject({ isKnown: true });
    expect(store.getState().view).toBe(first);
    show();
    const newest = show();
    expect(store.getState().view).toBe(first);
    due();
    expect(store.getState().view).toBe(newest);
  });

  it("tells a change of the connection at once, and nothing after it was closed", () => {
    const { source, connect, listeners } = scriptedSource();
    const cluster = createClusterStore(source);
    const { store } = cluster;
    connect({ state: "lost", retryAtMs: 5 });
    expect(store.getState().connection.state).toBe("lost");
    cluster.close();
    expect(listeners()).toBe(0);
  });
});
