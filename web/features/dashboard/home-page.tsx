// The dashboard's first view: a table to drop, the machines, the jobs.
import { Button } from "@mantine/core";
import { useEffect, useMemo, useState, type ReactNode } from "react";
import { useStore } from "zustand";
import { CORRELATION_KIND } from "../../../shared/correlation/plan.ts";
import { useCluster, useSession } from "../../app/session.ts";
import { Dialog } from "../../components/dialog.tsx";
import { PlusIcon } from "../../components/icons.tsx";
import { choicesOf } from "./correlate-choices.ts";
import { useLikeJob } from "../jobs/like-job.ts";
import { DropZone } from "./drop-zone.tsx";
import { createIntake } from "./intake-store.ts";
import { intakePlace } from "./intake-place.ts";
import { IntakeView } from "./intake-view.tsx";
import { JoinInvitation } from "./join-invitation.tsx";
import { knownTables } from "./job-rows.ts";
import { RecentJobs } from "./recent-jobs.tsx";
import { SimulationInvitation } from "./simulation-invitation.tsx";
import { useFileDrop } from "./use-file-drop.ts";
import { useJoinLinks } from "./use-join-links.ts";
import { workerRows } from "./worker-rows.ts";
import { WorkersPanel } from "./workers-panel.tsx";
import styles from "./home-page.module.css";

const KNOWN_TABLES_MAX = 3;

export function HomePage() {
  const session = useSession();
  const view = useCluster((state) => state.view);
  const isKnown = useCluster((state) => state.isKnown);
  const [actions] = useState(() => createIntake(intakePlace(session)));
  const state = useStore(actions.store);
  const links = useJoinLinks();
  const [isInviting, setIsInviting] = useState(false);
  useEffect(() => () => actions.reset(), [actions]);
  const like = useLikeJob(CORRELATION_KIND).job;
  useEffect(() => {
    if (like === null) return;
    const { dataset, options } = choicesOf(like.meta);
    actions.reuse(dataset, like.title.replace(/^Correlate /, ""), options);
  }, [like, actions]);

  const isSending = state.intake.step === "sending";
  const [open] = useState(() => (file: File) => {
    // A table on its way to the cluster is not thrown away by a slip of the hand.
    if (actions.store.getState().intake.step !== "sending") actions.open(file);
  });
  const isOver = useFileDrop(open) && !isSending;
  const rows = useMemo(() => workerRows(view.workers, view.jobs), [view]);
  const known = useMemo(() => knownTables(view.jobs, KNOWN_TABLES_MAX), [view]);
  const isWaiting = view.jobs.some((job) => job.state === "running");
  const hasMachines = view.workers.length > 0;
  // Nothing is said about machines before the coordinator has told.
  if (!isKnown && state.intake.step === "empty") return <div className={styles["waiting"]} />;

  return (
    <div className={styles["page"]}>
      {state.intake.step === "empty" ? (
        <div className={styles["start"]} data-with-invitation={!hasMachines}>
          {!hasMachines && (
            <section className={styles["first"]}>
              <h1>{view.jobs.length === 0 ? "Add your first machine" : "Add a machine"}</h1>
              <p>
                {isWaiting && "A job waits for machines. "}
                Every browser in your network can help. This one may, too: open the address in
                another tab.
              </p>
              <JoinInvitation links={links} />
            </section>
          )}
          <div className={styles["ways"]}>
            <DropZone
              isOver={isOver}
              isPrimary={hasMachines}
              known={known}
              onFile={open}
              onReuse={actions.reuse}
            />
            <SimulationInvitation />
          </div>
        </div>
      ) : (
        <IntakeView state={state} actions={actions} hasMachines={hasMachines} />
      )}
      {hasMachines && (
        <Section
          title="Machines"
          action={
            <Button
              variant="default"
              leftSection={<PlusIcon sizePx={16} />}
              onClick={() => setIsInviting(true)}
            >
              Add a machine
            </Button>
          }
        >
          <WorkersPanel rows={rows} />
        </Section>
      )}
      {view.jobs.length > 0 && (
        <Section title="Jobs">
          <RecentJobs jobs={view.jobs} />
        </Section>
      )}
      <Dialog isOpen={isInviting} title="Add a machine" onClose={() => setIsInviting(false)}>
        <JoinInvitation links={links} />
      </Dialog>
    </div>
  );
}

function Section({
  title,
  action,
  children,
}: {
  title: string;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section>
      <div className={styles["head"]}>
        <h2 className={styles["title"]}>{title}</h2>
        {action}
      </div>
      {children}
    </section>
  );
}
