// The page of one job: its state, what its kind shows of the results, timing, files.
import { Skeleton } from "@mantine/core";
import { Suspense, useEffect, useState } from "react";
import { useStore } from "zustand";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { JobId } from "../../../shared/ids.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import type { JobViewName } from "../../app/router.ts";
import { browserTimers } from "../../app/sampler.ts";
import { Notice } from "../../components/notice.tsx";
import { createHash } from "../../transport/hash.ts";
import {
  simulationAbout,
  simulationShares,
  simulationStory,
} from "../monte-carlo/monte-carlo-words.ts";
import { SimulationExports } from "../monte-carlo/simulation-exports.tsx";
import { SimulationResult } from "../monte-carlo/simulation-result.tsx";
import { CorrelationResult, correlationAbout, correlationWork } from "./correlation-result.tsx";
import { GroupProgress } from "./group-progress.tsx";
import { JobExports } from "./job-exports.tsx";
import { knownFailures } from "./failure-groups.ts";
import { JobFailures } from "./job-failures.tsx";
import { JobProgress } from "./job-progress.tsx";
import { JOB_READERS, type JobShown } from "./job-readers.ts";
import { createJobStore, type JobState } from "./job-store.ts";
import { JobTabs, OTHER_VIEWS } from "./job-tabs.tsx";
import { JobTiming } from "./job-timing.tsx";
import { ProgramJob } from "../program/program-job.tsx";
import { SaveReport } from "../report/save-report.tsx";
import { doneShare, jobStory, knownShare, programAbout, programWork } from "./job-words.ts";
import { priorityNote } from "./priority-words.ts";
import styles from "./job-page.module.css";

export interface JobPageProps {
  /** Another job needs another page: give it as `key` too. */
  readonly jobId: JobId;
  readonly view: JobViewName;
  readonly client: ClusterClient;
}

async function hashTools() {
  const encoder = new TextEncoder();
  return { hash: await createHash(), encode: (text: string) => encoder.encode(text) };
}

export function JobPage({ jobId, view, client }: JobPageProps) {
  const [{ store, follow }] = useState(() =>
    createJobStore({ client, jobId, readers: JOB_READERS, hashTools, timers: browserTimers }),
  );
  useEffect(() => follow(), [follow]);
  const state = useStore(store);
  const { job, shown } = state;
  if (job === null) return <NoJob isUnknown={state.isUnknown} />;
  const Other = OTHER_VIEWS.get(view)?.View;
  return (
    <div className={styles["page"]}>
      <header className={styles["header"]}>
        <h1 className={styles["title"]}>{job.title}</h1>
        <p className={styles["about"]}>
          {[about(job, shown), priorityNote(job.priority)]
            .filter((part) => part !== "")
            .join(" · ") || " "}
        </p>
      </header>
      <Progress state={state} job={job} client={client} />
      <JobTabs jobId={jobId} view={view} />
      {Other === undefined ? (
        <Result {...state} job={job} client={client} />
      ) : (
        <Suspense fallback={<div className={styles["skeleton"]} />}>
          <Other jobId={jobId} job={job} client={client} />
        </Suspense>
      )}
    </div>
  );
}

/** A job that no reader knows is a program's: its results are listed as they are. */
const isOfProgram = (job: JobView): boolean => !JOB_READERS.has(job.kind);

interface ResultProps extends Pick<JobState<JobShown>, "shown" | "problem" | "isArriving"> {
  readonly job: JobView;
  readonly client: ClusterClient;
}

function Result({ shown, problem, isArriving, job, client }: ResultProps) {
  return (
    <>
      {problem !== null && (
        <Notice tone="failed" title="There is no result to look at">
          {problem}
        </Notice>
      )}
      {!isOfProgram(job) && <JobFailures job={job} client={client} failures={knownFailures(job)} />}
      <GroupProgress job={job} client={client} isShownAlone={isOfProgram(job)} />
      {isOfProgram(job) && <ProgramJob job={job} client={client} />}
      {shown === null && problem === null && !isOfProgram(job) && (
        <Skeleton className={styles["skeleton"] ?? ""} />
      )}
      {shown?.kind === "correlation" && <CorrelationResult shown={shown} />}
      {shown?.kind === "monte-carlo" && <SimulationResult shown={shown} />}
      <JobTiming job={job} workers={client.view.workers} isFixed={!isOfProgram(job)} />
      {shown !== null && <Exports shown={shown} job={job} client={client} />}
      <SaveReport
        job={job}
        shown={shown}
        about={about(job, shown)}
        client={client}
        isComplete={isOfProgram(job) || (shown !== null && !isArriving)}
      />
    </>
  );
}

interface ProgressProps {
  readonly state: JobState<JobShown>;
  readonly job: JobView;
  readonly client: ClusterClient;
}

function Progress({ state, job, client }: ProgressProps) {
  const { shown, estimate, isArriving, lateResults } = state;
  const { workers } = client.view;
  const common = { job, lateResults, client };
  if (shown?.kind === "monte-carlo") {
    const facts = { job, workers, estimate, shown, isArriving };
    const story = simulationStory(facts);
    return <JobProgress {...common} story={story} {...simulationShares(facts)} />;
  }
  const work = shown === null ? programWork(job) : correlationWork(shown);
  const story = jobStory({ job, workers, estimate, work });
  return <JobProgress {...common} story={story} done={doneShare(job)} known={knownShare(work)} />;
}

interface ExportsProps {
  readonly shown: JobShown;
  readonly job: JobView;
  readonly client: ClusterClient;
}

function Exports({ shown, job, client }: ExportsProps) {
  if (shown.kind === "monte-carlo") return <SimulationExports shown={shown} title={job.title} />;
  const { result } = shown;
  return (
    <JobExports jobId={job.job} isDone={job.state === "done"} result={result} client={client} />
  );
}

function about(job: JobView, shown: JobShown | null): string {
  if (isOfProgram(job)) return programAbout(job);
  return shown === null ? "" : aboutWords(shown);
}

const aboutWords = (shown: JobShown): string =>
  shown.kind === "monte-carlo" ? simulationAbout(shown.meta) : correlationAbout(shown.result.meta);

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
