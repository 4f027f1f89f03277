// The table of machines in its two places: the dashboard's list, and a job's timing.
import type { ReactNode } from "react";
import { formatPercent } from "./format.ts";
import styles from "./machine-table.module.css";

export interface MachineTableProps {
  /** The place's own widths and areas. */
  readonly className: string | undefined;
  readonly head: ReactNode;
  /** Rows of cells. */
  readonly children: ReactNode;
}

export const MachineTable = ({ className, head, children }: MachineTableProps) => (
  <table className={`${styles["table"]} ${className ?? ""}`}>
    <thead>
      <tr>{head}</tr>
    </thead>
    <tbody>{children}</tbody>
  </table>
);

/** A machine's share of the work, 0 to 1, as a bar and a figure. */
export const ShareMeter = ({ share }: { readonly share: number }) => (
  <span className={styles["share"]}>
    <span className={styles["meter"]} aria-hidden="true">
      <span style={{ width: `${share * 100}%` }} />
    </span>
    {formatPercent(share)}
  </span>
);
