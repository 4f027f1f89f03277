// Trying failed work again over HTTP: targets of a job that goes on, or a whole job that had failed.
import type { TargetFailure } from "../shared/graph/task.ts";
import type { JobId, TaskKey } from "../shared/ids.ts";
import type { JobRetry } from "../shared/protocol/telemetry.ts";
import { mergeAvoidance, rowOf } from "./job-book.ts";
import { type JobIntake, type JobIntakeParts, unrecorded } from "./job-intake.ts";
import type { JobRow } from "./journal-rows.ts";
import { HttpProblem } from "./problem.ts";

/**
 * Tries what failed again; a job that failed runs on. Throws HttpProblem when there is nothing to try,
 * or its data is gone.
 */
export async function retryJob(
  parts: JobIntakeParts,
  intake: JobIntake,
  job: JobId,
  { elsewhere, tasks }: JobRetry,
): Promise<void> {
  const active = parts.book.active(job);
  if (active === undefined) return runOn(parts, intake, job, elsewhere, tasks);
  const failedBefore = active.failures.size;
  parts.host.dispatch({
    type: "job-retried",
    job,
    isElsewhere: elsewhere,
    ...(tasks === undefined ? {} : { tasks }),
  });
  if (active.failures.size < failedBefore) return;
  const what = tasks === undefined ? "Nothing of this job" : "None of these tasks";
  throw new HttpProblem(409, `${what} has failed, so there is nothing to try again.`);
}

async function runOn(
  { journal, book, host }: JobIntakeParts,
  intake: JobIntake,
  job: JobId,
  isElsewhere: boolean,
  tasks: JobRetry["tasks"],
): Promise<void> {
  const row = requireFailed(book.finished(job));
  requireAll(row, book.failuresOf(job), tasks);
  intake.checkActive();
  const work = journal.jobs.work(job);
  intake.checkInputs(work.tasks, new Set(work.tasks.map(({ key }) => key)));
  const known = await intake.knownResults(work.tasks);
  // It may have been deleted, or tried again by somebody else, while files were read.
  if (book.finished(job) !== row) return;
  const { failedOn = [], ...head } = row.head;
  const avoid = isElsewhere ? mergeAvoidance(head.avoid ?? [], failedOn) : (head.avoid ?? []);
  const active = book.reopen({ ...row, head: { ...head, avoid } }, work, known);
  try {
    journal.jobs.reopen(rowOf(active, "running", null, null));
  } catch (error) {
    book.forget(job);
    book.addFinished(row);
    throw unrecorded(error);
  }
  intake.announceSmall(work.tasks, known);
  const { priority, onFailure = "end" } = head;
  host.dispatch({ type: "job-submitted", job, priority, ...work, known, onFailure, avoid });
}

function requireFailed(row: JobRow | undefined): JobRow {
  if (row?.state === "failed") return row;
  throw new HttpProblem(
    409,
    row?.state === "done"
      ? "This job is done: nothing of it has failed, so there is nothing to try again."
      : "This job was cancelled. Start it anew instead of trying it again.",
  );
}

/** A job that has ended can only run on whole: whoever names tasks must name all that failed. */
function requireAll(
  { failure, head }: JobRow,
  failures: readonly TargetFailure[],
  tasks: JobRetry["tasks"],
): void {
  if (tasks === undefined) return;
  const named = new Set(tasks);
  const areNamed = (keys: readonly TaskKey[]): boolean =>
    keys.length > 0 && keys.every((key) => named.has(key));
  const roots = (head.failedOn ?? []).map(({ task }) => task);
  if (roots.length === 0 && failure !== null) roots.push(failure.task);
  if (areNamed(roots) || areNamed(failures.map(({ task }) => task))) return;
  throw new HttpProblem(
    409,
    "This job has ended, so everything that failed is tried again together: name all of it, or no task.",
  );
}
