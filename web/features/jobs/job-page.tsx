// The page of one job: its progress, the heatmap and pairs as they arrive, timing, files.
import { Skeleton } from "@mantine/core";
import { useEffect, useState } from "react";
import { useStore } from "zustand";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { JobId } from "../../../shared/ids.ts";
import { browserTimers } from "../../app/sampler.ts";
import { formatCount, formatPlural } from "../../components/format.ts";
import { Notice } from "../../components/notice.tsx";
import { createHash } from "../../transport/hash.ts";
import { Heatmap } from "./heatmap.tsx";
import { JobExports } from "./job-exports.tsx";
import { JobProgress } from "./job-progress.tsx";
import { createJobStore, type JobState, type LiveResult } from "./job-store.ts";
import { JobTiming } from "./job-timing.tsx";
import { jobStory } from "./job-words.ts";
import { PairsTable } from "./pairs-table.tsx";
import styles from "./job-page.module.css";

export interface JobPageProps {
  /** Another job needs another page: give it as `key` too. */
  readonly jobId: JobId;
  readonly client: ClusterClient;
}

async function planTools() {
  const encoder = new TextEncoder();
  return { hash: await createHash(), encode: (text: string) => encoder.encode(text) };
}

export function JobPage({ jobId, client }: JobPageProps) {
  const [{ store, follow }] = useState(() =>
    createJobStore(client, jobId, planTools, browserTimers),
  );
  useEffect(() => follow(), [follow]);
  const state = useStore(store);
  const { job, result, problem } = state;
  if (job === null) return <NoJob isUnknown={state.isUnknown} />;
  const pairsTotal = result?.matrix.pairsTotal ?? 0;
  const { workers } = client.view;
  const { estimate, pairsKnown } = state;
  const story = jobStory({ job, workers, estimate, pairsTotal, pairsKnown });
  return (
    <div className={styles["page"]}>
      <header className={styles["header"]}>
        <h1 className={styles["title"]}>{job.title}</h1>
        <p className={styles["about"]}>{result === null ? " " : aboutWords(result)}</p>
      </header>
      <JobProgress
        job={job}
        story={story}
        knownShare={pairsTotal === 0 ? 1 : pairsKnown / pairsTotal}
        lateResults={state.lateResults}
        client={client}
      />
      {problem !== null && (
        <Notice tone="failed" title="There is no result to look at">
          {problem}
        </Notice>
      )}
      {result === null && problem === null && <Skeleton className={styles["skeleton"] ?? ""} />}
      {result !== null && <Result state={state} result={result} />}
      <JobTiming job={job} workers={workers} />
      {result !== null && (
        <JobExports jobId={jobId} isDone={job.state === "done"} result={result} client={client} />
      )}
    </div>
  );
}

function Result({ state, result }: { readonly state: JobState; readonly result: LiveResult }) {
  const [marked, setMarked] = useState<readonly [number, number] | null>(null);
  return (
    <div className={styles["result"]}>
      <Heatmap
        result={result}
        isComplete={state.pairsKnown === result.matrix.pairsTotal}
        marked={marked}
      />
      <PairsTable
        result={result}
        positive={state.positive}
        negative={state.negative}
        pairsKnown={state.pairsKnown}
        marked={marked}
        onMark={setMarked}
      />
    </div>
  );
}

function NoJob({ isUnknown }: { readonly isUnknown: boolean }) {
  if (!isUnknown) return <Skeleton className={styles["skeleton"] ?? ""} />;
  return (
    <div className={styles["page"]}>
      <Notice tone="attention" title="This job is not here">
        The coordinator has no job at this address: it was deleted, or it belongs to another
        coordinator. The dashboard lists all that there are.
      </Notice>
    </div>
  );
}

function aboutWords({ meta }: LiveResult): string {
  const parts = [
    formatPlural(meta.seriesCount, "series", "series"),
    formatPlural(meta.dateCount, "date"),
    formatPlural((meta.seriesCount * (meta.seriesCount - 1)) / 2, "pair"),
    meta.precision === "f64" ? "double precision" : "single precision",
    `at least ${formatCount(meta.minPeriods)} common ${meta.minPeriods === 1 ? "date" : "dates"}`,
  ];
  return parts.join(" · ");
}
