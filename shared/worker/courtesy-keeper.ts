// Keeps a worker courteous: looks at its machine once a second and tells the agent what may be taken.
import type { Clock } from "../data-plane/clock.ts";
import { THREADS_PER_WORKER_MAX } from "../limits.ts";
import type { Condition } from "../protocol/messages.ts";
import type { WorkerSettings } from "../protocol/telemetry.ts";
import {
  type Courtesy,
  courtesyReasons,
  type CourtesySettings,
  decideCourtesy,
} from "./courtesy.ts";
import { atEase, type GivingWay, giveWay } from "./giving-way.ts";
import type { WorkerAgent } from "./worker-agent.ts";
import { runningLeases } from "./worker-state.ts";

/** Short enough that a person sees a rule act, long enough to cost nothing. */
const LOOK_MS = 1_000;

/** What the platform feels of its machine; null for what it does not tell. */
export interface MachineSense {
  readonly pressure: Condition["pressure"];
  readonly battery: Condition["battery"];
  readonly lagMs: number | null;
  readonly isHidden: boolean;
}

export interface MachineSenses {
  readonly now: MachineSense;
  /** Battery, pressure or visibility changed; how late timers are is asked for instead. */
  onChange(listener: () => void): () => void;
  close(): void;
}

export interface CourtesyView {
  readonly settings: CourtesySettings;
  /** End of the pause for a while, of the keeper's clock; null without one. */
  readonly pausedUntilMs: number | null;
  /** Threads that the machine has to spare; null while it is not busy with something else. */
  readonly threadsSpare: number | null;
}

export interface CourtesyKeeper {
  readonly view: CourtesyView;
  change(settings: Partial<CourtesySettings>): void;
  pauseFor(durationMs: number): void;
  /** Lifts the pause for a while, and whatever else a hand asked for. */
  resume(): void;
  /** The dashboard changed these, and the agent obeyed already. */
  follow(settings: WorkerSettings): void;
  close(): void;
}

export interface CourtesyKeeperOptions {
  readonly agent: Pick<WorkerAgent, "state" | "setPaused" | "setThreads" | "setCondition">;
  readonly clock: Clock;
  readonly senses: MachineSenses;
  readonly cores: number;
  readonly settings: CourtesySettings;
  /** From an earlier visit. */
  readonly pausedUntilMs: number | null;
  /** Something that `view` shows changed. */
  readonly onChange: () => void;
}

export function createCourtesyKeeper(options: CourtesyKeeperOptions): CourtesyKeeper {
  const { agent, clock, senses, cores, onChange } = options;
  let settings = options.settings;
  let pausedUntilMs = options.pausedUntilMs;
  let giving: GivingWay = atEase;
  let shown: CourtesyView | null = null;
  let stopLook = (): void => undefined;

  function look(): void {
    stopLook();
    const nowMs = clock.nowMs();
    const { pressure, lagMs, battery } = senses.now;
    const ownShare = runningLeases(agent.state).length / cores;
    giving = giveWay(giving, { pressure, lagMs, ownShare }, settings.threads, nowMs);
    agent.setCondition({ pressure, battery, lagMs });
    decide();
    stopLook = clock.after(LOOK_MS, look);
  }

  function decide(): void {
    const nowMs = clock.nowMs();
    if (pausedUntilMs !== null && pausedUntilMs <= nowMs) pausedUntilMs = null;
    const { threadsSpare } = giving;
    const { battery, isHidden } = senses.now;
    const facts = { settings, pausedUntilMs, battery, isHidden, threadsSpare };
    apply(decideCourtesy(facts, nowMs));
    const isNews =
      shown === null ||
      shown.settings !== settings ||
      shown.pausedUntilMs !== pausedUntilMs ||
      shown.threadsSpare !== spareShown();
    shown = { settings, pausedUntilMs, threadsSpare: spareShown() };
    if (isNews) onChange();
  }

  const spareShown = (): number | null =>
    settings.givesWay && giving.threadsSpare !== null && giving.threadsSpare < settings.threads
      ? giving.threadsSpare
      : null;

  function apply({ reasons, threads }: Courtesy): void {
    // Threads first: a worker that resumes takes no more than it may.
    if (threads !== agent.state.threads) agent.setThreads(threads);
    for (const reason of courtesyReasons) {
      const holds = reasons.has(reason);
      if (holds !== agent.state.pauses.has(reason)) agent.setPaused(holds, reason);
    }
  }

  function change(changed: Partial<CourtesySettings>): void {
    const threads = Math.floor(changed.threads ?? settings.threads);
    settings = {
      ...settings,
      ...changed,
      threads: Math.max(1, Math.min(THREADS_PER_WORKER_MAX, threads)),
    };
    decide();
  }

  const stopSenses = senses.onChange(decide);
  look();

  return {
    get view() {
      return shown ?? { settings, pausedUntilMs, threadsSpare: null };
    },
    change,
    pauseFor(durationMs) {
      pausedUntilMs = clock.nowMs() + durationMs;
      decide();
    },
    resume() {
      pausedUntilMs = null;
      agent.setPaused(false, "person");
      decide();
    },
    follow({ threads, paused }) {
      if (paused === false) pausedUntilMs = null;
      change(threads === undefined ? {} : { threads });
    },
    close() {
      stopLook();
      stopSenses();
      senses.close();
    },
  };
}
