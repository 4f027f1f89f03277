// The page that sets up a simulation: what is drawn, the fields, and the button that starts it.
import { useDeferredValue, useMemo, useState } from "react";
import { jobPath, navigate } from "../../app/router.ts";
import { useCluster, useSession } from "../../app/session.ts";
import type { AsianOption } from "../../../shared/monte-carlo/asian-option.ts";
import { ARTICLE_OPTION } from "../../../shared/monte-carlo/asian-option.ts";
import {
  MONTE_CARLO_KIND,
  parseMonteCarloMeta,
  type MonteCarloOptions,
} from "../../../shared/monte-carlo/plan.ts";
import { useLikeJob } from "../jobs/like-job.ts";
import { HistoriesPlot } from "./histories-plot.tsx";
import { SimulationFieldsets } from "./simulation-fieldsets.tsx";
import {
  ARTICLE_FIELDS,
  fieldsOf,
  readSimulation,
  type SimulationFields,
} from "./simulation-fields.ts";
import { SimulationStart } from "./simulation-start.tsx";
import { startSimulation } from "./start-simulation.ts";
import styles from "./simulate-page.module.css";

export function SimulatePage() {
  const { job, isAwaited } = useLikeJob(MONTE_CARLO_KIND);
  if (isAwaited) return <div className={styles["page"]} />;
  const fields = job === null ? ARTICLE_FIELDS : fieldsOf(parseMonteCarloMeta(job.meta));
  return <SimulationForm key={job?.job ?? "new"} initial={fields} />;
}

function SimulationForm({ initial }: { readonly initial: SimulationFields }) {
  const { library } = useSession();
  const view = useCluster((state) => state.view);
  const [fields, setFields] = useState(initial);
  const [isBusy, setIsBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const reading = useMemo(() => readSimulation(fields), [fields]);
  const illustrated = useDeferredValue(useLastSound(reading.options));

  const start = (options: MonteCarloOptions): void => {
    setIsBusy(true);
    setFailure(null);
    startSimulation(library, options).then(
      (job) => navigate(jobPath(job)),
      (error: unknown) => {
        setFailure(error instanceof Error ? error.message : String(error));
        setIsBusy(false);
      },
    );
  };
  return (
    <form
      className={styles["page"]}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (reading.options !== null && !isBusy) start(reading.options);
      }}
    >
      <header className={styles["header"]}>
        <h1 className={styles["title"]}>Price an option by simulation</h1>
        <p className={styles["lead"]}>
          An Asian option pays by the average of a price over time. A great many possible price
          histories are drawn, and the average of what the option pays on them is its price.
        </p>
      </header>
      <div className={styles["columns"]}>
        <div className={styles["body"]}>
          <HistoriesPlot option={illustrated} />
          <SimulationFieldsets
            form={{
              fields,
              problems: reading.problems,
              onChange: (change) => setFields((before) => ({ ...before, ...change })),
            }}
          />
        </div>
        <SimulationStart options={reading.options} view={view} isBusy={isBusy} failure={failure} />
      </div>
    </form>
  );
}

/** The first scenario of the newest options that could be read: a slip of the hand clears no picture. */
function useLastSound(options: MonteCarloOptions | null): AsianOption {
  const [last, setLast] = useState<AsianOption>(ARTICLE_OPTION);
  const now = options?.scenarios[0] ?? last;
  if (now !== last) setLast(now);
  return now;
}
