// Takes the place of the invitation when machines have joined: here they are, and what comes next.
import { Button } from "@mantine/core";
import type { WorkerView } from "../../../shared/protocol/messages.ts";
import { cellsOf } from "../../components/cell-states.ts";
import { formatPlural } from "../../components/format.ts";
import { PlusIcon } from "../../components/icons.tsx";
import { ThreadCells } from "../../components/thread-cells.tsx";
import styles from "./ready-machines.module.css";

export interface ReadyMachinesProps {
  readonly workers: readonly WorkerView[];
  readonly onInvite: () => void;
}

/** More rows of cells than this would push everything else away. */
const ROWS_MAX = 5;

export function ReadyMachines({ workers, onInvite }: ReadyMachinesProps) {
  const [first] = workers;
  const isAlone = workers.length === 1 && first !== undefined;
  const threads = workers.reduce((sum, worker) => sum + worker.threads, 0);
  return (
    <section className={styles["ready"]}>
      <div role="status">
        <h1>
          {isAlone
            ? `${first.name} is ready`
            : `${formatPlural(workers.length, "machine")} are ready`}
        </h1>
        <p>
          {formatPlural(threads, "thread")} to compute with. Drop a table or set up a simulation;
          more machines may join at any time, and help at once.
        </p>
      </div>
      {isAlone ? (
        <ThreadCells cells={cellsOf(first)} size="large" />
      ) : (
        <ul>
          {workers.slice(0, ROWS_MAX).map((worker) => (
            <li key={worker.worker}>
              <span>{worker.name}</span>
              <ThreadCells cells={cellsOf(worker)} size="medium" />
            </li>
          ))}
        </ul>
      )}
      <Button variant="default" leftSection={<PlusIcon sizePx={16} />} onClick={onInvite}>
        Add another machine
      </Button>
    </section>
  );
}
