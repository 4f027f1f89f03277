// How the estimate came near its value: it and its 95% interval over the number of paths.
import { useMemo, useState } from "react";
import type { ScenarioResult } from "../../../shared/monte-carlo/estimate.ts";
import { Plot } from "../../components/plot.tsx";
import { convergencePicture, convergenceWords } from "./simulation-plots.ts";
import styles from "./simulation-result.module.css";

export interface ScenarioPlotProps {
  readonly result: ScenarioResult;
  /** Which scenario it is; empty for a job of one. */
  readonly name: string;
}

export function ConvergencePlot({ result, name }: ScenarioPlotProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const picture = useMemo(() => convergencePicture(result), [result]);
  const point = pointed === null ? undefined : result.convergence[pointed];
  const last = result.convergence.at(-1);
  const ofScenario = name === "" ? "" : ` of ${name}`;
  return (
    <section className={styles["plot"]} aria-labelledby="convergence-title">
      <h2 id="convergence-title" className={styles["title"]}>
        How the estimate settled
      </h2>
      <p className={styles["readout"]} role="status">
        {point === undefined ? (
          <span className={styles["muted"]}>
            The line is the estimate, the band its 95% interval. Point at it to read it.
          </span>
        ) : (
          convergenceWords(point)
        )}
      </p>
      <Plot
        picture={picture}
        label={`Convergence${ofScenario}: ${last === undefined ? "nothing yet" : convergenceWords(last)}`}
        onPoint={setPointed}
      />
    </section>
  );
}
