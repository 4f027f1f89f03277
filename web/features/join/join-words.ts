// What the join page says about its machine's state, path and work, in plain words.
import { unreachable } from "../../../shared/assert.ts";
import {
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatPercent,
  formatPlural,
} from "../../components/format.ts";
import type { EndedBy } from "../../worker/worker-snapshot.ts";
import type { Contribution } from "../../worker/contribution.ts";
import { refusalAdvice, retryWords } from "../../app/connection-words.ts";
import type { PauseReason } from "../../../shared/protocol/messages.ts";
import type { JoinState } from "./join-state.ts";

export interface StateWords {
  /** One short line: what the machine does. */
  readonly title: string;
  /** A second line: what that means, or what it waits for. */
  readonly detail: string;
  readonly tone: "working" | "calm" | "trouble";
}

export type StateFacts = Pick<
  JoinState,
  "connection" | "pausedBy" | "running" | "fetching" | "currentTitle" | "threads" | "courtesy"
>;

export function stateWords(state: StateFacts, nowMs: number): StateWords {
  const { connection } = state;
  switch (connection.state) {
    case "refused": {
      const advice = refusalAdvice(connection.reason, connection.message);
      return { title: advice.title, detail: advice.text, tone: "trouble" };
    }
    case "lost":
      return {
        title: `Connection lost: ${retryWords(connection.retryAtMs, nowMs)}`,
        detail: "Nothing needs doing: this page joins again by itself.",
        tone: "trouble",
      };
    case "connecting":
      return { title: "Joining", detail: "Saying hello to the coordinator.", tone: "calm" };
    case "welcomed":
      return welcomedWords(state);
    default:
      return unreachable(connection);
  }
}

function welcomedWords(state: StateFacts): StateWords {
  if (state.pausedBy !== null) return pausedWords(state, state.pausedBy);
  const title = state.currentTitle ?? "A task";
  if (state.running.length > 0) {
    return { title: "Computing", detail: givingWayWords(state) ?? title, tone: "working" };
  }
  if (state.fetching > 0) {
    return { title: "Fetching the numbers for its next task", detail: title, tone: "working" };
  }
  return {
    title: "Ready: waiting for work",
    detail: givingWayWords(state) ?? "Tasks come by themselves as soon as somebody starts a job.",
    tone: "calm",
  };
}

/** Why no work is taken, and what will end that. */
function pausedWords(state: StateFacts, pausedBy: PauseReason): StateWords {
  const calm = (title: string, detail: string): StateWords => ({ title, detail, tone: "calm" });
  switch (pausedBy) {
    case "person":
      return calm("Paused by you", "This machine takes no work until you resume.");
    case "timer": {
      const { pausedUntilUnixMs } = state.courtesy;
      const title =
        pausedUntilUnixMs === null
          ? "Paused for a while"
          : `Paused until ${formatClock(pausedUntilUnixMs, 60_000)}`;
      return calm(title, "It goes on by itself then.");
    }
    case "dashboard":
      return calm("Paused at the dashboard", "Somebody there paused this machine.");
    case "battery":
      return calm("Paused: on battery", "It goes on by itself when this machine is plugged in.");
    case "hidden":
      return calm("Paused: this page is hidden", "It goes on by itself when the page is seen.");
    case "busy":
      return calm(
        "Paused: this machine is busy with something else",
        "It goes on by itself when that is over.",
      );
    case "finishing":
      return {
        title: "Finishing, then stopping",
        detail:
          state.running.length > 0
            ? `${formatPlural(state.running.length, "task")} still running; no new ones are taken.`
            : "Handing over what only this machine has.",
        tone: "working",
      };
    default:
      return unreachable(pausedBy);
  }
}

/** "Using 2 of 4 threads: this machine is busy with something else"; null while it is not. */
function givingWayWords({
  threads,
  courtesy,
}: Pick<StateFacts, "threads" | "courtesy">): string | null {
  const { threadsSpare, settings } = courtesy;
  if (threadsSpare === null || threads >= settings.threads) return null;
  const lent = formatPlural(settings.threads, "thread");
  return `Using ${formatCount(threads)} of ${lent}: this machine is busy with something else`;
}

/** "computed 12 min and 340 tasks for 3 jobs"; null before the first task. */
function givenWords({ computeMs, tasks, jobs }: Contribution): string | null {
  if (tasks === 0) return null;
  const work = `computed ${formatDuration(computeMs)} and ${formatPlural(tasks, "task")}`;
  return `${work} for ${formatPlural(jobs, "job")}`;
}

/** What this machine gave in this visit, and in all of them where that is more. */
export function contributionWords({ now, inAll }: JoinState["given"]): readonly string[] {
  const [visit, all] = [givenWords(now), givenWords(inAll)];
  if (all === null) return ["This machine has not computed anything for others yet."];
  if (visit === null) return [`In earlier visits this machine has ${all}.`];
  const first = `This machine has ${visit}.`;
  return inAll.tasks > now.tasks ? [first, `With earlier visits it has ${all}.`] : [first];
}

/** What the dashboard changed of this machine; null when nothing, or it shows otherwise. */
export function dashboardWords({
  changedAtDashboard,
}: Pick<JoinState, "changedAtDashboard">): string | null {
  if (changedAtDashboard === null) return null;
  const { name, threads } = changedAtDashboard;
  const parts = [
    ...(name === undefined ? [] : [`its name to “${name}”`]),
    ...(threads === undefined ? [] : [`its threads to ${formatCount(threads)}`]),
  ];
  return parts.length === 0 ? null : `The dashboard changed ${parts.join(" and ")}.`;
}

