// What a job that is deleted takes with it, and what it leaves to others that have the same bytes.
import { afterEach, beforeEach, expect, it } from "vitest";
import { httpPaths } from "../shared/protocol/http.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import { httpOf, joinClient, makeBlock, ScriptedWorker } from "./scripted-pages.ts";
import { squaresJob, submitJob, watchToEnd } from "./scripted-pages.ts";

let fixture: CoordinatorFixture;

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
});
afterEach(() => fixture.remove());

it("keeps what it had in common with a job that ends in this moment", async () => {
  const coordinator = await fixture.start();
  const http = httpOf(coordinator, coordinator.submitToken);
  const count = 200;
  const worker = await ScriptedWorker.join(coordinator, { allowance: count });
  const client = await joinClient(coordinator);
  const first = await submitJob(coordinator, squaresJob(count, 1));
  await watchToEnd(client, first);
  // Another task with the same result as the last one of the first job.
  const second = await submitJob(coordinator, squaresJob(1, -count));
  const { attempt } = await worker.socket.next("lease", ({ job }) => job === second);
  const deleted = http("DELETE", httpPaths.job(first));
  const { bytes, ref } = makeBlock([count * count]);
  worker.blocks.set(ref.block, bytes);
  const times = { computeMs: 2, fetchMs: 1, waitMs: 0, bytesFetched: 0 };
  // The files of two hundred results are not removed in a moment.
  await new Promise((resolve) => setTimeout(resolve, 5));
  worker.say({ type: "attempt-finished", attempt, outputs: [ref], ...times });
  await watchToEnd(client, second);
  expect((await deleted).status).toBe(204);
  // Now only the store can have it.
  await worker.socket.close();
  expect((await http("GET", httpPaths.block(ref.block))).status).toBe(200);
  expect((await http("GET", httpPaths.block(makeBlock([1]).ref.block))).status).toBe(404);
});
