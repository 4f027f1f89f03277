// Which way this machine's data takes; and when not the direct one, why, and what can be done.
import { Button } from "@mantine/core";
import { useStore } from "zustand";
import { CheckIcon, CloseIcon } from "../../components/icons.tsx";
import { Notice } from "../../components/notice.tsx";
import type { ConnectionFinding } from "../../worker/connection-doctor.ts";
import { checkLines, diagnosisWords } from "./doctor-words.ts";
import type { JoinState } from "./join-state.ts";
import type { Join } from "./join-store.ts";
import { pathWords } from "./join-words.ts";
import styles from "./join-page.module.css";

export function ConnectionSection({ join, state }: { join: Join; state: JoinState }) {
  const { isChecking, finding } = useStore(join.doctor);
  return (
    <section className={styles["section"]} aria-labelledby="connection-heading">
      <div className={styles["head"]}>
        <h2 id="connection-heading" className={styles["heading"]}>
          Connection
        </h2>
        <Button
          variant="default"
          loading={isChecking}
          onClick={() => void join.worker.doctor.check()}
        >
          Check the connection
        </Button>
      </div>
      <p className={styles["path"]}>{pathWords(state)}</p>
      {finding !== null && <Finding finding={finding} />}
    </section>
  );
}

function Finding({ finding }: { finding: ConnectionFinding }) {
  const { title, because, advice, isFine } = diagnosisWords(finding);
  return (
    <>
      <Notice tone={isFine ? "done" : "attention"} title={title}>
        <p className={styles["because"]}>{because}</p>
        {advice !== "" && <p className={styles["because"]}>{advice}</p>}
      </Notice>
      <dl className={styles["checks"]} aria-label="What was checked">
        {checkLines(finding).map(({ label, value, isOk }) => (
          <div key={label} data-ok={isOk}>
            <dt>
              {isOk ? <CheckIcon sizePx={16} /> : <CloseIcon sizePx={16} />}
              {label}
            </dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
