// What each thread's cell shows, from what is known about its machine.
import type { WorkerView } from "../../shared/protocol/messages.ts";

/** "off": a thread that the person keeps for other things; "lost": its machine is silent. */
export type CellState =
  | "computing"
  | "speculative"
  | "moving"
  | "waiting"
  | "paused"
  | "off"
  | "lost"
  | "failed";

export type CellSource = Pick<WorkerView, "state" | "threads" | "running" | "leased">;

/** One state a thread in use: computing first, then those whose inputs are on their way, then the rest. */
export function cellsOf(machine: CellSource): CellState[] {
  const { state, threads, running, leased } = machine;
  if (state === "paused") return Array.from({ length: threads }, () => "paused");
  if (state === "silent") return Array.from({ length: threads }, () => "lost");
  const computing = Math.min(running, threads);
  const fetching = state === "fetching" ? Math.max(1, leased - running) : 0;
  const moving = Math.min(fetching, threads - computing);
  return Array.from({ length: threads }, (_, index) => {
    if (index < computing) return "computing";
    return index < computing + moving ? "moving" : "waiting";
  });
}

const WORDS: readonly (readonly [CellState, string])[] = [
  ["computing", "computing"],
  ["speculative", "computing a second copy"],
  ["moving", "moving data"],
  ["waiting", "waiting"],
  ["paused", "paused"],
  ["off", "not used"],
  ["lost", "silent"],
  ["failed", "failed"],
];

/** "4 threads: 3 computing, 1 waiting", for those who do not see the cells. */
export function describeCells(cells: readonly CellState[]): string {
  const counts = new Map<CellState, number>();
  for (const cell of cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const parts = WORDS.filter(([state]) => counts.has(state)).map(
    ([state, words]) => `${counts.get(state)} ${words}`,
  );
  const total = `${cells.length} ${cells.length === 1 ? "thread" : "threads"}`;
  return parts.length === 0 ? total : `${total}: ${parts.join(", ")}`;
}
