// All that is known of one machine, in groups of words and values.
import type { WorkerView } from "../../../shared/protocol/messages.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatPlural,
  formatSpan,
} from "../../components/format.ts";
import {
  batteryWords,
  loadWords,
  movedWords,
  operationsWords,
  pathWhy,
  pathWords,
  speedWords,
  standingStory,
} from "./machine-words.ts";

export interface FactGroup {
  readonly title: string;
  readonly facts: readonly (readonly [words: string, value: string])[];
}

const UNTOLD = "Its browser does not tell";

export function machineFacts(worker: WorkerView, nowMs: number): readonly FactGroup[] {
  return [workFacts(worker, nowMs), speedFacts(worker), dataFacts(worker), deviceFacts(worker)];
}

function workFacts(worker: WorkerView, nowMs: number): FactGroup {
  const { condition, computeMs } = worker;
  const failed =
    worker.tasksFailed === 0 ? "none failed" : `${formatCount(worker.tasksFailed)} failed`;
  return {
    title: "Work",
    facts: [
      ["Busy", `${formatPercent(condition.busyShare)} of its threads’ time, over ten seconds`],
      ["Tasks", `${formatCount(worker.tasksDone)} done, ${failed}`],
      [
        "Computed in all",
        computeMs === 0 ? "Nothing yet" : `${formatDuration(computeMs)} of one thread`,
      ],
      ["Standing", standingStory(worker)],
      ["Here for", formatSpan(nowMs - worker.joinedAtMs)],
      ["Custom functions", worker.runsFunctions ? "Its user agreed to run them" : "Not run there"],
    ],
  };
}

/** "correlation", "correlation in single precision": a kernel without its version. */
const kernelWords = (kernel: string): string => kernel.replace(/@\d+$/, "");

function speedFacts(worker: WorkerView): FactGroup {
  const words = speedWords(worker);
  return {
    title: "Speed",
    facts: [
      ["All in all", words.charAt(0).toUpperCase() + words.slice(1)],
      ...worker.speeds.map(
        ({ kernel, operationsPerMs }) =>
          [kernelWords(kernel), operationsWords(operationsPerMs)] as const,
      ),
    ],
  };
}

function dataFacts(worker: WorkerView): FactGroup {
  const why = pathWhy(worker);
  return {
    title: "Data",
    facts: [
      ["Path of its data", why === null ? pathWords(worker) : `${pathWords(worker)}. ${why}`],
      ["Received", movedWords(worker) ?? "Nothing yet"],
      ["In memory", formatBytes(worker.condition.memoryBytes)],
      ["Cached for later visits", formatBytes(worker.cacheBytes)],
    ],
  };
}

function deviceFacts({
  device,
  address,
  condition,
  hidden,
  threads,
  threadsMax,
}: WorkerView): FactGroup {
  return {
    title: "Device",
    facts: [
      ["Browser", `${device.browser} on ${device.system}${device.isMobile ? ", mobile" : ""}`],
      ["Address", address],
      [
        "Threads",
        `${formatCount(threads)} in use of ${formatPlural(threadsMax, "thread")}, ${formatPlural(device.cores, "core")}`,
      ],
      ["Graphics", device.gpu ?? "None that the page may use"],
      [
        "Page",
        `${hidden ? "In the background" : "In front"}; ${device.isSecureContext ? "secure: shared memory and wake lock where the browser has them" : "over plain http: no shared memory, no wake lock"}`,
      ],
      ["Battery", batteryWords(condition) ?? UNTOLD],
      ["Load", loadWords(condition) ?? UNTOLD],
    ],
  };
}
