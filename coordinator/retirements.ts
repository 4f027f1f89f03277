// Workers that are to finish and leave: asked, let go, and cut off if they stay all the same.
import type { WorkerPort } from "./ports.ts";

/** A page that may leave does so once it has kept its actors' states; one that does not is let go. */
const STAYING_MS_MAX = 15_000;

export interface RetirementsOptions {
  /** Monotonic time. */
  readonly nowMs: () => number;
  readonly log: (line: string) => void;
}

export class Retirements {
  readonly #options: RetirementsOptions;

  constructor(options: RetirementsOptions) {
    this.#options = options;
  }

  /** The scheduler is to hear of it after that. */
  begin(port: WorkerPort): void {
    port.record.retire();
    port.send({ type: "retire" });
  }

  /** Nothing is needed any more of it. */
  letGo(port: WorkerPort | undefined): void {
    if (port === undefined) return;
    port.record.retiredAtMs = this.#options.nowMs();
    port.send({ type: "retired" });
    this.#options.log(`${port.record.name} has finished and may leave.`);
  }

  /** On a tick: whoever should have left long ago is not waited for. */
  endLate(workers: Iterable<WorkerPort>): void {
    const nowMs = this.#options.nowMs();
    for (const port of workers) {
      const sinceMs = port.record.retiredAtMs;
      if (sinceMs === null || nowMs - sinceMs < STAYING_MS_MAX) continue;
      port.end("removed", "This machine was asked to finish, and has.");
    }
  }
}
