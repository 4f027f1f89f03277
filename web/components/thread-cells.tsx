// The picture of the swarm: one small square a thread, in three sizes for three places.
import { memo } from "react";
import { describeCells, type CellState } from "./cell-states.ts";
import styles from "./thread-cells.module.css";

export interface ThreadCellsProps {
  readonly cells: readonly CellState[];
  /** Small for the header and lists, medium for a task stream's margin, large for a machine's own page. */
  readonly size: "small" | "medium" | "large";
  /** Said before the description of the cells: the machine's name. */
  readonly label?: string;
}

/** Above these counts large cells shrink, so that 64 threads still fit a phone. */
function densityOf(count: number): string {
  if (count <= 4) return "few";
  if (count <= 8) return "roomy";
  return count <= 32 ? "close" : "dense";
}

/** Cells are made anew with every view of the cluster; equal ones are not drawn again. */
const isSame = (before: ThreadCellsProps, after: ThreadCellsProps): boolean =>
  before.size === after.size &&
  before.label === after.label &&
  before.cells.length === after.cells.length &&
  before.cells.every((cell, index) => cell === after.cells[index]);

export const ThreadCells = memo(function ThreadCells({ cells, size, label }: ThreadCellsProps) {
  const description = describeCells(cells);
  return (
    <div
      className={styles["cells"]}
      data-size={size}
      data-density={densityOf(cells.length)}
      role="img"
      aria-label={label === undefined ? description : `${label}, ${description}`}
    >
      {cells.map((cell, index) => (
        // A cell is its place in the row: thread 3 is always the third square.
        // oxlint-disable-next-line react/no-array-index-key
        <span key={index} className={styles["cell"]} data-state={cell} />
      ))}
    </div>
  );
}, isSame);
