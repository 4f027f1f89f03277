// What the machine's GPU is called, for those who look at it from afar.
import type { Clock } from "../../../shared/data-plane/clock.ts";
import { type GpuEntry, isFallback, nameAdapter } from "./adapter.ts";

/** A browser that has not said so by then is not waited for: nobody's joining depends on a name. */
const ANSWER_MS = 300;
/** As the protocol has it. */
const LENGTH_MAX = 200;

/**
 * The name of the adapter that fast jobs would ask for, with "(software)" where it is none; null without
 * one, or when the browser takes long to answer. Never rejects.
 */
export function findGpuName(gpu: GpuEntry | undefined, clock: Clock): Promise<string | null> {
  if (gpu === undefined) return Promise.resolve(null);
  return new Promise((resolve) => {
    const stopTimer = clock.after(ANSWER_MS, () => resolve(null));
    const answer = (name: string | null): void => {
      stopTimer();
      resolve(name);
    };
    gpu.requestAdapter({ powerPreference: "high-performance" }).then(
      (adapter) => {
        if (adapter === null) return answer(null);
        answer(nameAdapter(adapter.info, isFallback(adapter)).label.slice(0, LENGTH_MAX));
      },
      () => answer(null),
    );
  });
}
