// Checks what the list of machines says about shares, paths and bytes.
import { describe, expect, it } from "vitest";
import { asWorkerId, type WorkerId } from "../../../shared/ids.ts";
import type { JobView, WorkerView } from "../../../shared/protocol/messages.ts";
import { jobView, workerView } from "../../../shared/testing/views.ts";
import { jobsForShares, workerRows } from "./worker-rows.ts";

const laptop = asWorkerId(`w_${"a".repeat(22)}`);
const phone = asWorkerId(`w_${"b".repeat(22)}`);

const worker = (id: WorkerId, change: Partial<WorkerView> = {}): WorkerView =>
  workerView({ worker: id, ...change });

const job = (
  state: JobView["state"],
  finishedAtMs: number | null,
  parts: readonly (readonly [WorkerId, number])[],
): JobView =>
  jobView({
    state,
    finishedAtMs,
    timing: {
      computeMs: 0,
      fetchMs: 0,
      waitMs: 0,
      bytesMoved: 0,
      workers: parts.map(([id, computeMs]) => ({
        worker: id,
        name: "n",
        tasks: 1,
        computeMs,
        fetchMs: 0,
        waitMs: 0,
        bytesFetched: 0,
      })),
    },
  });

describe("workerRows", () => {
  it("shares the running jobs' compute time, with those gone counted in the whole", () => {
    const gone = asWorkerId(`w_${"c".repeat(22)}`);
    const jobs = [
      job("running", null, [
        [laptop, 60],
        [gone, 20],
      ]),
      job("running", null, [[phone, 20]]),
      job("done", 9, [[phone, 1_000]]),
    ];
    const rows = workerRows([worker(laptop), worker(phone)], jobs);
    expect(rows.map(({ share }) => share)).toEqual([0.6, 0.2]);
  });

  it("shows the last job's shares when none runs, and none before any work", () => {
    const ended = [job("done", 5, [[laptop, 1]]), job("done", 9, [[phone, 1]])];
    expect(jobsForShares(ended)).toEqual([ended[1]]);
    expect(workerRows([worker(laptop)], []).map(({ share }) => share)).toEqual([null]);
  });

  it("says why bytes go through the coordinator, and only then", () => {
    const why = "No direct channel opened within 4 s.";
    const [blocked, open] = workerRows(
      [worker(laptop, { path: "coordinator", why }), worker(phone, { path: "direct", why })],
      [],
    );
    expect(blocked).toMatchObject({ pathWords: "Through the coordinator", pathWhy: why });
    expect(open).toMatchObject({ pathWords: "Direct", pathWhy: null });
  });

  it("says that a tab is in the background", () => {
    const [row] = workerRows([worker(laptop, { hidden: true, state: "computing" })], []);
    expect(row?.stateWords).toBe("Computing, in a background tab");
  });
});
