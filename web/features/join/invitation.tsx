// The first visit: one button, and two sentences on what pressing it does.
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { BrandMark } from "../../components/icons.tsx";
import { ThreadCells } from "../../components/thread-cells.tsx";
import { initialSettings } from "../../worker/browser-courtesy.ts";
import { detectDevice, deviceKind } from "../../worker/device.ts";
import { machineName, rememberName } from "../../worker/identity.ts";
import { askedByAddress } from "./join-state.ts";
import { invitationWords } from "./join-words.ts";
import { MachineName } from "./machine-name.tsx";
import { useStateOnDocument } from "./use-worker-state.ts";
import styles from "./invitation.module.css";

/** What would join: known before anything is opened or asked for. */
function describeMachine() {
  const device = detectDevice();
  const asked = askedByAddress(location.search);
  const { threads } = initialSettings(device.cores, asked.courtesy ?? {});
  return {
    name: asked.name ?? machineName(device.isMobile),
    kind: deviceKind(device),
    cores: device.cores,
    threads,
  };
}

export function Invitation({ onAgree }: { onAgree: () => void }) {
  const [machine] = useState(describeMachine);
  const [name, setName] = useState(machine.name);
  useStateOnDocument("not-joined");
  useEffect(() => {
    document.title = "Help compute · Tabswarm";
  }, []);

  const rename = (changed: string): void => {
    rememberName(changed);
    setName(changed);
  };
  return (
    <main className={styles["page"]}>
      <div className={styles["column"]}>
        <p className={styles["brand"]}>
          <BrandMark sizePx={20} />
          Tabswarm
        </p>
        {/* How it will look: nothing computes yet, so nobody is told so. */}
        <div aria-hidden="true">
          <ThreadCells
            cells={Array.from({ length: Math.max(machine.cores, machine.threads) }, (_, index) =>
              index < machine.threads ? "computing" : "off",
            )}
            size="large"
          />
        </div>
        <h1 className={styles["title"]}>Lend this machine’s spare time</h1>
        <p className={styles["words"]}>{invitationWords(machine.threads, machine.cores)}</p>
        <Button size="lg" className={styles["agree"] ?? ""} onClick={onAgree}>
          Help compute
        </Button>
        <div className={styles["name"]}>
          <p className={styles["label"]}>This {lowerKind(machine.kind)} joins as</p>
          <MachineName name={name} onRename={rename} isHeading={false} />
        </div>
      </div>
    </main>
  );
}

/** "Windows computer" keeps its capital; "Computer" does not, within a sentence. */
const lowerKind = (kind: string): string =>
  kind === "Computer" || kind === "Phone" ? kind.toLowerCase() : kind;
