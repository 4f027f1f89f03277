// The views of one job as links: each has its address, and the keyboard reaches them as any link.
import { lazy, type ComponentType } from "react";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { JobId } from "../../../shared/ids.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { linkTo } from "../../app/link-to.ts";
import { jobPath, type JobViewName } from "../../app/router.ts";
import styles from "./job-tabs.module.css";

export interface OtherView {
  readonly words: string;
  readonly View: ComponentType<OtherViewProps>;
}

export interface OtherViewProps {
  readonly jobId: JobId;
  readonly job: JobView;
  readonly client: ClusterClient;
}

const GraphView = lazy(async () => {
  const module = await import("../graph/graph-view.tsx");
  return { default: module.GraphView };
});

const TaskStream = lazy(async () => {
  const module = await import("./job-stream.tsx");
  return { default: module.JobStream };
});

/** Views beside the result, in the order of their tabs; each loads only where it is looked at. */
export const OTHER_VIEWS: ReadonlyMap<JobViewName, OtherView> = new Map<JobViewName, OtherView>([
  ["stream", { words: "Task stream", View: TaskStream }],
  ["graph", { words: "Graph", View: GraphView }],
]);

export function JobTabs({ jobId, view }: { readonly jobId: JobId; readonly view: JobViewName }) {
  const tabs: [JobViewName, string][] = [["result", "Result"]];
  for (const [name, { words }] of OTHER_VIEWS) tabs.push([name, words]);
  return (
    <nav className={styles["tabs"]} aria-label="Views of this job">
      {tabs.map(([name, words]) => (
        <a
          key={name}
          {...linkTo(jobPath(jobId, name), true)}
          className={styles["tab"]}
          aria-current={name === view ? "page" : undefined}
        >
          {words}
        </a>
      ))}
    </nav>
  );
}
