// What the page of a simulation shows: the estimate, how it came about, the payoffs, and the checks.
import { useState } from "react";
import type { ScenarioResult } from "../../../shared/monte-carlo/estimate.ts";
import { stepsOf } from "./simulation-speed.ts";
import { digitsOf, formatCount, formatFigure, formatLarge } from "../../components/format.ts";
import { AverageCheckTable } from "./average-check-table.tsx";
import { ConvergencePlot } from "./convergence-plot.tsx";
import type { MonteCarloShown } from "./monte-carlo-reader.ts";
import { errorWords } from "./monte-carlo-words.ts";
import { PayoffPlot } from "./payoff-plot.tsx";
import { ScenarioTable } from "./scenario-table.tsx";
import { scenarioWords, varyingParameters } from "./scenarios-model.ts";
import styles from "./simulation-result.module.css";

export function SimulationResult({ shown }: { readonly shown: MonteCarloShown }) {
  const { meta, scenarios, pathsDone } = shown;
  const [chosen, setChosen] = useState(0);
  const result = scenarios[chosen];
  if (result === undefined) return <Awaiting />;
  const varying = varyingParameters(meta.scenarios);
  const name = scenarioWords(result.option, varying);
  return (
    <>
      <Figures result={result} name={name} pathsDone={pathsDone} />
      {scenarios.length > 1 && (
        <ScenarioTable
          scenarios={scenarios}
          varying={varying}
          chosen={chosen}
          onChoose={setChosen}
        />
      )}
      <div className={styles["plots"]}>
        <ConvergencePlot result={result} name={name} />
        <PayoffPlot result={result} name={name} />
      </div>
      <AverageCheckTable result={result} control={meta.control} name={name} />
    </>
  );
}

/** As high as the figures and plots that take its place, so that what is below does not jump. */
const Awaiting = () => (
  <div className={styles["awaiting"]}>
    <p>
      The estimate appears here with the first finished paths, and becomes finer with every further
      one.
    </p>
  </div>
);

interface FiguresProps {
  readonly result: ScenarioResult;
  /** Empty for a job of one scenario. */
  readonly name: string;
  readonly pathsDone: number;
}

function Figures({ result, name, pathsDone }: FiguresProps) {
  const { estimate, standardError, confidence, option } = result;
  const digits = digitsOf(standardError);
  const [low, high] = confidence.map((end) => formatFigure(end, digits));
  const steps = stepsOf({ scenarios: [option], paths: pathsDone });
  return (
    <section className={styles["estimate"]} aria-label="Estimate">
      {name !== "" && <h2 className={styles["name"]}>{name}</h2>}
      <dl className={styles["figures"]}>
        <div className={styles["main"]}>
          <dt>{option.discounted ? "Price of the option today" : "Price of the option"}</dt>
          <dd>{formatFigure(estimate, digits)}</dd>
        </div>
        <div>
          <dt>Standard error</dt>
          <dd>{errorWords(standardError)}</dd>
        </div>
        <div>
          <dt>95% interval</dt>
          <dd>
            {low} to {high}
          </dd>
        </div>
        <div>
          <dt>Paths</dt>
          <dd>{formatCount(pathsDone)}</dd>
        </div>
        <div>
          <dt>Steps</dt>
          <dd>{formatLarge(steps)}</dd>
        </div>
      </dl>
    </section>
  );
}
