// What single paths paid: a histogram, and in words those that it leaves out.
import { useMemo, useState } from "react";
import { Plot } from "../../components/plot.tsx";
import type { ScenarioPlotProps } from "./convergence-plot.tsx";
import { payoffPicture, payoffRestWords, payoffWords } from "./simulation-plots.ts";
import styles from "./simulation-result.module.css";

export function PayoffPlot({ result, name }: ScenarioPlotProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const picture = useMemo(() => payoffPicture(result), [result]);
  const { histogram, paths } = result;
  const rest = payoffRestWords(histogram, paths);
  const ofScenario = name === "" ? "" : ` of ${name}`;
  return (
    <section className={styles["plot"]} aria-labelledby="payoffs-title">
      <h2 id="payoffs-title" className={styles["title"]}>
        What the paths paid
      </h2>
      <p className={styles["readout"]} role="status">
        {pointed === null ? (
          <span className={styles["muted"]}>{rest}.</span>
        ) : (
          payoffWords(histogram, paths, pointed)
        )}
      </p>
      <Plot
        picture={picture}
        label={`Histogram of the payoffs${ofScenario}. ${rest}.`}
        onPoint={setPointed}
      />
    </section>
  );
}
