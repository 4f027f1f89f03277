// Says in plain words what a lost or refused connection means and what to do about it.
import { unreachable } from "../../shared/assert.ts";
import type { ConnectionState } from "../../shared/client/cluster-client.ts";
import type { RefusalReason } from "../../shared/protocol/messages.ts";

export interface Advice {
  readonly title: string;
  readonly text: string;
  /** Whether reloading the page may help. */
  readonly canReload: boolean;
}

/** "trying again in 3 s", or "trying again now" once the time has come. */
export function retryWords(retryAtMs: number, nowMs: number): string {
  const seconds = Math.ceil((retryAtMs - nowMs) / 1_000);
  return seconds <= 0 ? "trying again now" : `trying again in ${seconds} s`;
}

const REFUSALS: Partial<Record<RefusalReason, Advice>> = {
  "wrong-version": {
    title: "This page is older than the coordinator",
    text: "Reload to get the page that fits. Running jobs go on meanwhile.",
    canReload: true,
  },
  "wrong-token": {
    title: "The key in this address is not valid",
    text: "The coordinator may have been set up anew. Open the full address once more: its terminal prints it, and the dashboard shows the one to join.",
    canReload: false,
  },
  "too-many": {
    title: "The coordinator has no room for another page",
    text: "Close pages that are not needed, then reload.",
    canReload: true,
  },
  superseded: {
    title: "This page was opened again elsewhere",
    text: "The newer tab has taken over. Close this one, or reload to take over again.",
    canReload: true,
  },
  removed: {
    title: "This machine was removed from the cluster",
    text: "Somebody at the dashboard ended its connection. It takes part again when you reload this page.",
    canReload: true,
  },
  "shutting-down": {
    title: "The coordinator was shut down",
    text: "Start it again with npm start, then reload. Jobs and results are kept.",
    canReload: true,
  },
};

/** What a refusal means; the coordinator's own words where no better ones are known here. */
export function refusalAdvice(reason: RefusalReason, message: string): Advice {
  const known = REFUSALS[reason];
  if (known !== undefined) return known;
  return { title: "The coordinator refused this page", text: message, canReload: true };
}

/** The banner above every view of the dashboard; null while all is well. */
export function connectionAdvice(connection: ConnectionState, nowMs: number): Advice | null {
  switch (connection.state) {
    case "connecting":
    case "connected":
      return null;
    case "lost":
      return {
        title: "Connection to the coordinator lost",
        text: `Work goes on; ${retryWords(connection.retryAtMs, nowMs)}.`,
        canReload: false,
      };
    case "refused":
      return refusalAdvice(connection.reason, connection.message);
    default:
      return unreachable(connection);
  }
}
