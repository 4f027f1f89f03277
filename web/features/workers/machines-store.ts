// The list of machines as the page shows it: rows, order and wishes, kept from the cluster's view.
import { createStore, type StoreApi } from "zustand/vanilla";
import type { WorkerId } from "../../../shared/ids.ts";
import type { ClusterState } from "../../app/cluster-store.ts";
import { StandingOrder, sortAfter, type MachineColumn, type OrderWish } from "./machine-order.ts";
import { MachineRows, type MachineRow } from "./machine-rows.ts";

interface MachinesState {
  readonly wish: OrderWish;
  /** The machines that fit the text, in order. */
  readonly rows: readonly MachineRow[];
  /** All machines, those that do not fit the text included. */
  readonly total: number;
}

export interface MachinesStore {
  readonly store: StoreApi<MachinesState>;
  readonly sortBy: (column: MachineColumn) => void;
  find(text: string): void;
  /** Says anew what depends on the time alone. */
  readonly refresh: () => void;
  /** Follows the cluster until the answer is called. */
  readonly follow: () => () => void;
}

export interface MachinesParts {
  readonly cluster: Pick<StoreApi<ClusterState>, "getState" | "subscribe">;
  /** Unix milliseconds, as the coordinator tells when a machine joined. */
  readonly wallMs: () => number;
  /** A clock that does not jump. */
  readonly steadyMs: () => number;
}

export function createMachinesStore({ cluster, wallMs, steadyMs }: MachinesParts): MachinesStore {
  const words = new MachineRows();
  const order = new StandingOrder();
  const store = createStore<MachinesState>(() => ({
    wish: { sort: { column: "name", isDescending: false }, text: "" },
    rows: [],
    total: 0,
  }));

  function update(wish: OrderWish): void {
    const { workers } = cluster.getState().view;
    const rows = words.update(workers, wallMs());
    const listed = order.update(workers, wish, steadyMs());
    const inOrder = listed.map((worker: WorkerId) => rows.get(worker));
    const shown = inOrder.filter((row): row is MachineRow => row !== undefined);
    const before = store.getState();
    const isSame =
      shown.length === before.rows.length && shown.every((row, at) => row === before.rows[at]);
    store.setState({ wish, rows: isSame ? before.rows : shown, total: workers.length });
  }

  return {
    store,
    sortBy(column) {
      const { wish } = store.getState();
      update({ ...wish, sort: sortAfter(wish.sort, column) });
    },
    find(text) {
      update({ ...store.getState().wish, text });
    },
    refresh: () => update(store.getState().wish),
    follow() {
      update(store.getState().wish);
      return cluster.subscribe(() => update(store.getState().wish));
    },
  };
}
