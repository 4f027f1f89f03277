// The dashboard's header: the name, the way to each page, every machine's cells, and their number.
import { ThreadCells } from "../components/thread-cells.tsx";
import { cellsOf } from "../components/cell-states.ts";
import { formatPlural } from "../components/format.ts";
import { BrandMark } from "../components/icons.tsx";
import { AppLink } from "./app-link.tsx";
import { linkTo } from "./link-to.ts";
import { systemPath, useRoute, workersPath, type Route } from "./router.ts";
import { useCluster } from "./session.ts";
import styles from "./app.module.css";

/** About what two rows of cells at their usual size hold. */
const CELLS_ROOMY_MAX = 90;

const PAGES: readonly (readonly [Route["page"], string, string])[] = [
  ["home", "/", "Home"],
  ["workers", workersPath, "Machines"],
  ["system", systemPath, "System"],
];

function Navigation() {
  const { page } = useRoute();
  return (
    <nav className={styles["pages"]} aria-label="Pages">
      {PAGES.map(([name, path, words]) => (
        <a key={name} {...linkTo(path)} aria-current={page === name ? "page" : undefined}>
          {words}
        </a>
      ))}
    </nav>
  );
}

export function PageHeader() {
  const workers = useCluster((state) => state.view.workers);
  const isKnown = useCluster((state) => state.isKnown);
  const threads = workers.reduce((sum, worker) => sum + worker.threads, 0);
  // Cells shrink rather than be left out.
  const isCrowded = workers.length + threads > CELLS_ROOMY_MAX;
  return (
    <header className={styles["header"]}>
      <AppLink to="/" className={styles["brand"]}>
        <BrandMark />
        <span>Tabswarm</span>
      </AppLink>
      <Navigation />
      <div
        className={styles["swarm"]}
        data-crowded={isCrowded}
        title={workers.map((worker) => worker.name).join(", ")}
      >
        {workers.map((worker) => (
          <ThreadCells
            key={worker.worker}
            cells={cellsOf(worker)}
            size="small"
            label={worker.name}
          />
        ))}
      </div>
      <p className={styles["count"]} aria-live="polite">
        {isKnown && workers.length > 0
          ? `${formatPlural(workers.length, "machine")}, ${formatPlural(threads, "thread")}`
          : isKnown && "No machines yet"}
      </p>
    </header>
  );
}
