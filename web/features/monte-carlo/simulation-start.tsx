// How much work the simulation is, and the button that starts it.
import { Button } from "@mantine/core";
import type { ClusterView } from "../../../shared/client/cluster-client.ts";
import type { MonteCarloOptions } from "../../../shared/monte-carlo/plan.ts";
import { formatDuration, formatLarge, formatPlural, formatRound } from "../../components/format.ts";
import { Notice } from "../../components/notice.tsx";
import { expectedMs, stepsOf } from "./simulation-speed.ts";
import styles from "./simulate-page.module.css";

export interface SimulationStartProps {
  /** Null while a field is wrong. */
  readonly options: MonteCarloOptions | null;
  readonly view: ClusterView;
  readonly isBusy: boolean;
  readonly failure: string | null;
}

export function SimulationStart({ options, view, isBusy, failure }: SimulationStartProps) {
  const threads = view.workers.reduce((sum, worker) => sum + worker.threads, 0);
  return (
    <aside className={styles["start"]} aria-label="What will be computed">
      <ul className={styles["facts"]} aria-live="polite">
        {options === null ? (
          <li>Some values cannot be used yet</li>
        ) : (
          <>
            <li>{formatPlural(options.scenarios.length, "scenario")}</li>
            <li>{pathsWords(options)}</li>
            <li>{formatLarge(stepsOf(options))} steps</li>
          </>
        )}
      </ul>
      {failure !== null && (
        <Notice tone="failed" title="The job could not be started">
          {failure}
        </Notice>
      )}
      <div>
        <Button type="submit" size="md" fullWidth disabled={options === null} loading={isBusy}>
          {buttonWords(options)}
        </Button>
        <p className={styles["hint"]}>
          {options === null ? "" : timeWords(options, view, threads)}
        </p>
      </div>
    </aside>
  );
}

function pathsWords({ paths, scenarios, targetStandardError }: MonteCarloOptions): string {
  const most = targetStandardError === null ? "" : "At most ";
  const each = scenarios.length === 1 ? "" : " each";
  return `${most}${formatRound(paths)} paths${each}`;
}

function buttonWords(options: MonteCarloOptions | null): string {
  if (options === null) return "Simulate";
  const { scenarios, paths } = options;
  return scenarios.length === 1
    ? `Simulate ${formatRound(paths)} paths`
    : `Simulate ${scenarios.length} scenarios`;
}

function timeWords(options: MonteCarloOptions, view: ClusterView, threads: number): string {
  if (threads === 0) return "No machine has joined yet: the job will wait for the first.";
  const ms = expectedMs(options, view.jobs, threads);
  if (ms === null) return "";
  const most = options.targetStandardError === null ? "About" : "At most about";
  return `${most} ${formatDuration(ms)} on ${formatPlural(threads, "thread")}, by the last simulation here.`;
}
