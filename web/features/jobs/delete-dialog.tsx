// Asks before a job and its results are deleted, and leaves its page when they are.
import { Button } from "@mantine/core";
import { useState } from "react";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { navigate } from "../../app/router.ts";
import { Dialog } from "../../components/dialog.tsx";
import styles from "./job-dialogs.module.css";

export interface DeleteDialogProps {
  readonly job: JobView;
  readonly client: Pick<ClusterClient, "forget">;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

export function DeleteDialog({ job, client, isOpen, onClose }: DeleteDialogProps) {
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const isActive = job.state === "running" || job.state === "paused";
  const remove = (): void => {
    setIsBusy(true);
    setProblem(null);
    client.forget(job.job).then(
      () => navigate("/"),
      (error: unknown) => {
        setIsBusy(false);
        setProblem(error instanceof Error ? error.message : String(error));
      },
    );
  };
  return (
    <Dialog isOpen={isOpen} title="Delete this job?" onClose={onClose}>
      <div className={styles["content"]}>
        <p>
          {isActive && "It is cancelled first. "}
          Its results are deleted from the coordinator and cannot be brought back, except by
          computing them again. Tables and results that other jobs have too are kept.
        </p>
        {problem !== null && (
          <p className={styles["problem"]} role="alert">
            {problem}
          </p>
        )}
        <div className={styles["buttons"]}>
          <Button variant="default" onClick={onClose}>
            Keep it
          </Button>
          <Button color="red" loading={isBusy} onClick={remove}>
            Delete job
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
