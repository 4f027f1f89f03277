// What the browser feels of its machine: battery, pressure, late timers, and whether the page is seen.
import type { MachineSense, MachineSenses } from "../../shared/worker/courtesy-keeper.ts";
import { createLagMeter } from "./lag-meter.ts";

/** The parts of two interfaces that are not in every browser, nor in TypeScript's library. */
interface BatteryManager extends EventTarget {
  readonly charging: boolean;
  readonly level: number;
}
interface PressureObserver {
  observe(source: "cpu", options: { readonly sampleInterval: number }): Promise<void>;
  disconnect(): void;
}
type PressureWord = NonNullable<MachineSense["pressure"]>;
type PressureObserverClass = new (
  callback: (records: readonly { readonly state: PressureWord }[]) => void,
) => PressureObserver;

const PRESSURE_INTERVAL_MS = 1_000;

export interface BrowserSenses extends MachineSenses {
  /** Whether this browser tells of the battery; null until that is known. */
  readonly tellsBattery: boolean | null;
}

/** Starts to feel; `onChange` listeners hear of battery, pressure and visibility. */
export function openMachineSenses(): BrowserSenses {
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const closing = new AbortController();
  const { signal } = closing;
  const lag = createLagMeter();
  let battery: MachineSense["battery"] = null;
  let tellsBattery: boolean | null = null;
  let pressure: MachineSense["pressure"] = null;

  void openBattery().then((manager) => {
    if (signal.aborted) return;
    tellsBattery = manager !== null;
    const read = (): void => {
      battery = manager && { level: manager.level, isCharging: manager.charging };
      changed();
    };
    manager?.addEventListener("chargingchange", read, { signal });
    manager?.addEventListener("levelchange", read, { signal });
    read();
  });
  const stopPressure = observePressure((state) => {
    if (pressure === state) return;
    pressure = state;
    changed();
  });
  document.addEventListener("visibilitychange", changed, { signal });

  return {
    get now() {
      return { pressure, battery, lagMs: lag.medianMs, isHidden: document.hidden };
    },
    get tellsBattery() {
      return tellsBattery;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      closing.abort();
      stopPressure();
      lag.close();
      listeners.clear();
    },
  };
}

/** Null where the browser has no such interface, or refuses it. */
async function openBattery(): Promise<BatteryManager | null> {
  const { getBattery } = navigator as { getBattery?: () => Promise<BatteryManager> };
  try {
    return (await getBattery?.call(navigator)) ?? null;
  } catch {
    return null;
  }
}

/** Tells the pressure on the processor where the browser does; what it returns ends that. */
function observePressure(onState: (state: PressureWord) => void): () => void {
  const { PressureObserver } = globalThis as { PressureObserver?: PressureObserverClass };
  if (PressureObserver === undefined) return () => undefined;
  const observer = new PressureObserver((records) => {
    const state = records.at(-1)?.state;
    if (state !== undefined) onState(state);
  });
  // Refused by policy, or the machine has no such sensor: late timers are asked instead.
  observer.observe("cpu", { sampleInterval: PRESSURE_INTERVAL_MS }).catch(() => undefined);
  return () => observer.disconnect();
}
