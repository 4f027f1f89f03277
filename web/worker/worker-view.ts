// What a joined page shows of its threads and of the way its bytes take, from what is known.
import type { LinkReport } from "../../shared/protocol/messages.ts";

export interface ThreadView {
  readonly state: "computing" | "waiting" | "off";
  /** What it computes; null for the other states. */
  readonly title: string | null;
}

/** "unknown" until bytes travelled or a direct channel opened or failed. */
export type DataPath = "direct" | "coordinator" | "unknown";

/** Computing threads first, then waiting ones, then those that the person keeps for other things. */
export function threadViews(
  runningTitles: readonly string[],
  threads: number,
  threadsMax: number,
): ThreadView[] {
  return Array.from({ length: threadsMax }, (_, i): ThreadView => {
    const title = runningTitles[i];
    if (title !== undefined) return { state: "computing", title };
    return { state: i < threads ? "waiting" : "off", title: null };
  });
}

export function pathOf(links: readonly LinkReport[]): { path: DataPath; pathWhy: string | null } {
  if (links.some(({ peer, state }) => peer !== null && state === "open")) {
    return { path: "direct", pathWhy: null };
  }
  const failed = links.find(({ peer, state }) => peer !== null && state === "failed");
  if (failed !== undefined) return { path: "coordinator", pathWhy: failed.why };
  const wasDirect = links.some(
    ({ peer, bytesReceived, bytesSent }) => peer !== null && bytesReceived + bytesSent > 0,
  );
  if (wasDirect) return { path: "direct", pathWhy: null };
  const isUsed = links.some(({ peer, bytesReceived }) => peer === null && bytesReceived > 0);
  return { path: isUsed ? "coordinator" : "unknown", pathWhy: null };
}

export const bytesSentOf = (links: readonly LinkReport[]): number =>
  links.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
