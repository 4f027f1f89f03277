// The strongest pairs, positive or negative, or those of one series that was searched for.
import { SegmentedControl, TextInput } from "@mantine/core";
import { useDeferredValue, useMemo, useState } from "react";
import { colourOf, darkPalette, lightPalette } from "../../../shared/correlation/colour.ts";
import { pairsOfSeries, type Pair } from "../../../shared/correlation/extremes.ts";
import { formatCorrelation, formatCount, formatPlural } from "../../components/format.ts";
import { cssColour } from "./colour-bar.tsx";
import { EXTREME_PAIRS, type LiveResult } from "./correlation-reader.ts";
import { searchSeries, sortPairs, type PairColumn, type PairSort } from "./pairs-model.ts";
import { useDark } from "./use-dark.ts";
import styles from "./pairs-table.module.css";

export interface PairsTableProps {
  readonly result: LiveResult;
  readonly positive: readonly Pair[];
  readonly negative: readonly Pair[];
  readonly pairsKnown: number;
  readonly marked: readonly [number, number] | null;
  /** A pair was chosen: show it in the heatmap. */
  readonly onMark: (pair: readonly [number, number] | null) => void;
}

type Side = "positive" | "negative";

export function PairsTable(props: PairsTableProps) {
  const { result, positive, negative } = props;
  const names = result.record.series;
  const [side, setSide] = useState<Side>("positive");
  const [text, setText] = useState("");
  const [sort, setSort] = useState<PairSort | null>(null);
  const wanted = useDeferredValue(text);
  const found = useMemo(() => searchSeries(names, wanted), [names, wanted]);
  const ofSeries = useMemo(
    // The pairs of a series change with the matrix, as the strongest ones do, which stand for its content.
    () =>
      found === null || positive.length + negative.length === 0
        ? null
        : pairsOfSeries(result.matrix, found.best, EXTREME_PAIRS),
    [result, found, positive, negative],
  );
  const chosen = ofSeries ?? (side === "positive" ? positive : negative);
  const rows = useMemo(
    () => (sort === null ? chosen : sortPairs(chosen, sort, names)),
    [chosen, sort, names],
  );
  const search = (next: string): void => {
    setText(next);
    setSort(null);
  };
  return (
    <section className={styles["pairs"]} aria-label="Strongest pairs">
      <div className={styles["tools"]}>
        <SegmentedControl
          size="xs"
          aria-label="Sign of the correlations"
          value={side}
          disabled={found !== null}
          onChange={(value) => {
            setSide(value === "negative" ? "negative" : "positive");
            setSort(null);
          }}
          data={[
            { value: "positive", label: "Most positive" },
            { value: "negative", label: "Most negative" },
          ]}
        />
        <TextInput
          size="xs"
          type="search"
          className={styles["search"] ?? ""}
          placeholder="Find a series"
          aria-label="Find the pairs of a series by its name"
          value={text}
          onChange={(event) => search(event.currentTarget.value)}
        />
      </div>
      <Caption
        found={found}
        hasText={wanted.trim() !== ""}
        names={names}
        side={side}
        count={rows.length}
        onSearch={search}
      />
      <Rows {...props} rows={rows} sort={sort} onSort={setSort} />
    </section>
  );
}

interface CaptionProps {
  readonly found: ReturnType<typeof searchSeries>;
  readonly hasText: boolean;
  readonly names: readonly string[];
  readonly side: Side;
  readonly count: number;
  readonly onSearch: (text: string) => void;
}

/** One line: what the rows are, and which other series were meant perhaps. */
function Caption({ found, hasText, names, side, count, onSearch }: CaptionProps) {
  if (hasText && found === null) {
    return (
      <p className={styles["caption"]} role="status">
        No series has this in its name.
      </p>
    );
  }
  if (found === null) {
    const words = side === "positive" ? "above zero" : "below zero";
    const text =
      count === 0
        ? ""
        : `The ${formatPlural(count, `strongest pair ${words}`, `strongest pairs ${words}`)}`;
    return <p className={styles["caption"]}>{text}</p>;
  }
  const rest = found.othersCount - found.others.length;
  return (
    <p className={styles["caption"]} role="status">
      Pairs of <b>{names[found.best]}</b>
      {found.others.length > 0 && ", or of "}
      {found.others.map((series) => (
        <button
          key={series}
          type="button"
          className={styles["other"]}
          onClick={() => onSearch(names[series] ?? "")}
        >
          {names[series]}
        </button>
      ))}
      {rest > 0 && ` and ${formatCount(rest)} more`}
    </p>
  );
}

interface RowsProps extends PairsTableProps {
  readonly rows: readonly Pair[];
  readonly sort: PairSort | null;
  readonly onSort: (sort: PairSort) => void;
}

function Rows({ rows, sort, onSort, result, marked, onMark, pairsKnown }: RowsProps) {
  const names = result.record.series;
  const palette = useDark() ? darkPalette : lightPalette;
  return (
    // The region scrolls, so it must be reachable by keys.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls
    <div className={styles["scroll"]} tabIndex={0} role="region" aria-label="Table of pairs">
      <table className={styles["table"]}>
        <thead>
          <tr>
            <Header column="pair" words="Pair" sort={sort} onSort={onSort} />
            <Header column="correlation" words="Correlation" sort={sort} onSort={onSort} />
            <Header column="observations" words="Dates" sort={sort} onSort={onSort} />
          </tr>
        </thead>
        <tbody>
          {rows.map(({ i, j, correlation, observations }) => {
            const isMarked = marked !== null && marked[0] === i && marked[1] === j;
            return (
              <tr key={`${i}-${j}`} data-marked={isMarked}>
                <td>
                  <button
                    type="button"
                    className={styles["pair"]}
                    aria-pressed={isMarked}
                    title={`${names[i]} and ${names[j]}: show in the heatmap`}
                    onClick={() => onMark(isMarked ? null : [i, j])}
                  >
                    <span>{names[i]}</span>
                    <span>{names[j]}</span>
                  </button>
                </td>
                <td className={styles["number"]}>
                  <span
                    className={styles["swatch"]}
                    style={{ backgroundColor: cssColour(colourOf(correlation, palette)) }}
                  />
                  {formatCorrelation(correlation)}
                </td>
                <td className={styles["number"]}>{formatCount(observations)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {rows.length === 0 && (
        <p className={styles["empty"]}>
          {pairsKnown === 0
            ? "The strongest pairs appear here as soon as the first results arrive, and sort themselves while more come."
            : "No such pair among those known so far."}
        </p>
      )}
    </div>
  );
}

interface HeaderProps {
  readonly column: PairColumn;
  readonly words: string;
  readonly sort: PairSort | null;
  readonly onSort: (sort: PairSort) => void;
}

function Header({ column, words, sort, onSort }: HeaderProps) {
  const isSorted = sort?.column === column;
  const direction = isSorted ? (sort.isDescending ? "descending" : "ascending") : "none";
  // Names start at A, figures at the largest.
  const next = isSorted ? !sort.isDescending : column !== "pair";
  return (
    <th scope="col" aria-sort={direction} className={column === "pair" ? "" : styles["number"]}>
      <button
        type="button"
        className={styles["sort"]}
        onClick={() => onSort({ column, isDescending: next })}
      >
        {words}
        <span aria-hidden="true" className={styles["arrow"]}>
          {direction === "none" ? "" : direction === "ascending" ? "↑" : "↓"}
        </span>
      </button>
    </th>
  );
}
