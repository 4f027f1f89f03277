// A dozen of the histories that an option could see, with its strike.
import { useCallback, useMemo } from "react";
import type { AsianOption } from "../../../shared/monte-carlo/asian-option.ts";
import { formatPlain } from "../../components/format.ts";
import { Plot } from "../../components/plot.tsx";
import { padded, type PlotPicture } from "../../components/plot-picture.ts";
import { sampleHistories } from "./sample-histories.ts";
import styles from "./simulate-page.module.css";

const HISTORIES = 12;
/** Any will do; this one spreads well. */
const SEED = 8;

export function HistoriesPlot({ option }: { readonly option: AsianOption }) {
  const picture = useMemo(() => pictureOf(option), [option]);
  // The histories are examples: their values mean nothing.
  const ignore = useCallback(() => undefined, []);
  return (
    <figure className={styles["histories"]}>
      <Plot
        picture={picture}
        label={`${HISTORIES} possible price histories from ${formatPlain(option.s0)}, with the strike at ${formatPlain(option.strike)}`}
        onPoint={ignore}
      />
      <figcaption>
        {HISTORIES} of the histories that these values could bring. Each averages its prices; the
        option pays by how far the average ends {option.type === "call" ? "above" : "below"} the
        strike.
      </figcaption>
    </figure>
  );
}

function pictureOf(option: AsianOption): PlotPicture {
  const { times, prices } = sampleHistories(option, HISTORIES, SEED);
  const all = [...prices.flat(), option.strike];
  const end = times.at(-1) ?? 0;
  return {
    xs: times,
    x: { range: [0, end > 0 ? end : 1], isLog: false, label: "years", tick: formatPlain },
    y: {
      range: padded([Math.min(...all), Math.max(...all)], 0.05, option.s0 * 0.02),
      isLog: false,
      label: null,
      tick: formatPlain,
    },
    layers: prices.map((values) => ({ kind: "line", values, isThin: true })),
    marks: [{ axis: "y", value: option.strike, words: "strike" }],
  };
}
