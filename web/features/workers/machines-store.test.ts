// Checks the list of machines: order, search, and that rows which say the same are the same objects.
import { describe, expect, it } from "vitest";
import { createStore } from "zustand/vanilla";
import { asWorkerId, type WorkerId } from "../../../shared/ids.ts";
import type { WorkerView } from "../../../shared/protocol/messages.ts";
import { workerView } from "../../../shared/testing/views.ts";
import type { ClusterState } from "../../app/cluster-store.ts";
import { ORDER_STANDS_MS, sortAfter, sortMachines, type MachineColumn } from "./machine-order.ts";
import { createMachinesStore } from "./machines-store.ts";

const id = (letter: string): WorkerId => asWorkerId(`w_${letter.repeat(22)}`);
const { condition, device } = workerView();

const laptop = workerView({
  worker: id("a"),
  name: "Kiosk 10",
  threads: 8,
  tasksDone: 5,
  relativeSpeed: 3,
  speeds: [{ kernel: "pearson@1", operationsPerMs: 9 }],
  joinedAtMs: 1_000,
});
const phone = workerView({
  worker: id("b"),
  name: "kiosk 2",
  device: { ...device, browser: "Safari 18", system: "iPhone" },
  threads: 2,
  tasksDone: 900,
  condition: { ...condition, busyShare: 0.7 },
  joinedAtMs: 500,
});
const tablet = workerView({
  worker: id("c"),
  name: "Attic",
  state: "paused",
  condition: { ...condition, pausedBy: "battery", memoryBytes: 9 },
  standing: "doubtful",
});

function cluster(workers: readonly WorkerView[]) {
  let [wall, steady] = [80_000, 0];
  const source = createStore<ClusterState>(() => ({
    connection: { state: "connected" },
    view: { workers, jobs: [] },
    isKnown: true,
  }));
  const machines = createMachinesStore({
    cluster: source,
    wallMs: () => wall,
    steadyMs: () => steady,
  });
  const stop = machines.follow();
  return {
    machines,
    stop,
    names: () => machines.store.getState().rows.map(({ name }) => name),
    show: (next: readonly WorkerView[], laterMs = 250) => {
      wall += laterMs;
      steady += laterMs;
      source.setState({ view: { workers: next, jobs: [] } });
    },
  };
}

describe("sortMachines", () => {
  const order = (column: MachineColumn, isDescending: boolean): string =>
    sortMachines([laptop, phone, tablet], { column, isDescending })
      .map(({ worker }) => worker.charAt(2))
      .join("");

  it("sorts names as people do", () => expect(order("name", false)).toBe("cba"));

  it.each<[MachineColumn, boolean, string]>([
    ["threads", true, "acb"],
    ["busy", true, "bca"],
    ["speed", true, "acb"],
    ["memory", true, "cba"],
    ["tasks", true, "bac"],
    ["tasks", false, "cab"],
    ["standing", false, "cba"],
    ["here", true, "cba"],
  ])("sorts by %s (largest first: %s)", (column, isDescending, wanted) => {
    expect(order(column, isDescending)).toBe(wanted);
  });

  it("turns the order of a column round, and begins another one with its own", () => {
    const byName = { column: "name", isDescending: false } as const;
    expect(sortAfter(byName, "name")).toEqual({ column: "name", isDescending: true });
    expect(sortAfter(byName, "tasks")).toEqual({ column: "tasks", isDescending: true });
    expect(sortAfter(byName, "path")).toEqual({ column: "path", isDescending: false });
  });
});

describe("createMachinesStore", () => {
  it("finds machines in which every word occurs", () => {
    const { machines, names } = cluster([laptop, phone, tablet]);
    machines.find("kiosk");
    expect(names()).toEqual(["kiosk 2", "Kiosk 10"]);
    machines.find("IPHONE kiosk");
    expect(names()).toEqual(["kiosk 2"]);
    machines.find("on battery");
    expect(names()).toEqual(["Attic"]);
    machines.find("nothing like it");
    expect(names()).toEqual([]);
    expect(machines.store.getState().total).toBe(3);
  });

  it("keeps the row of a machine that shows nothing new", () => {
    const { machines, show } = cluster([laptop, phone]);
    const before = machines.store.getState().rows;
    // Bytes too few to be seen in megabytes, and a copy of everything else.
    show([{ ...laptop }, { ...phone, tasksDone: 901 }]);
    const after = machines.store.getState().rows;
    expect(after.map((row, at) => row === before[at])).toEqual([false, true]);
    show([{ ...laptop }, { ...phone, tasksDone: 901 }]);
    expect(machines.store.getState().rows).toBe(after);
  });

  it("lets an order by changing figures stand for a while, and newcomers in at once", () => {
    const { machines, names, show } = cluster([laptop, phone]);
    machines.sortBy("tasks");
    expect(names()).toEqual(["kiosk 2", "Kiosk 10"]);
    const ahead = { ...laptop, tasksDone: 1_000 };
    show([ahead, phone]);
    expect(names()).toEqual(["kiosk 2", "Kiosk 10"]);
    show([ahead, phone], ORDER_STANDS_MS);
    expect(names()).toEqual(["Kiosk 10", "kiosk 2"]);
    show([ahead, phone, { ...tablet, tasksDone: 950 }]);
    expect(names()).toEqual(["Kiosk 10", "Attic", "kiosk 2"]);
  });

  it("shows a new name at its place, and hears nothing once it is let go", () => {
    const { names, show, stop } = cluster([laptop, phone]);
    show([{ ...laptop, name: "Aardvark" }, phone]);
    expect(names()).toEqual(["Aardvark", "kiosk 2"]);
    stop();
    show([]);
    expect(names()).toEqual(["Aardvark", "kiosk 2"]);
  });
});
