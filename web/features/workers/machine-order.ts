// Which machines are listed and in which order, by a column and a text to look for.
import { unreachable } from "../../../shared/assert.ts";
import type { WorkerId } from "../../../shared/ids.ts";
import type { WorkerView } from "../../../shared/protocol/messages.ts";
import { deviceWords, pathWords, standingWords, stateAndPlace } from "./machine-words.ts";

export const machineColumns = [
  "name",
  "threads",
  "busy",
  "speed",
  "path",
  "memory",
  "tasks",
  "standing",
  "here",
] as const;
export type MachineColumn = (typeof machineColumns)[number];

export interface MachineSort {
  readonly column: MachineColumn;
  readonly isDescending: boolean;
}

export const COLUMN_WORDS: Record<MachineColumn, string> = {
  name: "Machine",
  threads: "Threads",
  busy: "Busy",
  speed: "Speed",
  path: "Path of its data",
  memory: "Memory",
  tasks: "Tasks done",
  standing: "Standing",
  here: "Here for",
};

/** Texts are read from A on; of amounts the large ones are looked for. */
const beginsDescending = (column: MachineColumn): boolean =>
  column !== "name" && column !== "path" && column !== "standing";

/** The order after a press on a column's heading: its own first, and then the other way round. */
export const sortAfter = (sort: MachineSort, column: MachineColumn): MachineSort => ({
  column,
  isDescending: sort.column === column ? !sort.isDescending : beginsDescending(column),
});

const STANDINGS = ["doubtful", "new", "good"];

function amountOf(worker: WorkerView, column: MachineColumn): number | string {
  switch (column) {
    case "name":
      return worker.name;
    case "path":
      return pathWords(worker);
    case "threads":
      return worker.threads;
    case "busy":
      return worker.condition.busyShare;
    case "speed":
      return worker.speeds.length === 0 ? -1 : worker.relativeSpeed;
    case "memory":
      return worker.condition.memoryBytes;
    case "tasks":
      return worker.tasksDone;
    case "standing":
      return STANDINGS.indexOf(worker.standing);
    case "here":
      return -worker.joinedAtMs;
    default:
      return unreachable(column);
  }
}

// "Kiosk 2" before "Kiosk 10", and capitals do not matter.
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function compare(a: number | string, b: number | string): number {
  return typeof a === "string" && typeof b === "string"
    ? collator.compare(a, b)
    : Number(a) - Number(b);
}

export function sortMachines(
  workers: readonly WorkerView[],
  { column, isDescending }: MachineSort,
): readonly WorkerView[] {
  const sign = isDescending ? -1 : 1;
  return workers.toSorted((a, b) => {
    const order = compare(amountOf(a, column), amountOf(b, column)) * sign;
    // Equals keep one order, whatever the coordinator's list does.
    return order || collator.compare(a.name, b.name) || (a.worker < b.worker ? -1 : 1);
  });
}

/** Machines in which every word of the text occurs: in name, device, address, state, path, standing. */
function matchingMachines(workers: readonly WorkerView[], text: string): readonly WorkerView[] {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return workers;
  return workers.filter((worker) => {
    const facts = [
      worker.name,
      deviceWords(worker),
      worker.device.gpu ?? "",
      worker.address,
      stateAndPlace(worker),
      pathWords(worker),
      standingWords(worker),
    ];
    const all = facts.join("\n").toLocaleLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** How long an order by figures that change stands: rows that jump cannot be read. */
export const ORDER_STANDS_MS = 5_000;

export interface OrderWish {
  readonly sort: MachineSort;
  readonly text: string;
}

/** The listed machines in an order that stands for a while, though the figures move on. */
export class StandingOrder {
  #wish: OrderWish | null = null;
  #order: readonly WorkerId[] = [];
  #members = "";
  #madeAtMs = Number.NEGATIVE_INFINITY;

  /** `nowMs`: of any clock that does not jump. */
  update(workers: readonly WorkerView[], wish: OrderWish, nowMs: number): readonly WorkerId[] {
    const members = workers.map(({ worker, name }) => `${worker} ${name}`).join("\n");
    const isWishSame =
      this.#wish !== null && this.#wish.sort === wish.sort && this.#wish.text === wish.text;
    const isFresh = nowMs - this.#madeAtMs < ORDER_STANDS_MS;
    if (isWishSame && isFresh && members === this.#members) return this.#order;
    const next = sortMachines(matchingMachines(workers, wish.text), wish.sort).map(
      ({ worker }) => worker,
    );
    this.#wish = wish;
    this.#members = members;
    this.#madeAtMs = nowMs;
    const isEqual =
      next.length === this.#order.length && next.every((id, at) => id === this.#order[at]);
    if (!isEqual) this.#order = next;
    return this.#order;
  }
}
