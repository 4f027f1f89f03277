// The dashboard's first view: the cluster at a glance, jobs that run, a table to drop, the machines.
import { Button } from "@mantine/core";
import { useEffect, useMemo, useState, type ReactNode } from "react";
import { useStore } from "zustand";
import { CORRELATION_KIND } from "../../../shared/correlation/plan.ts";
import type { ClusterView } from "../../../shared/client/cluster-client.ts";
import { AppLink } from "../../app/app-link.tsx";
import { workersPath } from "../../app/router.ts";
import { useCluster, useSession } from "../../app/session.ts";
import { PlusIcon } from "../../components/icons.tsx";
import { choicesOf } from "./correlate-choices.ts";
import { useLikeJob } from "../jobs/like-job.ts";
import { DropZone } from "./drop-zone.tsx";
import { GlanceStrip } from "./glance-strip.tsx";
import { createIntake, type IntakeActions } from "./intake-store.ts";
import { intakePlace } from "./intake-place.ts";
import { IntakeView } from "./intake-view.tsx";
import { Invitation } from "./invitation.tsx";
import { JoinInvitation } from "./join-invitation.tsx";
import { knownTables } from "./job-rows.ts";
import { ReadyMachines } from "./ready-machines.tsx";
import { RecentJobs } from "./recent-jobs.tsx";
import { RunningJobs } from "./running-jobs.tsx";
import { SimulationInvitation } from "./simulation-invitation.tsx";
import { useFileDrop } from "./use-file-drop.ts";
import { useJoinLinks } from "./use-join-links.ts";
import { nextWelcome, type Welcome } from "./welcome.ts";
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
  const [isInviting, setIsInviting] = useState(false);
  const [before, setWelcome] = useState<Welcome>("none");
  const welcome = nextWelcome(before, isKnown, view);
  if (welcome !== before) setWelcome(welcome);
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
  const [going, past] = useMemo(() => {
    const goes = view.jobs.filter(({ state }) => state === "running" || state === "paused");
    return [goes, view.jobs.filter((job) => !goes.includes(job))];
  }, [view]);
  const hasMachines = view.workers.length > 0;
  const invite = (): void => setIsInviting(true);
  // Nothing is said about machines before the coordinator has told.
  if (!isKnown && state.intake.step === "empty") return <div className={styles["waiting"]} />;

  return (
    <div className={styles["page"]}>
      {/* While the first machines are welcomed, nothing pushes them down. */}
      {hasMachines && welcome === "none" && <GlanceStrip />}
      {going.length > 0 && (
        <Section title={going.every((job) => job.state === "paused") ? "Paused" : "Running"}>
          <RunningJobs jobs={going} />
        </Section>
      )}
      {state.intake.step === "empty" ? (
        <Start view={view} welcome={welcome} isOver={isOver} actions={actions} onInvite={invite} />
      ) : (
        <IntakeView state={state} actions={actions} hasMachines={hasMachines} />
      )}
      {hasMachines && (
        <Section
          title="Machines"
          action={
            <>
              <AppLink to={workersPath} className={styles["link"]}>
                All about them
              </AppLink>
              <Button variant="default" leftSection={<PlusIcon sizePx={16} />} onClick={invite}>
                Add a machine
              </Button>
            </>
          }
        >
          <WorkersPanel rows={rows} />
        </Section>
      )}
      {past.length > 0 && (
        <Section title="Past jobs">
          <RecentJobs jobs={past} />
        </Section>
      )}
      <Invitation isOpen={isInviting} onClose={() => setIsInviting(false)} />
    </div>
  );
}

interface StartProps {
  readonly view: ClusterView;
  readonly welcome: Welcome;
  readonly isOver: boolean;
  readonly actions: IntakeActions;
  readonly onInvite: () => void;
}

/** What can be done now; beside it the invitation, and then the machines that followed it. */
function Start({ view, welcome, isOver, actions, onInvite }: StartProps) {
  const known = useMemo(() => knownTables(view.jobs, KNOWN_TABLES_MAX), [view]);
  return (
    <div className={styles["start"]} data-with-invitation={welcome !== "none"}>
      {welcome === "invited" && <FirstInvitation view={view} />}
      {welcome === "ready" && <ReadyMachines workers={view.workers} onInvite={onInvite} />}
      <div className={styles["ways"]}>
        <DropZone
          isOver={isOver}
          isPrimary={view.workers.length > 0}
          known={known}
          onFile={actions.open}
          onReuse={actions.reuse}
        />
        <SimulationInvitation />
      </div>
    </div>
  );
}

function FirstInvitation({ view }: { readonly view: ClusterView }) {
  const links = useJoinLinks();
  const isWaiting = view.jobs.some((job) => job.state === "running");
  return (
    <section className={styles["first"]}>
      <h1>{view.jobs.length === 0 ? "Add your first machine" : "Add a machine"}</h1>
      <p>
        {isWaiting && "A job waits for machines. "}
        Every browser in your network can help. This one may, too: open the address in another tab.
      </p>
      <JoinInvitation links={links} />
    </section>
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
        {action !== undefined && <div className={styles["actions"]}>{action}</div>}
      </div>
      {children}
    </section>
  );
}
