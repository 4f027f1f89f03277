// A job's graph: groups as boxes that unfold into their tasks, with every task's story behind it.
import { Skeleton } from "@mantine/core";
import { useMemo, useState } from "react";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { TaskKey } from "../../../shared/ids.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { GRAPH_TASKS_MAX } from "../../../shared/protocol/telemetry.ts";
import { formatCount } from "../../components/format.ts";
import { Notice } from "../../components/notice.tsx";
import { StoryDialog } from "../jobs/story-dialog.tsx";
import { FindTask } from "./find-task.tsx";
import { GraphPicture } from "./graph-picture.tsx";
import { GraphTable } from "./graph-table.tsx";
import { useGraph } from "./use-graph.ts";
import styles from "./graph-view.module.css";

export interface GraphViewProps {
  readonly job: JobView;
  readonly client: ClusterClient;
}

export function GraphView({ job, client }: GraphViewProps) {
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(() => new Set());
  const [story, setStory] = useState<TaskKey | null>(null);
  const { state, problem } = useGraph(client, job, unfolded);
  const subject = useMemo(
    () => (story === null ? null : { job: job.job, task: story }),
    [story, job.job],
  );
  if (state === null) {
    if (problem === null) return <Skeleton className={styles["skeleton"] ?? ""} />;
    return (
      <Notice tone="attention" title="There is no graph to look at">
        {problem}
      </Notice>
    );
  }
  const { scene, graph, groups } = state;
  const fold = (group: string, isUnfolded: boolean): void => {
    const next = new Set(unfolded);
    if (isUnfolded) next.add(group);
    else next.delete(group);
    setUnfolded(next);
  };
  return (
    <div className={styles["view"]}>
      {graph === null && (
        <Notice tone="attention" title="Shown as functions only">
          {`This job has ${formatCount(job.tasksTotal)} tasks; up to ${formatCount(GRAPH_TASKS_MAX)} are drawn one by one. The search still finds a task by its whole key.`}
        </Notice>
      )}
      <GraphPicture
        scene={scene}
        graph={graph}
        groups={groups}
        unfolded={unfolded}
        onFold={fold}
        onFoldAll={(isUnfolded) => setUnfolded(new Set(isUnfolded ? groups : []))}
        onStory={setStory}
      />
      <FindTask graph={graph} names={scene.names} looks={scene.looks} onStory={setStory} />
      <GraphTable
        scene={scene}
        groups={groups}
        unfolded={unfolded}
        canUnfold={graph !== null}
        onFold={fold}
      />
      <StoryDialog client={client} subject={subject} onClose={() => setStory(null)} />
    </div>
  );
}
