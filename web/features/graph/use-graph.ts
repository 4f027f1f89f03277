// What the graph view shows: the job's graph with its layout, and how its tasks stand by now.
import { useEffect, useMemo, useRef } from "react";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import { httpPaths } from "../../../shared/protocol/http.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import {
  GRAPH_TASKS_MAX,
  jobGraphSchema,
  jobGroupsSchema,
  taskStatesSchema,
  type JobGraph,
} from "../../../shared/protocol/telemetry.ts";
import { usePolled } from "../../app/use-polled.ts";
import { groupNames } from "../jobs/group-rows.ts";
import { looksOf } from "./graph-inks.ts";
import { layoutGroups } from "./graph-layout.ts";
import type { GraphScene } from "./graph-scene.ts";
import { useLayout } from "./use-layout.ts";

const LIVE_INTERVAL_MS = 1_000;

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
  const path = <T>(of: T): T | null => (hasTasks ? of : null);
  const counted = usePolled(client, httpPaths.jobGroups(job.job), jobGroupsSchema, interval);
  const drawn = usePolled(client, path(httpPaths.jobGraph(job.job)), jobGraphSchema, null);
  const stated = usePolled(client, path(httpPaths.jobStates(job.job)), taskStatesSchema, interval);
  useGrowth(drawn, stated.value?.states.length ?? null);
  const { laidOut, problem } = useLayout(hasTasks ? drawn.value : null, unfolded);

  const groupsOnly = useMemo(() => {
    if (hasTasks || counted.value === null) return null;
    return layoutGroups(counted.value.groups.length, counted.value.edges);
  }, [hasTasks, counted.value]);
  const letters = stated.value?.states ?? "";
  const tasks = laidOut?.graph.tasks.length ?? 0;
  const looks = useMemo(() => looksOf(letters, tasks), [letters, tasks]);
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
  return { state, problem: problem ?? drawn.problem ?? counted.problem };
}

/** A job that is extended has more tasks by now than its graph: it is asked for anew. */
function useGrowth(
  drawn: { readonly value: JobGraph | null; readonly again: () => void },
  statesCount: number | null,
): void {
  const askedFor = useRef<number | null>(null);
  const known = drawn.value?.tasks.length ?? null;
  const { again } = drawn;
  useEffect(() => {
    if (known === null || statesCount === null || statesCount === known) return;
    if (askedFor.current === statesCount) return;
    askedFor.current = statesCount;
    again();
  }, [known, statesCount, again]);
}
