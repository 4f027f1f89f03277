// What the graph view shows: the job's graph with its layout, and how its tasks stand by now.
import { useEffect, useMemo, useState } from "react";
import { ClusterError, type ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { JobId } from "../../../shared/ids.ts";
import { httpPaths } from "../../../shared/protocol/http.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import {
  GRAPH_TASKS_MAX,
  jobGraphSchema,
  jobGroupsSchema,
  taskStatesSchema,
  type JobGraph,
} from "../../../shared/protocol/telemetry.ts";
import { createPoller, documentVisibility } from "../../app/poller.ts";
import { browserTimers } from "../../app/sampler.ts";
import { usePolled } from "../../app/use-polled.ts";
import { groupNames } from "../jobs/group-rows.ts";
import { looksOf } from "./graph-inks.ts";
import { layoutGroups } from "./graph-layout.ts";
import type { GraphScene } from "./graph-scene.ts";
import { useLayout } from "./use-layout.ts";

const LIVE_INTERVAL_MS = 1_000;
const RETRY_MS = 3_000;

export interface ShownGraph {
  readonly scene: GraphScene;
  /** Null: groups only. */
  readonly graph: JobGraph | null;
  /** Names of all groups, by their places. */
  readonly groups: readonly string[];
}

export function useGraph(
  client: Pick<ClusterClient, "read">,
  job: JobView,
  unfolded: ReadonlySet<string>,
): { readonly state: ShownGraph | null; readonly problem: string | null } {
  const isLive = job.state === "running" || job.state === "paused";
  const interval = isLive ? LIVE_INTERVAL_MS : null;
  const hasTasks = job.tasksTotal <= GRAPH_TASKS_MAX;
  const counted = usePolled(client, httpPaths.jobGroups(job.job), jobGroupsSchema, interval);
  const {
    graph: drawn,
    states,
    problem: lost,
  } = useTasks(client, hasTasks ? job.job : null, isLive);
  const { laidOut, problem } = useLayout(hasTasks ? drawn : null, unfolded);

  const groupsOnly = useMemo(() => {
    if (hasTasks || counted.value === null) return null;
    return layoutGroups(counted.value.groups.length, counted.value.edges);
  }, [hasTasks, counted.value]);
  const tasks = laidOut?.graph.tasks.length ?? 0;
  const looks = useMemo(() => looksOf(states, tasks), [states, tasks]);
  const state = useMemo(() => {
    const graph = laidOut?.graph ?? null;
    const layout = laidOut?.layout ?? groupsOnly;
    if (layout === null) return null;
    const groups = graph?.groups ?? counted.value?.groups.map(({ name }) => name) ?? [];
    const names = groupNames(groups);
    const counts = new Map(counted.value?.groups.map((group) => [group.name, group]));
    const scene: GraphScene = {
      structure: laidOut?.structure ?? null,
      layout,
      names: groups.map((group) => names.get(group) ?? { label: group, mark: "" }),
      counts: groups.map((group) => counts.get(group)),
      looks,
    };
    return { scene, graph, groups };
  }, [laidOut, groupsOnly, counted.value, looks]);
  return { state, problem: problem ?? lost ?? counted.problem };
}

interface TasksNews {
  readonly graph: JobGraph | null;
  /** A letter a task. */
  readonly states: string;
  readonly problem: string | null;
}

const noNews: TasksNews = { graph: null, states: "", problem: null };

/** The graph, asked for anew whenever the job has other tasks, and how its tasks stand. */
function useTasks(
  client: Pick<ClusterClient, "read">,
  job: JobId | null,
  isLive: boolean,
): TasksNews {
  const [news, setNews] = useState(noNews);
  useEffect(() => {
    if (job === null) return undefined;
    const ending = new AbortController();
    const { signal } = ending;
    const readStates = () => client.read(httpPaths.jobStates(job), taskStatesSchema, signal);
    let graph: JobGraph | null = null;
    const poller = createPoller({
      ask: async () => {
        try {
          let told = await readStates();
          if (graph?.revision !== told.revision) {
            graph = await client.read(httpPaths.jobGraph(job), jobGraphSchema, signal);
            // It was extended in between: what comes now is of this graph, or the next round's.
            if (graph.revision !== told.revision) told = await readStates();
          }
          if (signal.aborted) return;
          setNews({ graph, states: told.states, problem: null });
          if (!isLive) poller.close();
        } catch (error) {
          if (signal.aborted) return;
          const problem = error instanceof Error ? error.message : String(error);
          setNews((before) => ({ ...before, problem }));
          if (error instanceof ClusterError && error.status === 404) poller.close();
        }
      },
      intervalMs: isLive ? LIVE_INTERVAL_MS : RETRY_MS,
      timers: browserTimers,
      visibility: documentVisibility,
    });
    return () => {
      poller.close();
      ending.abort();
    };
  }, [client, job, isLive]);
  return news;
}
