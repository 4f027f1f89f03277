// One machine in full: what it is and does, and what may be done with it from here.
import { useMemo, useState } from "react";
import type { WorkerId } from "../../../shared/ids.ts";
import type { WorkerView } from "../../../shared/protocol/messages.ts";
import { useCluster } from "../../app/session.ts";
import { useNow, wallClock } from "../../app/use-now.ts";
import { cellsOf } from "../../components/cell-states.ts";
import { Dialog } from "../../components/dialog.tsx";
import { ThreadCells } from "../../components/thread-cells.tsx";
import { MachineActions } from "./machine-actions.tsx";
import { machineFacts, type FactGroup } from "./machine-facts.ts";
import { pauseEnds, stateAndPlace } from "./machine-words.ts";
import styles from "./machine-dialog.module.css";

const HERE_INTERVAL_MS = 15_000;

export interface MachineDialogProps {
  /** Null: closed. */
  readonly worker: WorkerId | null;
  readonly onClose: () => void;
}

export function MachineDialog({ worker, onClose }: MachineDialogProps) {
  const found = useCluster((state) =>
    worker === null ? undefined : state.view.workers.find((one) => one.worker === worker),
  );
  // A machine that leaves while somebody reads is not taken from under their eyes.
  const [last, setLast] = useState<WorkerView | null>(null);
  if (found !== undefined && found !== last) setLast(found);
  const shown = found ?? (last?.worker === worker ? last : null);
  return (
    <Dialog isOpen={worker !== null} title={shown?.name ?? "Machine"} onClose={onClose}>
      {shown !== null && <Machine key={shown.worker} worker={shown} isHere={found !== undefined} />}
    </Dialog>
  );
}

function Machine({ worker, isHere }: { readonly worker: WorkerView; readonly isHere: boolean }) {
  const nowMs = useNow(HERE_INTERVAL_MS, wallClock);
  const groups = useMemo(() => machineFacts(worker, nowMs), [worker, nowMs]);
  const ends = pauseEnds(worker);
  return (
    <div className={styles["machine"]}>
      {isHere ? (
        <>
          <div className={styles["state"]}>
            <ThreadCells cells={cellsOf(worker)} size="medium" />
            <p role="status">
              <strong>{stateAndPlace(worker)}</strong>
              {ends !== null && <span>{ends}</span>}
            </p>
          </div>
          <MachineActions worker={worker} />
        </>
      ) : (
        <p className={styles["left"]} role="status">
          This machine has left. What it had begun goes to others; the figures are its last ones.
        </p>
      )}
      {groups.map((group) => (
        <Facts key={group.title} group={group} />
      ))}
    </div>
  );
}

const Facts = ({ group }: { readonly group: FactGroup }) => (
  <section className={styles["group"]}>
    <h3>{group.title}</h3>
    <dl>
      {group.facts.map(([words, value]) => (
        <div key={words}>
          <dt>{words}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  </section>
);
