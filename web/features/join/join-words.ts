// What the join page says about its machine's state, path and work, in plain words.
import { unreachable } from "../../../shared/assert.ts";
import { formatBytes, formatCount, formatDuration, formatPlural } from "../../components/format.ts";
import { refusalAdvice, retryWords } from "../../app/connection-words.ts";
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
  "connection" | "paused" | "running" | "fetching" | "currentTitle"
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
  if (state.paused) {
    return {
      title: "Paused by you",
      detail: "This machine takes no work until you resume.",
      tone: "calm",
    };
  }
  if (state.running.length > 0) {
    return { title: "Computing", detail: state.currentTitle ?? "A task", tone: "working" };
  }
  if (state.fetching > 0) {
    return {
      title: "Fetching the numbers for its next task",
      detail: state.currentTitle ?? "A task",
      tone: "working",
    };
  }
  return {
    title: "Ready: waiting for work",
    detail: "Tasks come by themselves as soon as somebody starts a job.",
    tone: "calm",
  };
}

export interface Figure {
  readonly label: string;
  readonly value: string;
}

/** How much this page has done since it was opened. */
export function figures(
  state: Pick<JoinState, "tasksDone" | "computeMs" | "bytesReceived" | "bytesSent">,
): readonly Figure[] {
  const received = state.bytesReceived.direct + state.bytesReceived.coordinator;
  return [
    { label: "Tasks done", value: formatCount(state.tasksDone) },
    {
      label: "Compute time",
      value: state.computeMs === 0 ? "0 s" : formatDuration(state.computeMs),
    },
    { label: "Received", value: formatBytes(received) },
    { label: "Sent directly", value: formatBytes(state.bytesSent) },
  ];
}

/** What somebody agrees to who lets custom code run here. */
export const CONSENT_WORDS =
  "This cluster may send functions that its users wrote. They run sandboxed: they compute, and reach " +
  "neither the network nor your files nor this page.";

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
