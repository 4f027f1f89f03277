// Forms that begin as another job was set up: the address names the job, the form reads its choices.
import { useState } from "react";
import { CORRELATION_KIND } from "../../../shared/correlation/plan.ts";
import { MONTE_CARLO_KIND } from "../../../shared/monte-carlo/plan.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { jobIdSchema } from "../../../shared/protocol/parts.ts";
import { simulatePath } from "../../app/router.ts";
import { useCluster } from "../../app/session.ts";

const FORMS: ReadonlyMap<string, string> = new Map([
  [CORRELATION_KIND, "/"],
  [MONTE_CARLO_KIND, simulatePath],
]);

/** The form that sets up another job like this one; null for jobs that no form makes. */
export function likePath({ job, kind }: Pick<JobView, "job" | "kind">): string | null {
  const form = FORMS.get(kind);
  return form === undefined ? null : `${form}?like=${job}`;
}

export interface LikeJob {
  /** The job that the address names, as it was first seen; null while there is none. */
  readonly job: JobView | null;
  /** It is named, and the coordinator has not told of its jobs yet. */
  readonly isAwaited: boolean;
}

/** What this page's address asks its form to begin with, if it names a job of this kind. */
export function useLikeJob(kind: string): LikeJob {
  const [id] = useState(() =>
    jobIdSchema.safeParse(new URLSearchParams(location.search).get("like")),
  );
  const isKnown = useCluster((state) => state.isKnown);
  const found = useCluster((state) =>
    id.success
      ? (state.view.jobs.find((job) => job.job === id.data && job.kind === kind) ?? null)
      : null,
  );
  // A form must not begin anew whenever the job has progressed.
  const [first, setFirst] = useState<JobView | null>(null);
  if (first === null && found !== null) setFirst(found);
  return { job: first ?? found, isAwaited: id.success && !isKnown };
}
