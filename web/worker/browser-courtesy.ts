// Courtesy in a page: binds the keeper to the browser's senses, and remembers what a person chose.
import { createCourtesyKeeper, type CourtesyView } from "../../shared/worker/courtesy-keeper.ts";
import type { CourtesySettings } from "../../shared/worker/courtesy.ts";
import type { WorkerSettings } from "../../shared/protocol/telemetry.ts";
import type { Condition } from "../../shared/protocol/messages.ts";
import type { WorkerAgent } from "../../shared/worker/worker-agent.ts";
import { browserClock } from "../transport/browser-clock.ts";
import {
  rememberedPause,
  rememberedSettings,
  rememberPause,
  rememberSettings,
} from "./courtesy-memory.ts";
import { openMachineSenses } from "./machine-senses.ts";
import { browserMemory, tabMemory } from "./remembered.ts";

export interface BrowserCourtesyView extends CourtesyView {
  /** Whether this browser tells of the battery; null until that is known. */
  readonly tellsBattery: boolean | null;
  readonly battery: Condition["battery"];
  /** The end of the pause for a while, on the wall's clock; null without one. */
  readonly pausedUntilUnixMs: number | null;
}

export interface BrowserCourtesy {
  readonly view: BrowserCourtesyView;
  /** Chosen by the person here: remembered. */
  change(settings: Partial<CourtesySettings>): void;
  pause(): void;
  pauseFor(durationMs: number): void;
  resume(): void;
  /** Chosen at the dashboard, and done already. */
  follow(settings: WorkerSettings): void;
  close(): void;
}

/** The settings of the last visit, or those of the address, which count more. */
export function initialSettings(cores: number, asked: Partial<CourtesySettings>): CourtesySettings {
  const fallback = {
    // One core stays for the person at the machine and for the page itself.
    threads: Math.max(1, cores - 1),
    onlyPluggedIn: false,
    stopsWhenHidden: false,
    givesWay: true,
  };
  return { ...rememberedSettings(browserMemory, fallback), ...asked };
}

export function startBrowserCourtesy(options: {
  readonly agent: WorkerAgent;
  readonly cores: number;
  readonly settings: CourtesySettings;
  readonly onChange: () => void;
}): BrowserCourtesy {
  const { agent, cores, settings, onChange } = options;
  const senses = openMachineSenses();
  const asked = rememberedPause(tabMemory, Date.now());
  if (asked === "person") agent.setPaused(true, "person");
  const pausedForMs = asked === null || asked === "person" ? null : asked.untilUnixMs - Date.now();
  const keeper = createCourtesyKeeper({
    agent,
    clock: browserClock,
    senses,
    cores,
    settings,
    pausedUntilMs: pausedForMs === null ? null : browserClock.nowMs() + pausedForMs,
    onChange,
  });
  // A battery that is found full, and the word that there is none to ask, change no decision.
  const stopSenses = senses.onChange(onChange);

  return {
    get view() {
      const { view } = keeper;
      const { pausedUntilMs } = view;
      return {
        ...view,
        tellsBattery: senses.tellsBattery,
        battery: senses.now.battery,
        pausedUntilUnixMs:
          pausedUntilMs === null ? null : Date.now() + pausedUntilMs - browserClock.nowMs(),
      };
    },
    change(changed) {
      rememberSettings(browserMemory, changed);
      keeper.change(changed);
    },
    pause() {
      rememberPause(tabMemory, "person");
      agent.setPaused(true, "person");
    },
    pauseFor(durationMs) {
      rememberPause(tabMemory, { untilUnixMs: Date.now() + durationMs });
      keeper.pauseFor(durationMs);
    },
    resume() {
      rememberPause(tabMemory, null);
      keeper.resume();
    },
    follow(changed) {
      if (changed.threads !== undefined) {
        rememberSettings(browserMemory, { threads: changed.threads });
      }
      if (changed.paused === false) rememberPause(tabMemory, null);
      keeper.follow(changed);
    },
    close() {
      stopSenses();
      keeper.close();
    },
  };
}
