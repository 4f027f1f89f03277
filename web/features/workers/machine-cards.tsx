// The machines as cards, for narrow screens and for those who like them better than a table.
import { memo } from "react";
import type { WorkerId } from "../../../shared/ids.ts";
import { ThreadCells } from "../../components/thread-cells.tsx";
import type { MachineRow } from "./machine-rows.ts";
import type { MachineListProps } from "./machines-table.tsx";
import styles from "./machine-cards.module.css";

export const MachineCards = ({ rows, onOpen }: MachineListProps) => (
  <ul className={styles["cards"]} aria-label="Machines">
    {rows.map((row) => (
      <Card key={row.worker} row={row} onOpen={onOpen} />
    ))}
  </ul>
);

const Card = memo(function Card({
  row,
  onOpen,
}: {
  readonly row: MachineRow;
  readonly onOpen: (worker: WorkerId) => void;
}) {
  return (
    <li className={styles["card"]} data-state={row.state}>
      <div>
        <button type="button" className={styles["open"]} onClick={() => onOpen(row.worker)}>
          {row.name}
        </button>
        <div className={styles["detail"]}>{row.device}</div>
      </div>
      <div className={styles["cells"]}>
        <ThreadCells cells={row.cells} size="medium" />
      </div>
      <div>{row.stateWords}</div>
      <dl className={styles["facts"]}>
        <Fact words="Busy" value={row.busy} />
        <Fact words="Speed" value={row.speedWords} />
        <Fact
          words="Tasks done"
          value={row.tasksDone}
          {...(row.tasksFailed === null ? {} : { failed: `${row.tasksFailed} failed` })}
        />
        <Fact words="Path of its data" value={row.path} />
        <Fact words="Memory" value={row.memory} />
        <Fact words="Cache" value={row.cache} />
        <Fact words="Standing" value={row.standing} />
        <Fact words="Here for" value={row.here} />
        {row.gpu !== null && <Fact words="Graphics" value={row.gpu} />}
        {row.battery !== null && <Fact words="Battery" value={row.battery} />}
      </dl>
      {row.pathWhy !== null && <p className={styles["detail"]}>{row.pathWhy}</p>}
    </li>
  );
});

interface FactProps {
  readonly words: string;
  readonly value: string;
  readonly failed?: string;
}

const Fact = ({ words, value, failed }: FactProps) => (
  <div>
    <dt>{words}</dt>
    <dd>
      {value}
      {failed !== undefined && <span className={styles["failed"]}>, {failed}</span>}
    </dd>
  </div>
);
