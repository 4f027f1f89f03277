// Checks that the details of a machine tell all there is, and where nothing is known say so.
import { expect, it } from "vitest";
import { workerView } from "../../../shared/testing/views.ts";
import { machineFacts } from "./machine-facts.ts";

function factsOf(change: Parameters<typeof workerView>[0]): Readonly<Record<string, string>> {
  const groups = machineFacts(workerView(change), 3_600_000);
  return Object.fromEntries(groups.flatMap(({ facts }) => facts));
}

it("tells what is known", () => {
  const facts = factsOf({
    tasksDone: 1_200,
    tasksFailed: 2,
    computeMs: 7_500_000,
    path: "coordinator",
    why: "This browser has no WebRTC.",
    hidden: true,
    speeds: [{ kernel: "pearson-tile@3", operationsPerMs: 1_000_000 }],
    relativeSpeed: 2,
  });
  expect(facts["Tasks"]).toBe("1,200 done, 2 failed");
  expect(facts["Computed in all"]).toBe("2 h 5 min of one thread");
  expect(facts["Path of its data"]).toBe("Through the coordinator. This browser has no WebRTC.");
  expect(facts["pearson-tile"]).toBe("1.0 billion operations/s");
  expect(facts["All in all"]).toBe("2.0× the average");
  expect(facts["Page"]).toMatch(/^In the background; over plain http/);
  expect(facts["Here for"]).toBe("1 h");
});

it("says what nobody told", () => {
  const facts = factsOf({});
  expect(facts["Battery"]).toBe("Its browser does not tell");
  expect(facts["Load"]).toBe("Its browser does not tell");
  expect(facts["Computed in all"]).toBe("Nothing yet");
  expect(facts["All in all"]).toBe("Not timed yet");
});
