// What can be checked is: the simulated average price beside its closed form.
import type { Control } from "../../../shared/monte-carlo/asian-option.ts";
import type { ScenarioResult } from "../../../shared/monte-carlo/estimate.ts";
import { digitsOf, formatCorrelation, formatCount, formatFigure } from "../../components/format.ts";
import { CheckIcon, WarningIcon } from "../../components/icons.tsx";
import { checkAverage, controlGain, type Verdict } from "./average-check.ts";
import { errorWords } from "./monte-carlo-words.ts";
import styles from "./simulation-result.module.css";

export interface AverageCheckTableProps {
  readonly result: ScenarioResult;
  readonly control: Control;
  /** Which scenario it is; empty for a job of one. */
  readonly name: string;
}

const VERDICT_WORDS: Record<Verdict, string> = {
  agrees: "agrees",
  unusual: "rare by chance: try another seed",
  differs: "does not agree: do not trust this result",
};

export function AverageCheckTable({ result, control, name }: AverageCheckTableProps) {
  const { averagePrice, averagePriceSd, expectedAveragePrice, expectedAveragePriceSd } = result;
  const { standardError, zScore, verdict } = checkAverage(result);
  const digits = digitsOf(standardError);
  const spread = averagePriceSd / expectedAveragePriceSd - 1;
  const gain = controlGain(control, result.controlCorrelation);
  return (
    <section className={styles["checks"]} aria-labelledby="checks-title">
      <h2 id="checks-title" className={styles["title"]}>
        Does it add up?
      </h2>
      <p className={styles["note"]}>
        The price of this option has no formula, but its average price has one
        {name === "" ? "" : ` (${name.toLowerCase()})`}: paths drawn rightly must meet it.
      </p>
      <table className={styles["table"]}>
        <thead>
          <tr>
            <th scope="col">
              <span className={styles["hidden"]}>Of all paths</span>
            </th>
            <th scope="col">Simulated</th>
            <th scope="col">Exact</th>
            <th scope="col">Difference</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Average price</th>
            <td>
              {formatFigure(averagePrice, digits)} {errorWords(standardError)}
            </td>
            <td>{formatFigure(expectedAveragePrice, Math.min(9, digits + 2))}</td>
            <td className={styles["verdict"]} data-verdict={verdict}>
              {verdict === "agrees" ? <CheckIcon sizePx={16} /> : <WarningIcon sizePx={16} />}
              {signed(zScore, 1)} standard errors, {VERDICT_WORDS[verdict]}
            </td>
          </tr>
          <tr>
            <th scope="row">Its spread (standard deviation)</th>
            <td>{formatFigure(averagePriceSd, digits)}</td>
            <td>{formatFigure(expectedAveragePriceSd, Math.min(9, digits + 2))}</td>
            <td>{Number.isFinite(spread) ? `${signed(spread * 100, 2)}%` : "–"}</td>
          </tr>
        </tbody>
      </table>
      {control === "antithetic" && (
        <p className={styles["note"]}>
          Mirrored paths meet the average more closely than independent ones, whose standard error
          this is.
        </p>
      )}
      {gain !== null && (
        <p className={styles["note"]}>
          The control moves with the payoff (correlation{" "}
          {formatCorrelation(result.controlCorrelation ?? Number.NaN)}): plain paths would need to
          be {formatCount(gain)} times as many for the same error.
        </p>
      )}
    </section>
  );
}

/** "+0.8", "−1.2". */
const signed = (value: number, digits: number): string => {
  const words = formatFigure(Math.abs(value), digits);
  return `${value < 0 ? "−" : "+"}${words}`;
};
