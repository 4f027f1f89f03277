// Asks the coordinator for attempts again and again, and keeps their history in between.
import { createStore, type StoreApi } from "zustand/vanilla";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { JobId } from "../../../shared/ids.ts";
import { httpPaths } from "../../../shared/protocol/http.ts";
import { activitySchema } from "../../../shared/protocol/telemetry.ts";
import { createPoller, type PollerParts } from "../../app/poller.ts";
import type { SamplerTimers } from "../../app/sampler.ts";
import { ActivityHistory } from "./activity-core.ts";

/** A stream that people watch should be fresh; twice a second is 25 kB/s at 500 tasks/s. */
const ASK_EVERY_MS = 500;

interface ActivityState {
  /** Changes with every answer: what is drawn may be old. */
  readonly version: number;
  /** All that the coordinator remembers is here. */
  readonly isCaughtUp: boolean;
  /** Why the last question had no answer; null when it had one. */
  readonly problem: string | null;
}

export interface ActivityStore {
  readonly history: ActivityHistory;
  readonly state: StoreApi<ActivityState>;
  /** The coordinator's clock as this page reckons it, Unix milliseconds; 0 before the first answer. */
  nowMs(): number;
  /** Starts asking; the answer ends it. What is known is kept for the next time. */
  readonly follow: () => () => void;
}

export interface ActivityStoreParts {
  readonly client: Pick<ClusterClient, "read">;
  /** Only this job's attempts; all when absent. */
  readonly job?: JobId;
  readonly timers: SamplerTimers;
  readonly visibility: PollerParts["visibility"];
}

/** Reads page after page until the coordinator has no more; `onPage` is told of each. */
export async function readActivity(
  history: ActivityHistory,
  { client, job }: Pick<ActivityStoreParts, "client" | "job">,
  onPage: () => void = () => undefined,
): Promise<void> {
  for (let hasMore = true; hasMore;) {
    const answer = await client.read(httpPaths.activity(history.since, job), activitySchema);
    hasMore = history.take(answer);
    onPage();
  }
}

export function createActivityStore(parts: ActivityStoreParts): ActivityStore {
  const { timers, visibility } = parts;
  const history = new ActivityHistory();
  const state = createStore<ActivityState>(() => ({
    version: 0,
    isCaughtUp: false,
    problem: null,
  }));
  let answeredAtMs = 0;
  const onPage = (): void => {
    answeredAtMs = timers.nowMs();
    state.setState({ version: history.version });
  };
  const ask = async (): Promise<void> => {
    try {
      await readActivity(history, parts, onPage);
      state.setState({ isCaughtUp: true, problem: null });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      state.setState({ problem });
    }
  };
  return {
    history,
    state,
    nowMs: () => (history.nowMs === 0 ? 0 : history.nowMs + (timers.nowMs() - answeredAtMs)),
    follow: () => {
      const poller = createPoller({ ask, intervalMs: ASK_EVERY_MS, timers, visibility });
      return () => poller.close();
    },
  };
}
