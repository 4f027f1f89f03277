// What workers say of the ends of attempts, as the activity log takes it.
import type { WorkerMessage } from "../shared/protocol/messages.ts";
import type { AttemptEnd } from "./activity-log.ts";

type Said<Type extends WorkerMessage["type"]> = Extract<WorkerMessage, { type: Type }>;

/** The times that a worker tells with a result. */
export const timesOf = ({
  thread,
  fetchMs,
  waitMs,
  computeMs,
}: Said<"attempt-finished">): Omit<AttemptEnd, "outcome"> => ({
  fetchMs,
  waitMs,
  computeMs,
  ...(thread === undefined ? {} : { thread }),
});

/** How an attempt ended that its worker calls failed. */
export const failedEnd = ({
  reason,
  message,
  thread,
  computeMs,
}: Said<"attempt-failed">): AttemptEnd => ({
  outcome: "failed",
  why: `${reason}: ${message}`,
  ...(reason === "input-unavailable" ? { fetchMs: "all" } : {}),
  ...(thread === undefined ? {} : { thread }),
  ...(computeMs === undefined ? {} : { computeMs }),
});
