// Reads how this process and its cluster stand at a moment: what the sampler makes a history of.
import { randomBytes } from "node:crypto";
import { arch, availableParallelism, release, totalmem, type } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { randomText } from "../shared/ids.ts";
import type { SystemHistory } from "../shared/protocol/telemetry.ts";
import type { ActivityLog } from "./activity-log.ts";
import type { BlockStore } from "./block-store.ts";
import type { Journal } from "./journal.ts";
import type { SchedulerHost } from "./scheduler-host.ts";
import { SystemSampler, type SystemReading } from "./system-history.ts";
import type { Traffic } from "./traffic.ts";
import { readVersion } from "./version.ts";

/** Fifty measurements a second: as few as still see a task of a tenth of a second. */
const DELAY_RESOLUTION_MS = 20;
const NANOS_PER_MS = 1e6;

export interface SystemHistoryParts extends SystemReaderParts {
  /** Monotonic time. */
  readonly nowMs: () => number;
  /** Time of day, in Unix milliseconds. */
  readonly nowUnixMs: () => number;
}

interface SystemReaderParts {
  readonly traffic: Traffic;
  readonly activity: ActivityLog;
  readonly store: Pick<BlockStore, "fileBytes">;
  readonly journal: Pick<Journal, "sizeBytes">;
  readonly host: Pick<SchedulerHost, "workers">;
}

interface SystemReader {
  read(): SystemReading;
  close(): void;
}

function createSystemReader(parts: SystemReaderParts): SystemReader {
  const { traffic, activity, store, journal, host } = parts;
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  /** What is measured is the time between two calls, so a timer that is never late has the resolution. */
  const delayMs = (percentile: number): number =>
    delay.count === 0
      ? 0
      : Math.max(0, delay.percentile(percentile) / NANOS_PER_MS - DELAY_RESOLUTION_MS);
  return {
    read() {
      const cpu = process.cpuUsage();
      const memory = process.memoryUsage();
      const delayMedianMs = delayMs(50);
      const delayHighMs = delayMs(99);
      delay.reset();
      const { finished, computeMs } = activity.totals;
      const bytes = traffic.bytes;
      return {
        cpuMicros: cpu.user + cpu.system,
        residentBytes: memory.rss,
        heapBytes: memory.heapUsed,
        delayMedianMs,
        delayHighMs,
        messagesIn: traffic.messagesIn,
        messagesOut: traffic.messagesOut,
        bytesIn: bytes.in,
        bytesOut: bytes.out,
        storeBytes: store.fileBytes + journal.sizeBytes(),
        tasksDone: finished,
        computeMs,
        ...clusterFigures(host),
      };
    },
    close: () => void delay.disable(),
  };
}

function clusterFigures(
  host: Pick<SchedulerHost, "workers">,
): Pick<SystemReading, "machines" | "threads" | "threadsComputing" | "workersBytes"> {
  const statuses = host.workers.map(({ record }) => record.status);
  const sum = (of: (status: (typeof statuses)[number]) => number): number =>
    statuses.reduce((total, status) => total + of(status), 0);
  return {
    machines: statuses.length,
    threads: sum(({ threads }) => threads),
    threadsComputing: sum(({ running }) => running.length),
    workersBytes: sum(({ cacheBytes, condition }) => cacheBytes + (condition?.memoryBytes ?? 0)),
  };
}

/** What does not change while it runs. */
const aboutCoordinator = (startedAtMs: number): SystemHistory["about"] => ({
  version: readVersion(),
  node: process.version,
  system: `${type()} ${release()} ${arch()}`,
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  startedAtMs,
});

/** Begins to sample; `close` ends it. */
export function startSystemHistory(
  parts: SystemHistoryParts,
): Pick<SystemSampler, "history" | "close"> {
  const { nowMs, nowUnixMs } = parts;
  const reader = createSystemReader(parts);
  const sampler = new SystemSampler({
    run: randomText(randomBytes(16)),
    about: aboutCoordinator(nowUnixMs()),
    read: () => reader.read(),
    nowMs,
    nowUnixMs,
    every: (intervalMs, call) => {
      const timer = setInterval(call, intervalMs).unref();
      return () => clearInterval(timer);
    },
  });
  return {
    history: (since) => sampler.history(since),
    close: () => {
      sampler.close();
      reader.close();
    },
  };
}
