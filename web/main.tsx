// Starts the page: takes the token from the address, then shows the join page or the dashboard.
import "@mantine/core/styles.css";
import "./components/theme.css";
import { MantineProvider } from "@mantine/core";
import { lazy, StrictMode, Suspense, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { present } from "../shared/assert.ts";
import { ErrorBoundary } from "./app/error-boundary.tsx";
import { cssVariablesResolver, mantineTheme, styleNonce } from "./app/mantine-theme.ts";
import { NoTokenPage } from "./app/no-token-page.tsx";
import { browserTokenPlace, roleOf, takeToken, tokenInFragment } from "./app/session-token.ts";

// A phone that joins loads nothing of the dashboard, and the other way round.
const loadJoin = (token: string) =>
  lazy(async () => {
    const { JoinPage } = await import("./features/join/join-page.tsx");
    return { default: () => <JoinPage token={token} /> };
  });

const loadDashboard = (token: string) =>
  lazy(async () => {
    const [{ DashboardApp }, { createBrowserClient }, { browserCluster }, { openSession }] =
      await Promise.all([
        import("./app/dashboard-app.tsx"),
        import("./app/create-client.ts"),
        import("./app/browser-cluster.ts"),
        import("./app/session.ts"),
      ]);
    const client = await createBrowserClient(token);
    const session = openSession(client, await browserCluster(client), token);
    return { default: () => <DashboardApp session={session} /> };
  });

function firstView(): ReactNode {
  const role = roleOf(location.pathname);
  const token = takeToken(role, browserTokenPlace());
  if (token === null) return <NoTokenPage role={role} />;
  const Page = role === "join" ? loadJoin(token) : loadDashboard(token);
  return <Page />;
}

// Pasting another full address into this tab changes only the fragment, which loads nothing.
window.addEventListener("hashchange", () => {
  if (tokenInFragment(location.hash) !== null) location.reload();
});

createRoot(present(document.getElementById("root"), "the root element")).render(
  <StrictMode>
    <MantineProvider
      theme={mantineTheme}
      cssVariablesResolver={cssVariablesResolver}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <ErrorBoundary>
        <Suspense fallback={null}>{firstView()}</Suspense>
      </ErrorBoundary>
    </MantineProvider>
  </StrictMode>,
);
