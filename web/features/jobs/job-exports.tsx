// The result as files: all pairs, the square matrix as CSV and as NPY.
import { Button } from "@mantine/core";
import { useState } from "react";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { JobId } from "../../../shared/ids.ts";
import type { CorrelationFormat } from "../../../shared/protocol/http.ts";
import { formatBytes } from "../../components/format.ts";
import { DownloadIcon } from "../../components/icons.tsx";
import { Notice } from "../../components/notice.tsx";
import { exportSizes } from "./export-sizes.ts";
import type { LiveResult } from "./correlation-reader.ts";
import { fileStem } from "./job-words.ts";
import { saveFrom } from "./save-file.ts";
import styles from "./job-exports.module.css";

export interface JobExportsProps {
  readonly jobId: JobId;
  readonly isDone: boolean;
  readonly result: LiveResult;
  readonly client: Pick<ClusterClient, "downloadPath">;
}

const FILES: readonly (readonly [CorrelationFormat, string, string])[] = [
  ["pairs.csv", "All pairs (CSV)", "series_1, series_2, correlation, observations"],
  ["matrix.csv", "Matrix (CSV)", "names along both sides"],
  ["matrix.npy", "Matrix (NPY)", "for NumPy, series in the table’s order"],
];
const COVARIANCE: (typeof FILES)[number] = [
  "covariance.npy",
  "Covariance (NPY)",
  "shrunk, for NumPy, in the table’s order",
];

export function JobExports({ jobId, isDone, result, client }: JobExportsProps) {
  const [busy, setBusy] = useState<CorrelationFormat | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const sizes = exportSizes(result.record, result.meta);
  const files = result.meta.shrinkage === "none" ? FILES : [...FILES, COVARIANCE];
  const download = (format: CorrelationFormat): void => {
    setBusy(format);
    setProblem(null);
    client
      .downloadPath(jobId, format)
      .then((path) => saveFrom(path, `${fileStem(result.record.name)}-${format}`))
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
      .finally(() => setBusy(null));
  };
  return (
    <section className={styles["exports"]} aria-labelledby="exports-title">
      <h2 id="exports-title" className={styles["title"]}>
        Take it with you
      </h2>
      <ul className={styles["files"]}>
        {files.map(([format, words, detail]) => (
          <li key={format}>
            <Button
              variant="default"
              leftSection={<DownloadIcon />}
              disabled={!isDone}
              loading={busy === format}
              onClick={() => download(format)}
            >
              {words}
            </Button>
            <span className={styles["detail"]}>
              {detail}, about {formatBytes(sizes[format])}
            </span>
          </li>
        ))}
      </ul>
      {!isDone && (
        <p className={styles["note"]}>
          The files are ready when the job is done. The picture above can be saved at any time.
        </p>
      )}
      {problem !== null && (
        <Notice tone="failed" title="The file could not be prepared">
          {problem}
        </Notice>
      )}
    </section>
  );
}
