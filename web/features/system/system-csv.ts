// The figures as a table for other programs: a line a sample, with units in the headings.
import type { History, SystemColumn } from "./system-history.ts";

const COLUMNS: readonly (readonly [SystemColumn, string])[] = [
  ["cpuShare", "cpu_share_of_one_core"],
  ["residentBytes", "resident_bytes"],
  ["heapBytes", "heap_bytes"],
  ["delayMedianMs", "event_loop_delay_median_ms"],
  ["delayHighMs", "event_loop_delay_p99_ms"],
  ["messagesIn", "messages_in"],
  ["messagesOut", "messages_out"],
  ["bytesIn", "bytes_in"],
  ["bytesOut", "bytes_out"],
  ["storeBytes", "store_bytes"],
  ["tasksDone", "tasks_done"],
  ["computeMs", "compute_thread_ms"],
  ["machines", "machines"],
  ["threads", "threads"],
  ["threadsComputing", "threads_computing"],
  ["workersBytes", "bytes_held_by_machines"],
];

/** All samples that are known, oldest first; counts are within the sample's interval. */
export function systemCsv({ samples }: History): string {
  const head = ["time", ...COLUMNS.map(([, heading]) => heading)].join(",");
  const lines = samples.atMs.map((atMs, at) =>
    [
      new Date(atMs).toISOString(),
      ...COLUMNS.map(([column]) => String(samples[column][at] ?? "")),
    ].join(","),
  );
  return [head, ...lines, ""].join("\r\n");
}
