// The worker machine beside a pool of threads that die, hang and are cancelled: one seed is one story.
import { expect, test } from "vitest";
import { FUNCTION_KERNEL } from "../graph/task.ts";
import { asAttemptId, asJobId, asTaskKey, type AttemptId } from "../ids.ts";
import { createPrng, nextFloat, nextInteger } from "../prng.ts";
import type { WorkerCommand, WorkerEvent } from "./worker-events.ts";
import { workerStep } from "./worker-machine.ts";
import type { RunFailure } from "./worker-platform.ts";
import { createWorkerState } from "./worker-state.ts";

/** Failures that end the thread, and with it the turn of those behind. */
const ENDING: readonly RunFailure[] = ["thread-died", "out-of-memory", "timed-out"];

function playStory(seed: number, steps: number) {
  const prng = createPrng(seed);
  const chance = (share: number): boolean => nextFloat(prng) < share;
  const pick = <T>(items: readonly T[]): T => items[nextInteger(prng, items.length)] as T;
  const state = createWorkerState({
    name: "Desk",
    threads: 2,
    runsFunctions: true,
    memoryBudgetBytes: 1_000,
    cached: [],
  });
  let nowMs = 0;
  let granted = 0;
  let bundled = 0;
  /** The pool's threads, each with what it was given, in order. */
  const threads: { readonly queue: AttemptId[]; readonly cancelled: Set<AttemptId> }[] = [];
  /** Leases that the coordinator knows, with the incarnation's number. */
  const open = new Set<AttemptId>();
  const ended: AttemptId[] = [];
  /** What the pool has said and the machine not heard yet. */
  const answers: WorkerEvent[] = [];

  function raise(event: WorkerEvent): void {
    for (const command of workerStep(state, event, nowMs)) carryOut(command);
    const handed = threads.reduce((sum, { queue }) => sum + queue.length, 0);
    expect(state.bundles.size).toBe(handed + answers.length);
    const running = [...state.leases.values()].filter((lease) => lease.isRunning);
    expect(running.every(({ attempt }) => state.bundles.has(attempt))).toBe(true);
  }

  function carryOut(command: WorkerCommand): void {
    if (command.type === "send") heard(command);
    else if (command.type === "cancel-attempt") cancel(command.attempt);
    else if (command.type === "start-attempts") {
      const queue = command.attempts.map(({ attempt }) => attempt);
      expect(threads.length, "threads in use").toBeLessThan(state.threads);
      expect(new Set(command.attempts.map(({ job }) => job)).size).toBe(1);
      for (const attempt of queue) {
        expect(state.leases.has(attempt)).toBe(true);
        expect(threads.some((thread) => thread.queue.includes(attempt))).toBe(false);
      }
      if (queue.length > 1) bundled += 1;
      threads.push({ queue, cancelled: new Set() });
    }
  }

  /** The coordinator hears how a lease ended: once, and only of one that it still knows. */
  function heard({ message }: Extract<WorkerCommand, { type: "send" }>): void {
    const attempts =
      message.type === "attempts-returned"
        ? message.attempts
        : message.type === "attempt-finished" || message.type === "attempt-failed"
          ? [message.attempt]
          : [];
    for (const attempt of attempts) {
      expect(open.delete(attempt), `attempt ${attempt} ends`).toBe(true);
      ended.push(attempt);
    }
  }

  const answer = (attempt: AttemptId, reason: RunFailure | null): void => {
    answers.push(
      reason === null
        ? { type: "attempt-succeeded", attempt, outputs: [], computeMs: 1 }
        : { type: "attempt-failed", attempt, reason, message: "No." },
    );
  };

  /** The thread of this place is done with its first attempt. */
  function turnEnds(place: number, reason: RunFailure | null): void {
    const { queue } = threads[place] as (typeof threads)[number];
    const [first, ...rest] = queue.splice(0);
    if (first !== undefined) answer(first, reason);
    const isOver = reason === "cancelled" || (reason !== null && ENDING.includes(reason));
    if (isOver) for (const attempt of rest) answer(attempt, "unbegun");
    else queue.push(...rest);
    if (queue.length === 0) threads.splice(place, 1);
  }

  function cancel(attempt: AttemptId): void {
    const place = threads.findIndex(({ queue }) => queue.includes(attempt));
    if (place < 0) return;
    if (threads[place]?.queue[0] === attempt) turnEnds(place, "cancelled");
    else threads[place]?.cancelled.add(attempt);
  }

  function grant(): void {
    granted += 1;
    const attempt = asAttemptId(granted);
    open.add(attempt);
    raise({
      type: "lease-granted",
      lease: {
        type: "lease",
        attempt,
        task: asTaskKey("t"),
        job: asJobId(pick(["j_1", "j_2"])),
        title: "",
        kernel: chance(0.8) ? FUNCTION_KERNEL : "k@1",
        params: null,
        inputs: [],
        limitMs: null,
        leaseMs: 60_000,
        isSpeculative: false,
        expectedMs: pick([null, 0.5, 2, 50]),
      },
    });
  }

  function order(): void {
    for (let i = nextInteger(prng, 12); i > 0; i -= 1) {
      const cancelled = chance(0.2) ? [...open][nextInteger(prng, open.size || 1)] : undefined;
      if (cancelled === undefined) grant();
      else {
        open.delete(cancelled);
        raise({ type: "cancel-requested", attempt: cancelled });
      }
    }
    raise({ type: "orders-heard" });
  }

  function work(reasons: readonly (RunFailure | null)[]): void {
    if (threads.length > 0) turnEnds(nextInteger(prng, threads.length), pick(reasons));
    // Outcomes are heard late, and those of several threads in any order.
    while (answers.length > 0 && (reasons.length === 1 || chance(0.7))) {
      const at = nextInteger(prng, answers.length);
      raise(...(answers.splice(at, 1) as [WorkerEvent]));
    }
  }

  function disturb(): void {
    const reason = pick(["person", "finishing"] as const);
    if (chance(0.5)) return raise({ type: "paused-set", paused: chance(0.3), reason });
    if (chance(0.5)) return raise({ type: "threads-set", threads: nextInteger(prng, 4) });
    // Leases of the lost connection are forgotten at the other end.
    raise({ type: "lost" });
    open.clear();
    raise({ type: "welcomed" });
  }

  raise({ type: "welcomed" });
  for (let step = 0; step < steps; step += 1) {
    nowMs += nextInteger(prng, 5);
    if (chance(0.25)) order();
    else if (chance(0.05)) disturb();
    else work([null, null, null, null, "kernel-error", "cancelled", ...ENDING]);
  }
  for (const reason of ["person", "finishing"] as const) {
    raise({ type: "paused-set", paused: false, reason });
  }
  raise({ type: "threads-set", threads: 2 });
  while (threads.length + answers.length > 0) work([null]);
  return { open, ended, bundled, state };
}

test("[W3] [W14] [W15] every lease ends once, whatever becomes of the threads", () => {
  let bundled = 0;
  for (let seed = 1; seed <= 200; seed += 1) {
    const story = playStory(seed, 150);
    expect([...story.open], `seed ${seed}`).toEqual([]);
    expect(new Set(story.ended).size).toBe(story.ended.length);
    expect([story.state.leases.size, story.state.bundles.size]).toEqual([0, 0]);
    bundled += story.bundled;
  }
  expect(bundled).toBeGreaterThan(1_000);
});
