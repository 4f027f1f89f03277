// The scenarios of a job side by side; choosing one shows its figures and plots.
import { useMemo, useState } from "react";
import type { ScenarioResult } from "../../../shared/monte-carlo/estimate.ts";
import { digitsOf, formatFigure } from "../../components/format.ts";
import {
  PARAMETER_WORDS,
  parameterWords,
  scenarioRows,
  scenarioWords,
  type Parameter,
  type ScenarioColumn,
  type ScenarioSort,
} from "./scenarios-model.ts";
import styles from "./scenario-table.module.css";

export interface ScenarioTableProps {
  readonly scenarios: readonly ScenarioResult[];
  readonly varying: readonly Parameter[];
  readonly chosen: number;
  readonly onChoose: (index: number) => void;
}

export function ScenarioTable({ scenarios, varying, chosen, onChoose }: ScenarioTableProps) {
  const [sort, setSort] = useState<ScenarioSort | null>(null);
  const rows = useMemo(() => scenarioRows(scenarios, sort), [scenarios, sort]);
  // The same digits in every row, so that a column can be compared at a glance.
  const digits = Math.max(...scenarios.map((result) => digitsOf(result.standardError)));
  return (
    <section aria-labelledby="scenarios-title">
      <h2 id="scenarios-title" className={styles["title"]}>
        Scenarios
      </h2>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls */}
      <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Table of scenarios">
        <table className={styles["table"]}>
          <thead>
            <tr>
              {varying.map((key) => (
                <Header
                  key={key}
                  column={key}
                  words={PARAMETER_WORDS[key]}
                  sort={sort}
                  onSort={setSort}
                />
              ))}
              <Header column="estimate" words="Price" sort={sort} onSort={setSort} />
              <Header column="standardError" words="Standard error" sort={sort} onSort={setSort} />
              <th scope="col" className={styles["interval"]}>
                95% interval
              </th>
              <th scope="col">
                <span className={styles["hidden"]}>Shown above and below</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ index, result }) => (
              <Row
                key={index}
                result={result}
                varying={varying}
                digits={digits}
                isChosen={index === chosen}
                onChoose={() => onChoose(index)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface RowProps {
  readonly result: ScenarioResult;
  readonly varying: readonly Parameter[];
  readonly digits: number;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function Row({ result, varying, digits, isChosen, onChoose }: RowProps) {
  const { option, estimate, standardError, confidence } = result;
  const [low, high] = confidence.map((end) => formatFigure(end, digits));
  return (
    // The whole row can be pressed; the button in it is what keys and screen readers find.
    <tr data-chosen={isChosen} onClick={onChoose}>
      {varying.map((key) => (
        <td key={key}>{parameterWords(option, key)}</td>
      ))}
      <td className={styles["price"]}>{formatFigure(estimate, digits)}</td>
      <td>± {formatFigure(standardError, digits)}</td>
      <td className={styles["interval"]}>
        {low} to {high}
      </td>
      <td className={styles["choose"]}>
        <button
          type="button"
          aria-pressed={isChosen}
          aria-label={`Show ${scenarioWords(option, varying)}`}
        >
          {isChosen ? "Shown" : "Show"}
        </button>
      </td>
    </tr>
  );
}

interface HeaderProps {
  readonly column: ScenarioColumn;
  readonly words: string;
  readonly sort: ScenarioSort | null;
  readonly onSort: (sort: ScenarioSort) => void;
}

function Header({ column, words, sort, onSort }: HeaderProps) {
  const isSorted = sort?.column === column;
  const direction = isSorted ? (sort.isDescending ? "descending" : "ascending") : "none";
  return (
    <th scope="col" aria-sort={direction}>
      <button
        type="button"
        className={styles["sort"]}
        onClick={() => onSort({ column, isDescending: isSorted && !sort.isDescending })}
      >
        <span aria-hidden="true" className={styles["arrow"]}>
          {direction === "none" ? "" : direction === "ascending" ? "↑" : "↓"}
        </span>
        {words}
      </button>
    </th>
  );
}
