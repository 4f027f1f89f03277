// The two ways to try failed tasks again: anywhere, or away from where they failed.
import { Button } from "@mantine/core";
import { useState } from "react";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { JobId, TaskKey } from "../../../shared/ids.ts";
import styles from "./retry-buttons.module.css";

export interface RetryButtonsProps {
  readonly client: Pick<ClusterClient, "retry">;
  readonly job: JobId;
  /** All that failed when absent. */
  readonly tasks?: readonly TaskKey[];
  /** What is tried again, for those who hear the button's name only: "all 12 failures". */
  readonly what: string;
  readonly size?: "xs" | "sm";
  readonly onRetried?: () => void;
}

export function RetryButtons({
  client,
  job,
  tasks,
  what,
  size = "sm",
  onRetried,
}: RetryButtonsProps) {
  const [busy, setBusy] = useState<"here" | "elsewhere" | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const retry = (way: "here" | "elsewhere"): void => {
    setBusy(way);
    setProblem(null);
    const which = tasks === undefined ? {} : { tasks };
    client
      .retry(job, { ...which, elsewhere: way === "elsewhere" })
      .then(() => onRetried?.())
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
      .finally(() => setBusy(null));
  };
  const common = { variant: "default", size } as const;
  return (
    <div className={styles["retry"]}>
      <Button
        {...common}
        aria-label={`Try again: ${what}`}
        loading={busy === "here"}
        onClick={() => retry("here")}
      >
        Try again
      </Button>
      <Button
        {...common}
        aria-label={`Try again elsewhere: ${what}`}
        loading={busy === "elsewhere"}
        onClick={() => retry("elsewhere")}
      >
        Try again elsewhere
      </Button>
      {problem !== null && (
        <p className={styles["problem"]} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
