// How evenly a page draws: the times between its frames, and its memory.
import type { Page } from "playwright";

export interface FrameTimes {
  readonly medianMs: number;
  /** Of a hundred frames, five came later than this after the one before. */
  readonly highMs: number;
  readonly longestMs: number;
}

/** As text: compiled functions carry a helper of the compiler's with them, which the page lacks. */
const WATCH_FRAMES = `(durationMs) => new Promise((resolve) => {
  const found = [];
  const startMs = performance.now();
  let lastMs = startMs;
  const look = () => {
    // The callback's own time says when the frame was due, not when its turn came.
    const nowMs = performance.now();
    found.push(nowMs - lastMs);
    lastMs = nowMs;
    if (nowMs - startMs < durationMs) requestAnimationFrame(look);
    else resolve(found);
  };
  requestAnimationFrame(look);
})`;

/** Watches the page's frames for so long; the page must be visible. */
export async function measureFrames(page: Page, seconds: number): Promise<FrameTimes> {
  const times = await page.evaluate<number[]>(`(${WATCH_FRAMES})(${seconds * 1_000})`);
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
  return { medianMs: at(0.5), highMs: at(0.95), longestMs: at(1) };
}

/** What the page's JavaScript holds after a collection of garbage, in bytes. */
export async function heapBytes(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  try {
    await devtools.send("HeapProfiler.collectGarbage");
    const { usedSize } = await devtools.send("Runtime.getHeapUsage");
    return usedSize;
  } finally {
    await devtools.detach();
  }
}
