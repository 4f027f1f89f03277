// The machines of the cluster: what each is, does, has done, and how its bytes travel.
import { Button } from "@mantine/core";
import { memo, useState } from "react";
import { ThreadCells } from "../../components/thread-cells.tsx";
import { cellsOf } from "../../components/cell-states.ts";
import { formatCount, formatPlural } from "../../components/format.ts";
import { MachineTable, ShareMeter } from "../../components/machine-table.tsx";
import { movedWords } from "../workers/machine-words.ts";
import type { WorkerRow } from "./worker-rows.ts";
import styles from "./workers-panel.module.css";

/** Rows shown before "Show all": the jobs below stay within reach. */
const ROWS_MAX = 10;

export function WorkersPanel({ rows }: { rows: readonly WorkerRow[] }) {
  const [isWhole, setIsWhole] = useState(false);
  const shown = isWhole ? rows : rows.slice(0, ROWS_MAX);
  return (
    <>
      <WorkersTable rows={shown} />
      {rows.length > shown.length && (
        <Button
          variant="subtle"
          color="gray"
          className={styles["all"] ?? ""}
          onClick={() => setIsWhole(true)}
        >
          Show all {formatPlural(rows.length, "machine")}
        </Button>
      )}
    </>
  );
}

function WorkersTable({ rows }: { rows: readonly WorkerRow[] }) {
  return (
    <MachineTable
      className={styles["table"]}
      head={
        <>
          <th scope="col">Machine</th>
          <th scope="col">Threads</th>
          <th scope="col">Path of its data</th>
          <th scope="col" className={styles["number"]}>
            Tasks done
          </th>
          <th scope="col">Share of the work</th>
        </>
      }
    >
      {rows.map((row) => (
        <Row key={row.worker.worker} row={row} />
      ))}
    </MachineTable>
  );
}

const Row = memo(function Row({ row }: { row: WorkerRow }) {
  const { worker } = row;
  const moved = movedWords(worker);
  return (
    <tr data-state={worker.state}>
      <td className={styles["machine"]}>
        <div className={styles["name"]}>{worker.name}</div>
        <div className={styles["detail"]} title={worker.address}>
          {row.device}
        </div>
      </td>
      <td className={styles["threads"]}>
        <ThreadCells cells={cellsOf(worker)} size="small" />
        <div className={styles["detail"]}>{row.stateWords}</div>
      </td>
      <td className={styles["path"]} title={moved ?? undefined}>
        <div>{row.pathWords}</div>
        {row.pathWhy !== null && <div className={styles["detail"]}>{row.pathWhy}</div>}
      </td>
      <td className={styles["number"]}>
        <span className={styles["onPhone"]}>{formatPlural(worker.tasksDone, "task")} done</span>
        <span className={styles["onDesk"]}>{formatCount(worker.tasksDone)}</span>
        {worker.tasksFailed > 0 && (
          <div className={styles["failed"]}>{formatCount(worker.tasksFailed)} failed</div>
        )}
      </td>
      <td className={styles["share"]}>
        {row.share === null ? (
          <span className={styles["none"]}>None yet</span>
        ) : (
          <ShareMeter share={row.share} />
        )}
      </td>
    </tr>
  );
});
