// Where the time went: computing, moving data, waiting; over all machines and for each.
import type { JobView, WorkerView } from "../../../shared/protocol/messages.ts";
import { cellsOf } from "../../components/cell-states.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatFigure,
  formatPercent,
  formatPlural,
  formatTimes,
} from "../../components/format.ts";
import { MachineTable, ShareMeter } from "../../components/machine-table.tsx";
import { ThreadCells } from "../../components/thread-cells.tsx";
import { speedUpOf, type SpeedUp } from "./speed-up.ts";
import { busyThreads, timingParts, workerShares, type TimingPart } from "./timing-model.ts";
import styles from "./job-timing.module.css";

export interface JobTimingProps {
  readonly job: JobView;
  readonly workers: readonly WorkerView[];
  /** All of its work was there when it was submitted. */
  readonly isFixed: boolean;
}

const WORDS: Record<TimingPart["key"], string> = {
  compute: "Computing",
  transfer: "Moving data",
  wait: "Waiting for a thread",
};

export function JobTiming({ job, workers, isFixed }: JobTimingProps) {
  const { timing } = job;
  const parts = timingParts(timing);
  const busy = busyThreads(job);
  const hasTiming = timing.workers.length > 0;
  return (
    <section className={styles["timing"]} aria-labelledby="timing-title">
      <h2 id="timing-title" className={styles["title"]}>
        Where the time went
      </h2>
      {!hasTiming && (
        <p className={styles["note"]}>
          As soon as the first task is finished, this shows how long machines computed, moved data
          and waited.
        </p>
      )}
      {hasTiming && (
        <>
          {/* A program's job waits for its program, too: its time is not the cluster's alone. */}
          {isFixed && <SpeedUpWords speedUp={speedUpOf(job)} />}
          <Bar parts={parts} />
          <dl className={styles["figures"]}>
            {parts.map((part) => (
              <div key={part.key}>
                <dt>
                  <span className={styles["key"]} data-part={part.key} />
                  {WORDS[part.key]}
                </dt>
                <dd>
                  {formatDuration(part.ms)} <span>{formatPercent(part.share)}</span>
                </dd>
              </div>
            ))}
            <div>
              <dt>Data moved to machines</dt>
              <dd>{formatBytes(timing.bytesMoved)}</dd>
            </div>
            {busy !== null && (
              <div>
                <dt>Threads computing on average</dt>
                <dd>{formatFigure(busy, 1)}</dd>
              </div>
            )}
          </dl>
          <p className={styles["note"]}>
            Summed over all tasks. Inputs are fetched, and wait, while the threads compute other
            tasks; so moving and waiting cost time only where no thread had anything else to do.
          </p>
          <Machines job={job} workers={workers} />
        </>
      )}
    </section>
  );
}

function SpeedUpWords({ speedUp }: { readonly speedUp: SpeedUp | null }) {
  if (speedUp === null) return null;
  const { factor, factorMost, elapsedMs, aloneMs, name, threads, computing } = speedUp;
  const rest = elapsedMs * (1 - computing);
  return (
    <div className={styles["speedUp"]}>
      <p>
        <b>{formatTimes(factor)}</b> as fast as the best machine alone
      </p>
      <p className={styles["note"]}>
        {`${name} would have computed for about ${formatDuration(aloneMs)} by itself (${formatPlural(threads, "thread")}, at the pace that it had here); together it took ${formatDuration(elapsedMs)}. `}
        {`Of that, computing needed ${formatDuration(elapsedMs * computing)}, and ${formatDuration(rest)} went into moving data, waiting and ending that no computing hid. `}
        {`Had every thread computed all the time, it would have been ${formatTimes(factorMost)} as fast.`}
      </p>
    </div>
  );
}

function Bar({ parts }: { parts: readonly TimingPart[] }) {
  const label = parts.map((part) => `${WORDS[part.key]} ${formatPercent(part.share)}`).join(", ");
  return (
    <div className={styles["bar"]} role="img" aria-label={label}>
      {parts.map((part) => (
        <span key={part.key} data-part={part.key} style={{ flexGrow: part.share }} />
      ))}
    </div>
  );
}

function Machines({ job, workers }: Pick<JobTimingProps, "job" | "workers">) {
  return (
    <MachineTable
      className={styles["table"]}
      head={
        <>
          <th scope="col">Machine</th>
          <th scope="col">Share of the computing</th>
          <th scope="col">Tasks</th>
          <th scope="col">Computing</th>
          <th scope="col">Moving data</th>
          <th scope="col">Waiting</th>
          <th scope="col">Received</th>
        </>
      }
    >
      {workerShares(job.timing, workers).map(({ timing, worker, share }) => (
        <tr key={timing.worker}>
          <th scope="row">
            <span className={styles["name"]}>{timing.name}</span>
            {worker === null ? (
              <span className={styles["left"]}>has left</span>
            ) : (
              <ThreadCells cells={cellsOf(worker)} size="small" />
            )}
          </th>
          <td className={styles["share"]}>
            <ShareMeter share={share} />
          </td>
          <td data-words="tasks">{formatCount(timing.tasks)}</td>
          <td data-words="computing">{formatDuration(timing.computeMs)}</td>
          <td data-words="moving data">{formatDuration(timing.fetchMs)}</td>
          <td data-words="waiting">{formatDuration(timing.waitMs)}</td>
          <td data-words="received">{formatBytes(timing.bytesFetched)}</td>
        </tr>
      ))}
    </MachineTable>
  );
}
