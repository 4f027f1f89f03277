// The throughput measurement itself: it must do all the work that it counts.
import { expect, it } from "vitest";
import { measureThroughput } from "./scheduler-throughput.ts";

it("measures a job that really runs to its end", () => {
  let readings = 0;
  const clock = () => (readings += 1);
  const { tasks, seconds, tasksPerSecond } = measureThroughput(2_000, 10, clock);
  expect(tasks).toBe(2_000);
  // Ten joins, a submission, a result and a stored block for each task: one reading for each event.
  expect(readings).toBe(10 + 1 + 2 * 2_000 + 2);
  expect(tasksPerSecond).toBeCloseTo(tasks / seconds);
});
