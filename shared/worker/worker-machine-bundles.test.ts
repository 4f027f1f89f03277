// Checks how the worker's machine gives short functions to threads together, and reports them.
import { expect, test } from "vitest";
import { FUNCTION_KERNEL } from "../graph/task.ts";
import { asJobId } from "../ids.ts";
import {
  lease,
  setUpWelcomed,
  sent,
  ofType,
  bundles,
  started,
} from "../testing/worker-machine-bench.ts";
import type { LeaseMessage, WorkerCommand } from "./worker-events.ts";

/** A lease of a function of which the last ones took so long. */
const call = (number: number, expectedMs: number | null, job = "j"): LeaseMessage => ({
  ...lease(number),
  job: asJobId(job),
  kernel: FUNCTION_KERNEL,
  expectedMs,
});

test("[W2] nothing starts that is cancelled in the same frame, and nothing between cancellations", () => {
  const { raise, grantAll, cancel, fail } = setUpWelcomed({ threads: 1 });
  raise({ type: "lease-granted", lease: call(1, 1) });
  expect(started(cancel(1))).toEqual([]);
  expect(bundles(grantAll(call(2, 1), call(3, 1)))).toEqual([[2, 3]]);
  expect(started(grantAll(call(4, 1)))).toEqual([]);
  const commands = [...cancel(2, 3), ...fail(2, "cancelled")];
  expect(started(commands)).toEqual([]);
  expect(started(fail(3, "unbegun"))).toEqual([4]);
});

test("[W13] short functions of one job go to a thread together, up to 10 ms of them", () => {
  const { grantAll, succeed } = setUpWelcomed({ threads: 1 });
  const commands = grantAll(call(1, 4), call(2, 4, "other"), call(3, 4), call(4, 2), call(5, 1));
  expect(bundles(commands)).toEqual([[1, 3, 4]]);
  expect([...started(succeed(1)), ...started(succeed(3))]).toEqual([]);
  expect(bundles(succeed(4))).toEqual([[2]]);
  expect(bundles(succeed(2))).toEqual([[5]]);
});

test("[W13] long functions, unknown ones and kernels have a thread to themselves", () => {
  for (const alone of [call(1, 10), call(1, null), { ...lease(1), expectedMs: 1 }]) {
    const { grantAll, succeed } = setUpWelcomed({ threads: 1 });
    expect(bundles(grantAll(alone, call(2, 1), { ...call(3, 50) }, call(4, 1)))).toEqual([[1]]);
    expect(bundles(succeed(1))).toEqual([[2, 4]]);
  }
});

test("[W13] free threads get as many each, and no more than 32", () => {
  const { grantAll } = setUpWelcomed({ threads: 3 });
  const seven = Array.from({ length: 7 }, (_, i) => call(i + 1, 0.1));
  expect(bundles(grantAll(...seven))).toEqual([
    [1, 2, 3],
    [4, 5],
    [6, 7],
  ]);
  const single = setUpWelcomed({ threads: 1 });
  const many = Array.from({ length: 40 }, (_, i) => call(i + 1, 0.1));
  expect(bundles(single.grantAll(...many))[0]).toHaveLength(32);
});

test("[W13] each has its turn when the one before it ended: only that time is its own", () => {
  const { state, grantAll, succeed, pass } = setUpWelcomed({ threads: 1 });
  grantAll(call(1, 1), call(2, 1));
  const running = (): number[] =>
    [...state.leases.values()].filter((one) => one.isRunning).map((one) => one.attempt);
  expect(running()).toEqual([1]);
  pass(3);
  expect(sent(succeed(1))[0]).toMatchObject({ attempt: 1, waitMs: 0 });
  expect(running()).toEqual([2]);
  pass(2);
  expect(sent(succeed(2))[0]).toMatchObject({ attempt: 2, waitMs: 3 });
});

test("[W14] what did not begin under one that ended its thread starts again, unblamed", () => {
  const { grantAll, fail, succeed, state } = setUpWelcomed({ threads: 1 });
  grantAll(call(1, 1), call(2, 1), call(3, 1));
  succeed(1);
  const died = fail(2, "thread-died");
  expect(sent(died)).toMatchObject([{ type: "attempt-failed", attempt: 2, reason: "thread-died" }]);
  const unbegun = fail(3, "unbegun");
  expect(sent(unbegun)).toEqual([]);
  expect(bundles(unbegun)).toEqual([[3]]);
  expect(state.tasksFailed).toBe(1);
  expect(sent(succeed(3))[0]).toMatchObject({ type: "attempt-finished", attempt: 3 });
});

test("[W16] reports may wait for the next of their bundle, but not while the page is hidden", () => {
  const { grantAll, succeed, fail, raise } = setUpWelcomed({ threads: 1 });
  const mayWait = (commands: WorkerCommand[]): (boolean | undefined)[] =>
    ofType(commands, "send").map((command) => command.mayWait);
  grantAll(...Array.from({ length: 5 }, (_, i) => call(i + 1, 1)));
  expect(mayWait(succeed(1))).toEqual([true]);
  expect(mayWait(fail(2, "kernel-error"))).toEqual([undefined]);
  raise({ type: "hidden-set", hidden: true });
  expect(mayWait(succeed(3))).toEqual([undefined]);
  raise({ type: "hidden-set", hidden: false });
  expect([...mayWait(succeed(4)), ...mayWait(succeed(5))]).toEqual([true, undefined]);
});

test("[W15] a thread is free only when it is done with what was cancelled, too", () => {
  const { grantAll, succeed, cancel, raise } = setUpWelcomed({ threads: 1 });
  grantAll(call(1, 1), call(2, 1));
  grantAll(call(3, 1));
  expect(ofType(cancel(2), "cancel-attempt").map((command) => command.attempt)).toEqual([2]);
  expect(started(succeed(1))).toEqual([]);
  expect(started(raise({ type: "lost" }))).toEqual([]);
  raise({ type: "welcomed" });
  expect(started(grantAll(call(4, 1)))).toEqual([]);
  expect(started(succeed(2))).toEqual([4]);
});
