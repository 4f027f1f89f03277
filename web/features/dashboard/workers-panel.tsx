// The machines of the cluster: what each is, does, has done, and how its bytes travel.
import { Button } from "@mantine/core";
import { memo } from "react";
import { linkTo } from "../../app/link-to.ts";
import { workersPath } from "../../app/router.ts";
import { ThreadCells } from "../../components/thread-cells.tsx";
import { formatCount, formatPlural } from "../../components/format.ts";
import { MachineTable, ShareMeter } from "../../components/machine-table.tsx";
import type { WorkerRow } from "./worker-rows.ts";
import styles from "./workers-panel.module.css";

/** Rows shown here: the jobs below stay within reach, and a page of their own shows all. */
const ROWS_MAX = 6;

export function WorkersPanel({ rows }: { rows: readonly WorkerRow[] }) {
  const shown = rows.slice(0, ROWS_MAX);
  return (
    <>
      <WorkersTable rows={shown} />
      {rows.length > shown.length && (
        <Button
          component="a"
          variant="subtle"
          color="gray"
          className={styles["all"] ?? ""}
          {...linkTo(workersPath)}
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
        <Row key={row.worker} row={row} />
      ))}
    </MachineTable>
  );
}

/** Rows come anew with every view of the cluster; equal ones are not drawn again. */
const isSame = (before: { row: WorkerRow }, after: { row: WorkerRow }): boolean =>
  JSON.stringify(before.row) === JSON.stringify(after.row);

const Row = memo(function Row({ row }: { row: WorkerRow }) {
  return (
    <tr data-state={row.state}>
      <td className={styles["machine"]}>
        <div className={styles["name"]}>{row.name}</div>
        <div className={styles["detail"]} title={row.address}>
          {row.device}
        </div>
      </td>
      <td className={styles["threads"]}>
        <ThreadCells cells={row.cells} size="small" />
        <div className={styles["detail"]}>{row.stateWords}</div>
      </td>
      <td className={styles["path"]} title={row.moved ?? undefined}>
        <div>{row.pathWords}</div>
        {row.pathWhy !== null && <div className={styles["detail"]}>{row.pathWhy}</div>}
      </td>
      <td className={styles["number"]}>
        <span className={styles["onPhone"]}>{formatPlural(row.tasksDone, "task")} done</span>
        <span className={styles["onDesk"]}>{formatCount(row.tasksDone)}</span>
        {row.tasksFailed > 0 && (
          <div className={styles["failed"]}>{formatCount(row.tasksFailed)} failed</div>
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
}, isSame);