export interface Figure {
  readonly label: string;
  readonly value: string;
}

/** What the page moved since it was opened. */
export function figures(state: Pick<JoinState, "bytesReceived" | "bytesSent">): readonly Figure[] {
  const received = state.bytesReceived.direct + state.bytesReceived.coordinator;
  return [
    { label: "Received", value: formatBytes(received) },
    { label: "Sent directly", value: formatBytes(state.bytesSent) },
  ];
}

/** What somebody agrees to who lets custom code run here. */
export const CONSENT_WORDS =
  "This cluster may send functions that its users wrote. They run sandboxed: they compute, and reach " +
  "neither the network nor your files nor this page.";

/** What pressing the button does, in two sentences. */
export function invitationWords(threads: number, cores: number): string {
  const share =
    threads < cores
      ? `${formatCount(threads)} of this machine’s ${formatCount(cores)} cores`
      : "this machine";
  return `This page will compute parts of jobs that people in this network start, on ${share}, and give way when somebody needs them. Nothing is installed, none of your files can be read, and closing the page ends it.`;
}

/** What is known of the battery, below the rule that needs it. */
export function batteryWords({ tellsBattery, battery }: JoinState["courtesy"]): string {
  if (tellsBattery === null) return "Asking the browser about the battery.";
  if (!tellsBattery || battery === null) {
    return "This browser does not tell whether this machine is plugged in.";
  }
  const level = formatPercent(battery.level);
  return battery.isCharging
    ? `Plugged in now, charged to ${level}.`
    : `On battery now, at ${level}.`;
}

/** What ended this machine's part, and what became of its work. */
export function farewellWords(by: EndedBy | "left"): {
  readonly title: string;
  readonly text: string;
} {
  const nothing = "Nothing runs here now.";
  switch (by) {
    case "left":
      return {
        title: "This machine has left",
        text: `Thank you for computing. Unfinished work went back to the others. ${nothing}`,
      };
    case "finished":
      return {
        title: "Finished: this machine has left",
        text: `Thank you for computing. All that it had begun is done. ${nothing}`,
      };
    case "retired":
      return {
        title: "The dashboard let this machine go",
        text: `It finished what it had begun and handed everything over. ${nothing}`,
      };
    case "removed":
      return {
        title: "This machine was removed at the dashboard",
        text: `Its unfinished work went to the others. ${nothing}`,
      };
    default:
      return unreachable(by);
  }
}

/** "Use 3 of 4 threads" */
export const threadsWords = (threads: number, threadsMax: number): string =>
  `Use ${formatCount(threads)} of ${formatPlural(threadsMax, "thread")}`;

export function pathWords(state: Pick<JoinState, "path" | "pathWhy">): string {
  switch (state.path) {
    case "direct":
      return "Data travels directly between this machine and the others.";
    case "coordinator": {
      const way = "Data travels through the coordinator";
      return state.pathWhy === null ? `${way}.` : `${way}: ${lowerFirst(state.pathWhy)}`;
    }
    case "unknown":
      return "No data has travelled yet.";
    default:
      return unreachable(state.path);
  }
}

/** Whether the screen is kept on, where the page may do that; null where it may not. */
export function screenWords({ screen }: Pick<JoinState, "screen">): string | null {
  switch (screen) {
    case "unavailable":
      return null;
    case "on":
      return "The screen stays on while this machine computes.";
    case "off":
      return "The screen is kept on only while this machine computes.";
    case "waiting":
      return "The screen is kept on again when this page is seen.";
    case "refused":
      return "The system does not let this page keep the screen on; it may be saving its battery.";
    default:
      return unreachable(screen);
  }
}

/** What the browser gives this page. */
export interface Abilities {
  readonly isSecure: boolean;
  /** The page comes from this very machine. */
  readonly isLocal: boolean;
  readonly hasWebGpu: boolean;
  readonly hasSharedMemory: boolean;
  readonly hasWakeLock: boolean;
}

/** What this page can do for being secure, or could if it were. */
export function abilityWords(abilities: Abilities): string {
  if (!abilities.isSecure) {
    return "Over https this page could also use the graphics processor (WebGPU), share memory between its threads, and keep the screen on.";
  }
  const has = [
    ...(abilities.hasWebGpu ? ["WebGPU"] : []),
    ...(abilities.hasSharedMemory ? ["shared memory"] : []),
    ...(abilities.hasWakeLock ? ["the right to keep the screen on"] : []),
  ];
  const origin = abilities.isLocal ? "Opened on the coordinator’s machine" : "Opened over https";
  if (has.length === 0) return `${origin}; this browser adds nothing to what plain http gives.`;
  const list = has.length === 1 ? has[0] : `${has.slice(0, -1).join(", ")} and ${has.at(-1)}`;
  return `${origin}: this page has ${list}.`;
}

/** Why the block cache does not work here; null while it does. */
export function cacheWords(state: Pick<JoinState, "cache">): string | null {
  if (state.cache.state === "ready") return null;
  return `This browser keeps no data for this page, so a reload fetches it again: ${lowerFirst(state.cache.why)}`;
}

function lowerFirst(text: string): string {
  // "WebRTC is off" and "IndexedDB failed" keep their capitals.
  return /^[A-Z][a-z]*\b(?![A-Z])/.test(text) && !/^[A-Z][a-z]+[A-Z]/.test(text)
    ? text.charAt(0).toLowerCase() + text.slice(1)
    : text;
}
