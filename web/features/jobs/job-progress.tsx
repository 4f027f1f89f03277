// The state of the job in words and as a bar, with what can be done about it.
import type { JobView } from "../../../shared/protocol/messages.ts";
import { CheckIcon, PauseIcon, WarningIcon } from "../../components/icons.tsx";
import { formatPercent, formatPlural } from "../../components/format.ts";
import { Notice } from "../../components/notice.tsx";
import { JobActions, type JobActionsClient } from "./job-actions.tsx";
import type { JobStory } from "./job-words.ts";
import styles from "./job-progress.module.css";

export interface JobProgressProps {
  readonly job: JobView;
  readonly story: JobStory;
  /** Shares of the job, 0 to 1: what is computed, and what of it is in this page. */
  readonly done: number;
  readonly known: number;
  readonly lateResults: number;
  readonly client: JobActionsClient;
}

export function JobProgress(props: JobProgressProps) {
  const { job, story, done, known, lateResults, client } = props;
  const isSettled = story.phase === "done" && known >= 1;
  return (
    <div className={styles["progress"]} data-phase={story.phase}>
      <div className={styles["line"]}>
        <div className={styles["words"]} role="status">
          <div className={styles["headline"]}>
            <PhaseIcon phase={story.phase} />
            {story.headline}
          </div>
          <div className={styles["text"]}>{story.text}</div>
        </div>
        <JobActions job={job} client={client} />
      </div>
      {!isSettled && (
        <div
          className={styles["track"]}
          role="progressbar"
          aria-label="Share of the job that is computed"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.floor(done * 100)}
          aria-valuetext={formatPercent(done)}
        >
          <div className={styles["computed"]} style={{ transform: `scaleX(${done})` }} />
          <div
            className={styles["here"]}
            style={{ transform: `scaleX(${Math.min(done, known)})` }}
          />
        </div>
      )}
      {lateResults > 0 && <LateResults job={job} count={lateResults} />}
    </div>
  );
}

function LateResults({ job, count }: { readonly job: JobView; readonly count: number }) {
  const title = `${formatPlural(count, "result")} could not be fetched yet`;
  const isCutShort = job.state === "cancelled" || job.state === "failed";
  return (
    <Notice tone="attention" title={title}>
      {isCutShort
        ? "The job ended before they were stored, and the machines that had them may have let them go. They are still asked for."
        : "They are tried again by themselves, from every machine that may have them and through the coordinator. Nothing is lost."}
    </Notice>
  );
}

function PhaseIcon({ phase }: { phase: JobStory["phase"] }) {
  if (phase === "done") return <CheckIcon />;
  if (phase === "failed") return <WarningIcon />;
  if (phase === "paused") return <PauseIcon />;
  return null;
}
