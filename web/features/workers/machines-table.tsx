// The machines as a table whose columns sort it; each row opens its machine.
import { memo } from "react";
import { ThreadCells } from "../../components/thread-cells.tsx";
import type { WorkerId } from "../../../shared/ids.ts";
import {
  COLUMN_WORDS,
  machineColumns,
  type MachineColumn,
  type MachineSort,
} from "./machine-order.ts";
import type { MachineRow } from "./machine-rows.ts";
import styles from "./machines-table.module.css";

export interface MachineListProps {
  readonly rows: readonly MachineRow[];
  /** Must be stable: rows are drawn again only when they change. */
  readonly onOpen: (worker: WorkerId) => void;
}

export interface MachinesTableProps extends MachineListProps {
  readonly sort: MachineSort;
  readonly onSort: (column: MachineColumn) => void;
}

/** So many cells of medium size fit one line of their column. */
const MEDIUM_CELLS_MAX = 9;

/** Columns whose figures stand under each other at their right. */
const NUMBERS: ReadonlySet<MachineColumn> = new Set(["speed", "memory", "tasks", "here"]);

export function MachinesTable({ rows, sort, onSort, onOpen }: MachinesTableProps) {
  return (
    <table className={styles["table"]} aria-label="Machines">
      <thead>
        <tr>
          {machineColumns.map((column) => (
            <th
              key={column}
              scope="col"
              data-column={column}
              className={NUMBERS.has(column) ? styles["number"] : undefined}
              aria-sort={
                sort.column !== column ? "none" : sort.isDescending ? "descending" : "ascending"
              }
            >
              <button type="button" className={styles["sort"]} onClick={() => onSort(column)}>
                {COLUMN_WORDS[column]}
                <span className={styles["arrow"]} aria-hidden="true">
                  {sort.column === column ? (sort.isDescending ? "↓" : "↑") : ""}
                </span>
              </button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.worker} row={row} onOpen={onOpen} />
        ))}
      </tbody>
    </table>
  );
}

const Row = memo(function Row({
  row,
  onOpen,
}: {
  readonly row: MachineRow;
  readonly onOpen: (worker: WorkerId) => void;
}) {
  return (
    <tr data-state={row.state}>
      <th scope="row">
        <button type="button" className={styles["open"]} onClick={() => onOpen(row.worker)}>
          {row.name}
        </button>
        <div className={styles["detail"]} title={row.place}>
          {row.device}
        </div>
      </th>
      <td>
        <ThreadCells
          cells={row.cells}
          size={row.cells.length > MEDIUM_CELLS_MAX ? "small" : "medium"}
        />
        <div className={styles["detail"]}>{row.stateWords}</div>
      </td>
      <td>
        <span className={styles["busy"]}>
          <span className={styles["meter"]} aria-hidden="true">
            <span style={{ width: `${row.busyPercent}%` }} />
          </span>
          {row.busy}
        </span>
        {row.battery !== null && <div className={styles["detail"]}>{row.battery}</div>}
      </td>
      <td className={styles["number"]} title={row.speedWords}>
        {row.speed ?? <span className={styles["detail"]}>–</span>}
      </td>
      <td>
        <div>{row.path}</div>
        {row.pathWhy !== null && (
          <div className={styles["why"]} title={row.pathWhy}>
            {row.pathWhy}
          </div>
        )}
      </td>
      <td className={styles["number"]}>
        <div>{row.memory}</div>
        <div className={styles["detail"]}>{row.cache} cached</div>
      </td>
      <td className={styles["number"]}>
        <div>{row.tasksDone}</div>
        {row.tasksFailed !== null && (
          <div className={styles["failed"]}>{row.tasksFailed} failed</div>
        )}
      </td>
      <td data-doubtful={row.isDoubtful} title={row.standingStory}>
        {row.standing}
      </td>
      <td className={styles["number"]}>{row.here}</td>
    </tr>
  );
});
