// Saves a job that is over as one HTML file that can be sent to anybody.
import { Button } from "@mantine/core";
import { useState } from "react";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { formatBytes } from "../../components/format.ts";
import { DownloadIcon } from "../../components/icons.tsx";
import { Notice } from "../../components/notice.tsx";
import type { JobShown } from "../jobs/job-readers.ts";
import { fileStem } from "../jobs/job-words.ts";
import { saveBlob } from "../jobs/save-file.ts";
import styles from "./save-report.module.css";

export interface SaveReportProps {
  readonly job: JobView;
  /** What the page shows of the result; null for the job of a program. */
  readonly shown: JobShown | null;
  /** What the page says that the job is. */
  readonly about: string;
  readonly client: Pick<ClusterClient, "read" | "follow">;
  /** Every result is in this page. */
  readonly isComplete: boolean;
}

type State =
  | { readonly state: "ready" }
  | { readonly state: "working" }
  | { readonly state: "saved"; readonly bytes: number }
  | { readonly state: "failed"; readonly reason: string };

/** The makers load only when they are needed. */
async function makeReport({ job, shown, about, client }: SaveReportProps): Promise<Blob> {
  const [{ collectReport }, { reportHtml }] = await Promise.all([
    import("./collect-report.ts"),
    import("./report-html.ts"),
  ]);
  const report = await collectReport({ job, shown, about, client, nowMs: Date.now() });
  return new Blob([reportHtml(report)], { type: "text/html" });
}

export function SaveReport(props: SaveReportProps) {
  const { job, isComplete } = props;
  const [state, setState] = useState<State>({ state: "ready" });
  if (job.state === "running" || job.state === "paused") return null;
  const save = (): void => {
    setState({ state: "working" });
    makeReport(props).then(
      (blob) => {
        saveBlob(blob, `${fileStem(job.title)}-report.html`);
        setState({ state: "saved", bytes: blob.size });
      },
      (error: unknown) =>
        setState({
          state: "failed",
          reason: error instanceof Error ? error.message : String(error),
        }),
    );
  };
  return (
    <section className={styles["report"]} aria-label="Report">
      <Button
        variant="default"
        leftSection={<DownloadIcon />}
        disabled={!isComplete}
        loading={state.state === "working"}
        onClick={save}
      >
        Save report (HTML)
      </Button>
      <span className={styles["detail"]} role="status">
        {state.state === "saved"
          ? `Saved, ${formatBytes(state.bytes)}`
          : "One file to send to somebody: result, timing and task stream; it opens without a network"}
      </span>
      {state.state === "failed" && (
        <Notice tone="failed" title="The report could not be made">
          {`${state.reason} Try again when the coordinator answers.`}
        </Notice>
      )}
    </section>
  );
}
