// How the machines spent the stretch in view, as figures: the stream for those who do not see it.
import { formatCount, formatPercent } from "../../components/format.ts";
import { MachineTable } from "../../components/machine-table.tsx";
import type { MachineTotals } from "./stream-totals.ts";
import styles from "./task-stream.module.css";

export function MachineTotalsTable({ totals }: { readonly totals: readonly MachineTotals[] }) {
  return (
    <MachineTable
      className={styles["table"]}
      head={
        <>
          <th scope="col">Machine</th>
          <th scope="col">Computing</th>
          <th scope="col">Standing still for data</th>
          <th scope="col">Waiting</th>
          <th scope="col">Nothing to do</th>
          <th scope="col">Attempts</th>
          <th scope="col">Failed</th>
        </>
      }
    >
      {totals.map((one) => {
        const share = (ms: number): string =>
          one.totalMs === 0 ? "–" : formatPercent(ms / one.totalMs);
        return (
          <tr key={one.worker}>
            <th scope="row">{one.name}</th>
            <td data-words="computing">{share(one.computingMs)}</td>
            <td data-words="standing still">{share(one.movingMs)}</td>
            <td data-words="waiting">{share(one.waitingMs)}</td>
            <td data-words="nothing to do">{share(one.idleMs)}</td>
            <td data-words="attempts">{formatCount(one.attempts)}</td>
            <td data-words="failed">{formatCount(one.failed)}</td>
          </tr>
        );
      })}
    </MachineTable>
  );
}
