// The page of all machines: a table or cards of them, each with its details and settings, and the
// ways of bytes between them.
import { Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useMemo, useState } from "react";
import { useStore } from "zustand";
import type { WorkerId } from "../../../shared/ids.ts";
import { useCluster, useSession } from "../../app/session.ts";
import { formatPlural } from "../../components/format.ts";
import { PlusIcon } from "../../components/icons.tsx";
import { Invitation } from "../dashboard/invitation.tsx";
import { LinksSection } from "./links-section.tsx";
import { MachineCards } from "./machine-cards.tsx";
import { MachineDialog } from "./machine-dialog.tsx";
import { COLUMN_WORDS, machineColumns } from "./machine-order.ts";
import { createMachinesStore, type MachinesStore } from "./machines-store.ts";
import { MachinesTable } from "./machines-table.tsx";
import styles from "./machines-page.module.css";

/** Below this width a table of nine columns cannot be read. */
const NARROW = "(max-width: 900px)";
/** How long ago somebody joined is told in minutes. */
const HERE_INTERVAL_MS = 15_000;

type Shape = "table" | "cards";

export function MachinesPage() {
  const { cluster } = useSession();
  const isKnown = useCluster((state) => state.isKnown);
  const [machines] = useState(() =>
    createMachinesStore({
      cluster: cluster.store,
      wallMs: () => Date.now(),
      steadyMs: () => performance.now(),
    }),
  );
  useEffect(() => {
    const stop = machines.follow();
    const timer = setInterval(machines.refresh, HERE_INTERVAL_MS);
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [machines]);
  const total = useStore(machines.store, (state) => state.total);
  const [isInviting, setIsInviting] = useState(false);
  const [opened, setOpened] = useState<WorkerId | null>(null);
  return (
    <div className={styles["page"]}>
      <header className={styles["head"]}>
        <h1>Machines</h1>
        <Button
          variant={total === 0 ? "filled" : "default"}
          leftSection={<PlusIcon sizePx={16} />}
          onClick={() => setIsInviting(true)}
        >
          Add a machine
        </Button>
      </header>
      {isKnown && total === 0 && (
        <p className={styles["empty"]}>
          Nobody has joined yet. Every browser in your network can help: open the join address on a
          phone, a tablet or another computer, and it shows up here with what it can do.
        </p>
      )}
      {total > 0 && <MachineList machines={machines} onOpen={setOpened} />}
      {total > 0 && <LinksSection />}
      <MachineDialog worker={opened} onClose={() => setOpened(null)} />
      <Invitation isOpen={isInviting} onClose={() => setIsInviting(false)} />
    </div>
  );
}

interface MachineListProps {
  readonly machines: MachinesStore;
  readonly onOpen: (worker: WorkerId) => void;
}

function MachineList({ machines, onOpen }: MachineListProps) {
  const { wish, rows, total } = useStore(machines.store);
  const isNarrow = useMediaQuery(NARROW, undefined, { getInitialValueInEffect: false }) ?? false;
  const [chosen, setChosen] = useState<Shape>("table");
  const shape = isNarrow ? "cards" : chosen;
  const list = useMemo(() => ({ rows, onOpen }), [rows, onOpen]);
  return (
    <section aria-label="All machines">
      <div className={styles["tools"]}>
        <TextInput
          type="search"
          className={styles["search"] ?? ""}
          placeholder="Find by name, browser, state …"
          aria-label="Find machines"
          value={wish.text}
          onChange={(event) => machines.find(event.currentTarget.value)}
        />
        <p className={styles["found"]} role="status">
          {wish.text.trim() !== "" && `${rows.length} of ${formatPlural(total, "machine")}`}
        </p>
        {shape === "cards" && (
          <Select
            className={styles["order"] ?? ""}
            aria-label="Order of the machines"
            data={machineColumns.map((column) => ({
              value: column,
              label: `By ${COLUMN_WORDS[column].toLowerCase()}`,
            }))}
            value={wish.sort.column}
            onChange={(column) => {
              if (column !== null) machines.sortBy(column);
            }}
          />
        )}
        {!isNarrow && (
          <SegmentedControl
            aria-label="Show the machines as"
            value={chosen}
            onChange={(value) => setChosen(value === "cards" ? "cards" : "table")}
            data={[
              { value: "table", label: "Table" },
              { value: "cards", label: "Cards" },
            ]}
          />
        )}
      </div>
      {rows.length === 0 && (
        <p className={styles["empty"]}>No machine fits “{wish.text.trim()}”.</p>
      )}
      {rows.length > 0 &&
        (shape === "cards" ? (
          <MachineCards {...list} />
        ) : (
          <MachinesTable {...list} sort={wish.sort} onSort={machines.sortBy} />
        ))}
    </section>
  );
}
