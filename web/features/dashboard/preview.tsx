// A table that was read: what was found in it, how it was read, its first rows, what to mind.
import { Button, Progress } from "@mantine/core";
import type { ReactNode } from "react";
import type { LayoutCorrections } from "../../../shared/ingest/table-layout.ts";
import { formatBytes, formatPercent, formatPlural } from "../../components/format.ts";
import { Notice } from "../../components/notice.tsx";
import { FileButton } from "./file-button.tsx";
import { LayoutForm } from "./layout-form.tsx";
import { PreviewTable } from "./preview-table.tsx";
import type { TableSummary } from "./table-summary.ts";
import styles from "./preview.module.css";

export interface PreviewFrameProps {
  readonly name: string;
  /** Takes another file in place of this one; absent while that would lose work under way. */
  readonly onFile?: (file: File) => void;
  /** Back to the start, without this table. */
  readonly onCancel: () => void;
  readonly children: ReactNode;
  /** The options and the button, beside the preview or under it. */
  readonly form?: ReactNode;
}

/** The frame that a table keeps from its first byte read to the start of its job. */
export function PreviewFrame({ name, onFile, onCancel, children, form }: PreviewFrameProps) {
  return (
    <section className={styles["frame"]}>
      <div className={styles["head"]}>
        <h1 className={styles["title"]}>{name}</h1>
        <div className={styles["buttons"]}>
          {onFile !== undefined && (
            <FileButton variant="default" onFile={onFile}>
              Choose another file
            </FileButton>
          )}
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        </div>
      </div>
      <div className={styles["columns"]} data-with-form={form !== undefined}>
        <div className={styles["body"]}>{children}</div>
        {form !== undefined && <div className={styles["aside"]}>{form}</div>}
      </div>
    </section>
  );
}

export interface FactsProps {
  readonly seriesCount: number;
  readonly dateCount: number;
  readonly firstDate: string;
  readonly lastDate: string;
  readonly missingShare: number;
}

export function Facts(facts: FactsProps) {
  return (
    <ul className={styles["facts"]}>
      <li>{formatPlural(facts.seriesCount, "series", "series")}</li>
      <li>{formatPlural(facts.dateCount, "date")}</li>
      <li>{formatPercent(facts.missingShare)} missing</li>
      <li className={styles["span"]}>
        {facts.firstDate} to {facts.lastDate}
      </li>
    </ul>
  );
}

export interface ReadProgressProps {
  readonly label: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

export function ByteProgress({ label, bytesDone, bytesTotal }: ReadProgressProps) {
  const share = bytesTotal === 0 ? 0 : Math.min(1, bytesDone / bytesTotal);
  return (
    <div className={styles["progress"]}>
      <Progress value={share * 100} size={8} aria-label={label} transitionDuration={180} />
      <div className={styles["progressWords"]}>
        <span>{label}</span>
        <span>
          {formatBytes(bytesDone)} of {formatBytes(bytesTotal)}
        </span>
      </div>
    </div>
  );
}

export interface PreviewProps {
  readonly summary: TableSummary;
  readonly onCorrect: (change: LayoutCorrections) => void;
}

export function Preview({ summary, onCorrect }: PreviewProps) {
  return (
    <>
      <Facts {...summary} />
      <LayoutForm summary={summary} onCorrect={onCorrect} />
      <PreviewTable summary={summary} />
      {summary.notices.length > 0 && (
        <Notice tone="attention" title="Worth knowing about this file">
          <ul className={styles["notices"]}>
            {summary.notices.map((notice) => (
              <li key={notice}>{notice}</li>
            ))}
          </ul>
        </Notice>
      )}
    </>
  );
}
