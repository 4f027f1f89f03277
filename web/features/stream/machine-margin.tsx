// The margin of the stream: each machine's name, and its cells as the heads of its lanes.
import { useEffect, useState } from "react";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { WorkerView } from "../../../shared/protocol/messages.ts";
import { createSampler } from "../../app/sampler.ts";
import { cellsOf, type CellState } from "../../components/cell-states.ts";
import { ThreadCells } from "../../components/thread-cells.tsx";
import type { MachineRows, StreamLayout } from "./stream-layout.ts";
import styles from "./task-stream.module.css";

export interface MachineMarginProps {
  readonly layout: StreamLayout;
  readonly client: ClusterClient;
}

export function MachineMargin({ layout, client }: MachineMarginProps) {
  const [workers, setWorkers] = useState(client.view.workers);
  useEffect(() => {
    const sampler = createSampler(() => setWorkers(client.view.workers));
    const stop = client.onView(() => sampler.request());
    return () => {
      stop();
      sampler.close();
    };
  }, [client]);
  const present = new Map(workers.map((worker) => [worker.worker, worker]));
  return (
    <ul className={styles["margin"]} aria-label="Machines">
      {layout.machines.map((rows) => {
        const worker = present.get(rows.worker);
        return (
          <li key={rows.worker} style={{ top: rows.topPx, height: rows.heightPx }}>
            <span className={styles["name"]} title={rows.name} data-left={worker === undefined}>
              {rows.name}
            </span>
            <ThreadCells cells={headsOf(rows, worker)} size={layout.cells} />
          </li>
        );
      })}
    </ul>
  );
}

/** One cell a lane: those of a machine that left are silent, threads not in use now are off. */
function headsOf({ threads }: MachineRows, worker: WorkerView | undefined): CellState[] {
  const cells = worker === undefined ? [] : cellsOf(worker);
  return threads.map((_, thread) => cells[thread] ?? (worker === undefined ? "lost" : "off"));
}
