// The dashboard: header, banner and the view that the address names.
import { Button } from "@mantine/core";
import { lazy, Suspense, useEffect, type ReactNode } from "react";
import { unreachable } from "../../shared/assert.ts";
import { MessagePage } from "../components/message-page.tsx";
import { HomePage } from "../features/dashboard/home-page.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import { PageHeader } from "./page-header.tsx";
import { navigate, useRoute } from "./router.ts";
import { SessionContext, useSession, type Session } from "./session.ts";
import styles from "./app.module.css";

// Heatmap, plots and their tools load only where they are needed.
const JobPage = lazy(async () => {
  const module = await import("../features/jobs/job-page.tsx");
  return { default: module.JobPage };
});

const SimulatePage = lazy(async () => {
  const module = await import("../features/monte-carlo/simulate-page.tsx");
  return { default: module.SimulatePage };
});

const MachinesPage = lazy(async () => {
  const module = await import("../features/workers/machines-page.tsx");
  return { default: module.MachinesPage };
});

const SystemPage = lazy(async () => {
  const module = await import("../features/system/system-page.tsx");
  return { default: module.SystemPage };
});

export function DashboardApp({ session }: { session: Session }) {
  useEffect(() => {
    // pagehide is the last event that hidden and closing pages surely get; a page that comes back
    // from the browser's cache must connect anew.
    const close = (): void => session.client.close();
    const wake = (event: PageTransitionEvent): void => {
      if (event.persisted) location.reload();
    };
    window.addEventListener("pagehide", close);
    window.addEventListener("pageshow", wake);
    return () => {
      window.removeEventListener("pagehide", close);
      window.removeEventListener("pageshow", wake);
    };
  }, [session]);
  return (
    <SessionContext value={session}>
      <View />
    </SessionContext>
  );
}

function View() {
  const route = useRoute();
  const { client } = useSession();
  switch (route.page) {
    case "home":
      return (
        <Frame title="Tabswarm">
          <HomePage />
        </Frame>
      );
    case "simulate":
      return (
        <Frame title="New simulation · Tabswarm">
          <SimulatePage />
        </Frame>
      );
    case "workers":
      return (
        <Frame title="Machines · Tabswarm">
          <MachinesPage />
        </Frame>
      );
    case "system":
      return (
        <Frame title="System · Tabswarm">
          <SystemPage />
        </Frame>
      );
    case "job":
      return (
        <Frame title="Job · Tabswarm">
          <JobPage key={route.jobId} jobId={route.jobId} view={route.view} client={client} />
        </Frame>
      );
    case "join":
    case "unknown":
      return (
        <MessagePage
          title="There is nothing at this address"
          action={<Button onClick={() => navigate("/")}>Go to the dashboard</Button>}
        >
          <p>The job may have been deleted, or the address was cut short.</p>
        </MessagePage>
      );
    default:
      return unreachable(route);
  }
}

function Frame({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <>
      <PageHeader />
      <ConnectionBanner />
      <main className={styles["main"]}>
        <Suspense fallback={<div className={styles["loading"]} />}>{children}</Suspense>
      </main>
    </>
  );
}
