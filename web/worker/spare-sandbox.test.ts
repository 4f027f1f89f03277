import { expect, test } from "vitest";
import { createVirtualClock } from "../../shared/data-plane/virtual-clock.ts";
import type { SandboxThread } from "./slot-sandbox.ts";
import { createSpareSandbox, SPARE_DELAY_MS } from "./spare-sandbox.ts";

function setUp() {
  const clock = createVirtualClock();
  const started: { thread: SandboxThread; die(why: string): void }[] = [];
  const terminated: number[] = [];
  const spare = createSpareSandbox((onDeath) => {
    const place = started.length;
    const thread = { run: () => undefined, terminate: () => terminated.push(place) };
    started.push({ thread, die: onDeath });
    return thread;
  }, clock);
  const deaths: string[] = [];
  const take = (): SandboxThread => spare.start((why) => deaths.push(why));
  return { clock, started, terminated, spare, deaths, take };
}

test("one is kept ready while one may be needed, made anew a while after it was taken", async () => {
  const { clock, started, spare, take } = setUp();
  spare.setKept(true);
  await clock.advance(SPARE_DELAY_MS);
  expect(started).toHaveLength(1);
  expect(take()).toBe(started[0]?.thread);
  expect(take()).toBe(started[1]?.thread);
  await clock.advance(SPARE_DELAY_MS - 1);
  expect(started).toHaveLength(2);
  await clock.advance(1);
  expect(started).toHaveLength(3);
  await clock.advance(100 * SPARE_DELAY_MS);
  expect(started).toHaveLength(3);
});

test("its user hears when it dies; one that dies unused is replaced when one was needed", async () => {
  const { clock, started, spare, deaths, take } = setUp();
  spare.setKept(true);
  await clock.advance(SPARE_DELAY_MS);
  started[0]?.die("Unused.");
  await clock.advance(10 * SPARE_DELAY_MS);
  expect([started.length, deaths]).toEqual([1, []]);
  take();
  await clock.advance(SPARE_DELAY_MS);
  expect(take()).toBe(started[2]?.thread);
  started[2]?.die("In use.");
  expect(deaths).toEqual(["In use."]);
});

test("none is kept when none may be needed", async () => {
  const { clock, started, terminated, spare, take } = setUp();
  take();
  await clock.advance(SPARE_DELAY_MS);
  expect(started).toHaveLength(1);
  spare.setKept(true);
  await clock.advance(SPARE_DELAY_MS);
  spare.setKept(false);
  expect(terminated).toEqual([1]);
  spare.setKept(true);
  spare.setKept(false);
  await clock.advance(SPARE_DELAY_MS);
  expect(started).toHaveLength(2);
});
