// Runs benches one after the other, each within its time, and ends everything that it started.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findBrowser } from "../../coordinator/browser/find-browser.ts";
import { ensureBuilt } from "../../coordinator/build.ts";
import { createCleanups, type Cleanups } from "../../coordinator/commands/cleanups.ts";
import { unlessAborted } from "../../coordinator/commands/unless-aborted.ts";
import type { Bench, Row, Scale } from "./bench.ts";
import { startLaneHost, type LaneHost } from "./lanes/browser-lanes.ts";
import { describeMachine } from "./machine.ts";
import { findPython, type PythonFound } from "./peers/python.ts";
import type { BenchOutcome, Report } from "./report.ts";
import type { Stage } from "./stage.ts";

export interface SuiteOptions {
  readonly benches: readonly Bench[];
  readonly scale: Scale;
  /** Null leaves out everything that needs Python. */
  readonly findPython?: () => Promise<PythonFound | null>;
  /** Ends the run early: what is there by then is reported. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** "quick" is over in two minutes: what a stuck bench takes from the others is bounded by this. */
const QUICK_LIMIT_MS = 105_000;
/** Pages say goodbye and requests end within a few seconds, unless something hangs. */
const CLEANUP_LIMIT_MS = 10_000;
/** The share of a bench's time after which it begins no further round. */
const SOFT_SHARE = 0.7;

export async function runSuite(options: SuiteOptions): Promise<Report> {
  const { benches, scale, signal, say } = options;
  const startMs = performance.now();
  const cleanups = createLateCleanups();
  try {
    const folder = await mkdtemp(join(tmpdir(), "tabswarm-bench-"));
    cleanups.add(() => rm(folder, { recursive: true, force: true }));
    await ensureBuilt(say);
    const executablePath = await findBrowser(say);
    const python = await (options.findPython ?? findPython)();
    const leftOut = new Set<string>();
    let laneHost: Promise<LaneHost> | undefined;
    const parts = {
      scale,
      folder,
      executablePath,
      python,
      say,
      laneHost: () =>
        (laneHost ??= startLaneHost(join(folder, "page"), executablePath, cleanups, say)),
      leaveOut: (what: string, why: string) => void leftOut.add(`${what}, as ${why}`),
    };
    const outcomes: BenchOutcome[] = [];
    for (const bench of benches) {
      const leftMs = scale === "quick" ? startMs + QUICK_LIMIT_MS - performance.now() : Infinity;
      if (signal.aborted) break;
      outcomes.push(await runBench(bench, parts, signal, leftMs));
    }
    return {
      scale,
      date: new Date().toISOString().slice(0, 10),
      machine: await describeMachine(executablePath, python),
      outcomes,
      leftOut: [...leftOut],
    };
  } finally {
    await endAll(cleanups, say);
  }
}

/** Undoes what can be undone in its time; the rest goes on without anybody waiting for it. */
async function endAll(cleanups: Cleanups, say: (line: string) => void): Promise<void> {
  const waiting = new AbortController();
  const late = delay(CLEANUP_LIMIT_MS, true, { signal: waiting.signal }).catch(() => false);
  const isLate = await Promise.race([cleanups.run().then(() => false), late]);
  waiting.abort();
  if (isLate) say("  Something does not end by itself; it ends with this run.");
}

type StageParts = Omit<Stage, "signal" | "softLimitMs" | "cleanups" | "add">;

async function runBench(
  bench: Bench,
  parts: StageParts,
  stopped: AbortSignal,
  leftMs: number,
): Promise<BenchOutcome> {
  const limitMs = Math.min(1_000 * bench.limitSeconds(parts.scale), leftMs);
  const rows: Row[] = [];
  const outcome = (failure: string | null): BenchOutcome => ({ name: bench.name, rows, failure });
  if (limitMs <= 0) return outcome("the time of the run was over");
  parts.say(bench.name);
  const startMs = performance.now();
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new Error(`it took more than ${Math.round(limitMs / 1_000)} s`)),
    limitMs,
  );
  const signal = AbortSignal.any([stopped, late.signal]);
  const softLimitMs = startMs + SOFT_SHARE * limitMs;
  const cleanups = createLateCleanups();
  try {
    const add = (row: Row): void => void rows.push(row);
    await unlessAborted(bench.run({ ...parts, signal, softLimitMs, cleanups, add }), signal);
    return outcome(null);
  } catch (error) {
    return outcome(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
    await endAll(cleanups, parts.say);
    parts.say(`  ${bench.name}: ${Math.round((performance.now() - startMs) / 1_000)} s`);
  }
}

/** What was ended may still start something: whatever it adds then is undone at once. */
function createLateCleanups(): Cleanups {
  const cleanups = createCleanups();
  let isOver = false;
  return {
    add: (undo) => {
      cleanups.add(undo);
      if (isOver) void cleanups.run();
    },
    run: () => {
      isOver = true;
      return cleanups.run();
    },
  };
}
