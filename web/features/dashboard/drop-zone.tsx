// Where a table comes in: drop it, choose it, or take one that the coordinator still has.
import { Button } from "@mantine/core";
import type { DatasetId } from "../../../shared/ids.ts";
import { formatPlural } from "../../components/format.ts";
import { TableIcon } from "../../components/icons.tsx";
import { FileButton } from "./file-button.tsx";
import type { KnownTable } from "./job-rows.ts";
import styles from "./drop-zone.module.css";

export interface DropZoneProps {
  readonly isOver: boolean;
  /** Whether choosing a table is the thing to do now, rather than adding a machine. */
  readonly isPrimary: boolean;
  readonly known: readonly KnownTable[];
  readonly onFile: (file: File) => void;
  readonly onReuse: (dataset: DatasetId, name: string) => void;
}

export function DropZone({ isOver, isPrimary, known, onFile, onReuse }: DropZoneProps) {
  return (
    <section className={styles["zone"]} data-over={isOver} data-primary={isPrimary}>
      <span className={styles["icon"]}>
        <TableIcon sizePx={32} />
      </span>
      <div className={styles["words"]}>
        <h1 className={styles["title"]}>
          {isOver ? "Let go to read this table" : "Drop a table to correlate its series"}
        </h1>
        <p className={styles["text"]}>
          A CSV file with dates and numbers, such as prices: one column a series, or one row a
          value. It stays in your network.
        </p>
      </div>
      <FileButton onFile={onFile} variant={isPrimary ? "filled" : "default"}>
        Choose a file
      </FileButton>
      {known.length > 0 && (
        <div className={styles["known"]}>
          <span>Or use again:</span>
          {known.map((table) => (
            <Button
              key={table.dataset}
              variant="default"
              size="xs"
              title={formatPlural(table.seriesCount, "series", "series")}
              onClick={() => onReuse(table.dataset, table.name)}
            >
              {table.name}
            </Button>
          ))}
        </div>
      )}
    </section>
  );
}
