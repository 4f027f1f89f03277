// Answers about attempts for tests: rows written as objects become the columns of the protocol.
import { asJobId, asWorkerId } from "../../../shared/ids.ts";
import {
  attemptOutcomes,
  type Activity,
  type AttemptOutcome,
} from "../../../shared/protocol/telemetry.ts";

export interface ToldAttempt {
  readonly seq: number;
  readonly attempt?: number;
  readonly worker?: number;
  readonly thread?: number;
  readonly group?: number;
  readonly endMs: number;
  readonly fetchMs?: number;
  readonly waitMs?: number;
  readonly computeMs?: number;
  readonly outcome?: AttemptOutcome;
  readonly isSpeculative?: boolean;
}

export interface ToldLive {
  readonly attempt: number;
  readonly worker?: number;
  readonly grantedMs: number;
  readonly isRunning: boolean;
}

export const toldWorker = (place: number) => asWorkerId(`w_${String(place).padStart(22, "0")}`);

/** Two workers and two groups; everything else as `change` says. */
export function toldActivity(
  attempts: readonly ToldAttempt[],
  live: readonly ToldLive[] = [],
  change: Partial<Activity> = {},
): Activity {
  const column = (pick: (one: ToldAttempt) => number): number[] => attempts.map(pick);
  return {
    run: "first run",
    nowMs: 10_000,
    firstSeq: 0,
    nextSeq: (attempts.at(-1)?.seq ?? -1) + 1,
    workers: [
      { worker: toldWorker(0), name: "Laptop" },
      { worker: toldWorker(1), name: "Phone" },
    ],
    groups: ["pearson-tile", "series-moments"],
    jobs: [asJobId(`j_${"a".repeat(22)}`)],
    ended: {
      seq: column(({ seq }) => seq),
      attempt: column(({ attempt, seq }) => attempt ?? seq + 100),
      worker: column(({ worker }) => worker ?? 0),
      thread: column(({ thread }) => thread ?? 0),
      group: column(({ group }) => group ?? 0),
      job: column(() => 0),
      endMs: column(({ endMs }) => endMs),
      fetchMs: column(({ fetchMs }) => fetchMs ?? 0),
      waitMs: column(({ waitMs }) => waitMs ?? 0),
      computeMs: column(({ computeMs }) => computeMs ?? 0),
      outcome: column(({ outcome }) => attemptOutcomes.indexOf(outcome ?? "finished")),
      isSpeculative: attempts.map((one) => (one.isSpeculative === true ? 1 : 0)),
    },
    live: {
      attempt: live.map(({ attempt }) => attempt),
      worker: live.map(({ worker }) => worker ?? 0),
      group: live.map(() => 0),
      job: live.map(() => 0),
      grantedMs: live.map(({ grantedMs }) => grantedMs),
      isRunning: live.map(({ isRunning }) => (isRunning ? 1 : 0)),
      isSpeculative: live.map(() => 0),
    },
    ...change,
  };
}
