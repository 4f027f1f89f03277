// Which ready task goes to which worker: the least predicted finish, with an eye for nearness.
import { hasRoomFor, isEligible, mayRun } from "./capacity.ts";
import { grantLease } from "./leases.ts";
import { predictFinishMs, predictTransferMs } from "./prediction.ts";
import { dequeue, enqueue, headOfQueue, heapOf, leasableCount } from "./ready-queue.ts";
import type { SchedulerState, TaskRecord, Turn, WorkerRecord } from "./state.ts";

/** Leases ready tasks in order of priority until no worker is hungry or nothing suits one. */
export function dispatch(turn: Turn): void {
  const { state } = turn;
  // Tasks that no hungry worker should take now; they stay ready and return to their queue.
  const aside: TaskRecord[] = [];
  while (state.hungry.size > 0 && aside.length < state.tuning.asideMax) {
    const head = headOfQueue(state);
    if (head === undefined) break;
    const worker = bestWorker(state, head, aside.length);
    if (worker === null) {
      dequeue(head);
      aside.push(head);
      continue;
    }
    const task = nearestTask(state, worker, head);
    if (task !== head) head.passes += 1;
    grantLease(turn, task, worker);
  }
  for (const task of aside) enqueue(task);
}

/** The hungry worker that would finish the task first; null when it is better kept for a busy one. */
function bestWorker(state: SchedulerState, task: TaskRecord, kept: number): WorkerRecord | null {
  let best: WorkerRecord | null = null;
  let bestMs = Infinity;
  for (const worker of state.hungry) {
    if (!hasRoomFor(state, worker, task) || mustAvoid(state, worker, task)) continue;
    const finishMs = predictFinishMs(state, worker, task);
    if (finishMs < bestMs || (finishMs === bestMs && best !== null && worker.index < best.index)) {
      best = worker;
      bestMs = finishMs;
    }
  }
  return best !== null && isKeptForFaster(state, task, bestMs, kept) ? null : best;
}

/** A worker that the task is kept away from gets it only if no other is there for it. */
export function mustAvoid(state: SchedulerState, worker: WorkerRecord, task: TaskRecord): boolean {
  const avoid = task.trouble?.avoid;
  if (avoid === undefined || !avoid.has(worker.id)) return false;
  for (const other of state.workers.values()) {
    if (isEligible(state, other) && mayRun(other, task) && !avoid.has(other.id)) return true;
  }
  return false;
}

/**
 * Near the end of the work, a task is kept for busy workers that would still finish it earlier
 * than the best idle one, as long as they have threads enough for all that is ready. They are
 * working, so each of them gives a result, expires or is lost, and every such event asks again.
 */
function isKeptForFaster(
  state: SchedulerState,
  task: TaskRecord,
  finishMs: number,
  kept: number,
): boolean {
  const workers = state.workers.size;
  if (workers === state.hungry.size) return false;
  const readyCount = leasableCount(state, MOST_KEPT) + kept;
  if (readyCount > MOST_KEPT) return false;
  let fasterThreads = 0;
  for (const worker of state.workers.values()) {
    if (state.hungry.has(worker) || !isEligible(state, worker)) continue;
    if (!mayRun(worker, task) || mustAvoid(state, worker, task)) continue;
    if (predictFinishMs(state, worker, task) >= finishMs) continue;
    fasterThreads += worker.threads;
    if (fasterThreads >= readyCount) return true;
  }
  return false;
}

/** Beyond this many ready tasks nothing is kept back: fast workers have enough to do. */
const MOST_KEPT = 256;

/**
 * The head of the queue, or the task near it in the same job that costs the worker least to fetch.
 * The first levels of the heap hold the most urgent tasks, if not in exact order.
 */
function nearestTask(state: SchedulerState, worker: WorkerRecord, head: TaskRecord): TaskRecord {
  let leastMs = predictTransferMs(state, worker, head);
  if (leastMs === 0 || head.passes >= state.tuning.passesMax || head.home === null) return head;
  let nearest = head;
  const heap = heapOf(head.home, head);
  const end = Math.min(heap.length, state.tuning.lookAhead);
  for (let i = 1; i < end; i += 1) {
    const task = heap[i];
    if (task === undefined || !hasRoomFor(state, worker, task)) continue;
    if (mustAvoid(state, worker, task)) continue;
    const transferMs = predictTransferMs(state, worker, task);
    const isNearer =
      transferMs < leastMs || (transferMs === leastMs && task.sequence < nearest.sequence);
    if (isNearer) {
      leastMs = transferMs;
      nearest = task;
    }
  }
  return nearest;
}
