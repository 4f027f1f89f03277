// The scheduler: events in, commands out. It knows no clock, no network and no randomness of its
// own; time comes with each event. SPEC.md is its contract, rule by rule.
import { unreachable } from "../assert.ts";
import { expireLeases, failAttempt, finishAttempt, returnAttempts } from "./attempts.ts";
import { flushReleases } from "./blocks.ts";
import type { SchedulerCommand } from "./commands.ts";
import { runAgenda } from "./demand.ts";
import type { SchedulerEvent } from "./events.ts";
import { cancelJob, endJob, forgetJob, narrowJob } from "./jobs.ts";
import { closeJob, extendJob } from "./open-jobs.ts";
import { prioritiseJob, releaseOldResults, setPaused, submitJob } from "./jobs.ts";
import { dispatch } from "./placement.ts";
import { observeLink } from "./prediction.ts";
import { superviseRetirement } from "./retirement.ts";
import { retryJob } from "./retry.ts";
import { dropBlocks, expireUploads, holdBlocks, pleadForMissingBlocks } from "./replicas.ts";
import { forgetLooseBlocks, removeHolder } from "./replicas.ts";
import type { SchedulerState, Turn } from "./state.ts";
import { copyStragglers } from "./stragglers.ts";
import { changeWorker, currentWorker, forgiveOwnGap, joinWorker } from "./workers.ts";
import { leaveWorker, watchSilence } from "./workers.ts";

export { createScheduler } from "./state.ts";
export type { SchedulerOptions, SchedulerState } from "./state.ts";

/**
 * Applies one event at the time `nowMs` (any monotonic clock, milliseconds) and returns what the
 * host must do, in order. Changes `state` in place. Never throws for anything that an event says.
 */
export function step(
  state: SchedulerState,
  event: SchedulerEvent,
  nowMs: number,
): SchedulerCommand[] {
  state.nowMs = Math.max(state.nowMs, nowMs);
  const turn: Turn = {
    state,
    nowMs: state.nowMs,
    commands: [],
    agenda: [],
    idle: [],
    endings: [],
    releases: null,
  };
  apply(turn, event);
  settle(turn);
  dispatch(turn);
  if (event.type === "ticked") copyStragglers(turn);
  // What they must still do is looked at when that can have changed much, not at every step.
  if (event.type === "ticked" || event.type === "worker-changed") superviseRetirement(turn);
  flushReleases(turn);
  return turn.commands;
}

function settle(turn: Turn): void {
  for (;;) {
    runAgenda(turn, "superseded");
    const ending = turn.endings.shift();
    if (ending === undefined) return;
    endJob(turn, ending);
  }
}

function apply(turn: Turn, event: SchedulerEvent): void {
  switch (event.type) {
    case "worker-joined":
      return joinWorker(turn, event);
    case "worker-left":
      return leaveWorker(turn, event);
    case "worker-heard":
    case "worker-changed":
    case "attempt-finished":
    case "attempt-failed":
    case "attempts-returned":
      return applyFromWorker(turn, event);
    case "blocks-held":
      return holdBlocks(turn, event.holder, event.blocks);
    case "blocks-dropped":
      return dropBlocks(turn, event.holder, event.blocks);
    case "holder-left": {
      const holder = turn.state.holders.get(event.holder);
      if (holder === undefined) turn.state.counters.dropped += 1;
      else removeHolder(turn, holder);
      return;
    }
    case "link-measured": {
      const worker = turn.state.workers.get(event.worker);
      if (worker === undefined) turn.state.counters.dropped += 1;
      else observeLink(turn.state, worker, event.source, event.bytesPerMs);
      return;
    }
    case "job-submitted":
      return submitJob(turn, event);
    case "job-extended":
      return extendJob(turn, event);
    case "job-retried":
      return retryJob(turn, event);
    case "job-closed":
      return closeJob(turn, event.job);
    case "job-cancelled":
      return cancelJob(turn, event.job);
    case "job-narrowed":
      return narrowJob(turn, event.job, event.targets);
    case "job-paused":
      return setPaused(turn, event.job, true);
    case "job-resumed":
      return setPaused(turn, event.job, false);
    case "job-prioritised":
      return prioritiseJob(turn, event.job, event.priority);
    case "job-forgotten":
      return forgetJob(turn, event.job);
    case "ticked":
      return tick(turn);
    default:
      unreachable(event);
  }
}

type FromWorker = Extract<
  SchedulerEvent,
  {
    type:
      | "worker-heard"
      | "worker-changed"
      | "attempt-finished"
      | "attempt-failed"
      | "attempts-returned";
  }
>;

function applyFromWorker(turn: Turn, event: FromWorker): void {
  const worker = currentWorker(turn, event.worker, event.incarnation);
  if (worker === undefined) return;
  switch (event.type) {
    case "worker-heard":
      return;
    case "worker-changed":
      return changeWorker(turn, worker, event);
    case "attempt-finished":
      return finishAttempt(turn, worker, event);
    case "attempt-failed":
      return failAttempt(turn, worker, event);
    case "attempts-returned":
      return returnAttempts(turn, worker, event.attempts);
    default:
      unreachable(event);
  }
}

function tick(turn: Turn): void {
  forgiveOwnGap(turn);
  watchSilence(turn);
  expireLeases(turn);
  expireUploads(turn);
  pleadForMissingBlocks(turn);
  releaseOldResults(turn);
  forgetLooseBlocks(turn);
}
