// What the task stream says: an attempt in words, and the stretch in view in a sentence.
import type { AttemptOutcome } from "../../../shared/protocol/telemetry.ts";
import {
  formatClock,
  formatDuration,
  formatPercent,
  formatPlural,
} from "../../components/format.ts";
import type { Picked } from "./stream-pick.ts";
import type { MachineTotals } from "./stream-totals.ts";
import type { Span } from "./stream-viewport.ts";

export interface AttemptWords {
  /** The kernel or function. */
  readonly title: string;
  /** How it ended, or that it is under way. */
  readonly state: string;
  readonly where: string;
  /** Names and spans of its phases, in their order. */
  readonly phases: readonly (readonly [string, string])[];
  readonly ended: string;
}

const OUTCOME_WORDS: Record<AttemptOutcome, string> = {
  finished: "Finished",
  failed: "Failed",
  cancelled: "Cancelled",
  returned: "Given back",
};

export function attemptWords(
  picked: Picked,
  groups: readonly string[],
  nowMs: number,
): AttemptWords {
  const { rows } = picked;
  if (picked.kind === "live") {
    const { live } = picked;
    const sinceMs = nowMs - (live.computingFromMs ?? live.grantedMs);
    const isComputing = live.computingFromMs !== null;
    return {
      title: groups[live.group] ?? "",
      state: `${isComputing ? "Computing" : "Leased"}${live.isSpeculative ? ", a second copy" : ""}`,
      where: rows.name,
      phases: [[isComputing ? "Computing for about" : "Not begun for", formatDuration(sinceMs)]],
      ended: "",
    };
  }
  const { lane, place } = picked;
  const one = lane.at(place);
  const thread = lane.isThread ? (rows.machine?.threads.indexOf(lane) ?? -1) : -1;
  return {
    title: groups[one.group] ?? "",
    state: `${OUTCOME_WORDS[one.outcome]}${one.isSpeculative ? ", a second copy" : ""}`,
    where: thread < 0 ? `${rows.name}, never in a thread` : `${rows.name}, thread ${thread + 1}`,
    phases: [
      ["Moving data", formatDuration(one.fetchMs)],
      ["Waiting", formatDuration(one.waitMs)],
      ["Computing", formatDuration(one.computeMs)],
    ],
    ended: formatClock(one.endMs, 1),
  };
}

/** The same in one sentence, for those who hear it. */
export function attemptSentence({ title, state, where, phases, ended }: AttemptWords): string {
  const spans = phases.map(([name, span]) => `${name.toLowerCase()} ${span}`).join(", ");
  return `${title}. ${state}. ${where}. ${spans}${ended === "" ? "" : `, ended ${ended}`}.`;
}

/** "From 14:05:09 to 14:06:12 (1 min 3 s), 6 threads on 3 machines computed 87% of the time …" */
export function viewSentence({ fromMs, toMs }: Span, totals: readonly MachineTotals[]): string {
  const sum = (key: "totalMs" | "computingMs" | "movingMs" | "waitingMs" | "idleMs"): number =>
    totals.reduce((ms, one) => ms + one[key], 0);
  const threads = totals.reduce((count, one) => count + one.threads, 0);
  const attempts = totals.reduce((count, one) => count + one.attempts, 0);
  const failed = totals.reduce((count, one) => count + one.failed, 0);
  const total = sum("totalMs");
  const stepMs = toMs - fromMs < 10_000 ? 10 : 1_000;
  const when = `From ${formatClock(fromMs, stepMs)} to ${formatClock(toMs, stepMs)} (${formatDuration(toMs - fromMs)})`;
  if (total === 0) return `${when} nothing was computed.`;
  const share = (ms: number): string => formatPercent(ms / total);
  return (
    `${when}, ${formatPlural(threads, "thread")} on ${formatPlural(totals.length, "machine")} ` +
    `computed ${share(sum("computingMs"))} of the time, stood still for data ${share(sum("movingMs"))}, ` +
    `waited ${share(sum("waitingMs"))} and had nothing to do ${share(sum("idleMs"))}. ` +
    `${formatPlural(attempts, "attempt")} ended${failed === 0 ? "" : `, ${failed} of them failed`}.`
  );
}
