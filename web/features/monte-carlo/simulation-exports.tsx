// The figures as files: one line a scenario, and the convergence of each.
import { Button } from "@mantine/core";
import { formatPlural } from "../../components/format.ts";
import { DownloadIcon } from "../../components/icons.tsx";
import styles from "../jobs/job-exports.module.css";
import { fileStem } from "../jobs/job-words.ts";
import { saveBlob } from "../jobs/save-file.ts";
import type { MonteCarloShown } from "./monte-carlo-reader.ts";
import { convergenceCsv, scenariosCsv } from "../../../shared/monte-carlo/scenarios-csv.ts";

export interface SimulationExportsProps {
  readonly shown: MonteCarloShown;
  /** Of the job; names the files. */
  readonly title: string;
}

export function SimulationExports({ shown, title }: SimulationExportsProps) {
  const { meta, scenarios } = shown;
  const points = scenarios.reduce((sum, { convergence }) => sum + convergence.length, 0);
  const save = (text: string, name: string): void =>
    saveBlob(new Blob([text], { type: "text/csv" }), `${fileStem(title)}-${name}.csv`);
  const files = [
    {
      words: "Estimates (CSV)",
      detail: `${formatPlural(scenarios.length, "scenario")}, every digit, with the checks`,
      save: () => save(scenariosCsv(meta, scenarios), "estimates"),
    },
    {
      words: "Convergence (CSV)",
      detail: `${formatPlural(points, "point")}: paths, estimate, standard error`,
      save: () => save(convergenceCsv(scenarios), "convergence"),
    },
  ];
  return (
    <section className={styles["exports"]} aria-labelledby="exports-title">
      <h2 id="exports-title" className={styles["title"]}>
        Take it with you
      </h2>
      <ul className={styles["files"]}>
        {files.map((file) => (
          <li key={file.words}>
            <Button
              variant="default"
              leftSection={<DownloadIcon />}
              disabled={scenarios.length === 0}
              onClick={file.save}
            >
              {file.words}
            </Button>
            <span className={styles["detail"]}>{file.detail}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
