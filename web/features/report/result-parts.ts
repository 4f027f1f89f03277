// What a report shows of a job's result, by the kind of job: pictures as data, figures, tables.
import { nameOrder } from "../../../shared/correlation/order.ts";
import type { Pair } from "../../../shared/correlation/extremes.ts";
import {
  digitsOf,
  formatCorrelation,
  formatCount,
  formatFigure,
  formatLarge,
} from "../../components/format.ts";
import type { CorrelationShown } from "../jobs/correlation-reader.ts";
import { heatmapPng } from "../jobs/heatmap-png.ts";
import type { MonteCarloShown } from "../monte-carlo/monte-carlo-reader.ts";
import { errorWords } from "../monte-carlo/monte-carlo-words.ts";
import { scenarioWords, varyingParameters } from "../monte-carlo/scenarios-model.ts";
import {
  convergencePicture,
  convergenceWords,
  payoffPicture,
  payoffRestWords,
} from "../monte-carlo/simulation-plots.ts";
import type { ListedResult } from "../program/program-store.ts";
import { ROWS_MAX, type Report, type ReportPlot, type ReportTable } from "./report-model.ts";

export type ResultParts = Pick<Report, "figures" | "image" | "plots" | "tables">;

/** A pixel a pair up to here: a PNG of about 2 MB at worst. */
const IMAGE_SIDE_MAX = 1_200;
const PAIRS_SHOWN = 25;
/** Scenarios with plots of their own; the table has all. */
const PLOTTED_MAX = 3;

const readAsDataUrl = (blob: Blob): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result as string));
    reader.addEventListener("error", () => reject(reader.error ?? new Error("unreadable")));
    reader.readAsDataURL(blob);
  });

export async function correlationParts(shown: CorrelationShown): Promise<ResultParts> {
  const { result, pairsKnown, positive, negative, shrinkage } = shown;
  const { matrix, record } = result;
  const png =
    matrix.levels === null
      ? null
      : await heatmapPng(matrix, nameOrder(record.series), IMAGE_SIDE_MAX);
  const pairs = (title: string, list: readonly Pair[]): ReportTable => ({
    title,
    head: ["Pair", "Correlation", "Dates"],
    rows: list
      .slice(0, PAIRS_SHOWN)
      .map(({ i, j, correlation, observations }) => [
        `${record.series[i]} and ${record.series[j]}`,
        formatCorrelation(correlation),
        formatCount(observations),
      ]),
    note: "",
  });
  return {
    figures: [
      { name: "Series", value: formatCount(record.series.length) },
      { name: "Dates", value: formatCount(record.dates.length) },
      { name: "Pairs", value: formatCount(pairsKnown) },
      ...(shrinkage?.state === "done"
        ? [
            {
              name: "Ledoit–Wolf shrinkage",
              value: formatFigure(shrinkage.shrinkage.intensity, 4),
            },
          ]
        : []),
    ],
    image:
      png === null
        ? null
        : {
            dataUrl: await readAsDataUrl(png),
            label: `Heatmap of the correlations of ${formatCount(record.series.length)} series`,
            caption:
              "One square a pair, series in the order of their names: blue below zero, white at zero, red above, grey where undefined.",
          },
    plots: [],
    tables: [
      pairs("Strongest pairs above zero", positive),
      pairs("Strongest pairs below zero", negative),
    ],
  };
}

export function simulationParts({ meta, scenarios, pathsDone }: MonteCarloShown): ResultParts {
  const varying = varyingParameters(meta.scenarios);
  const [first] = scenarios;
  const plots = scenarios.slice(0, PLOTTED_MAX).flatMap((result): ReportPlot[] => {
    const name = scenarioWords(result.option, varying);
    const of = name === "" ? "" : `: ${name}`;
    const last = result.convergence.at(-1);
    return [
      {
        title: `How the estimate settled${of}`,
        label: last === undefined ? "Nothing yet" : convergenceWords(last),
        picture: convergencePicture(result),
      },
      {
        title: `What the paths paid${of}`,
        label: payoffRestWords(result.histogram, result.paths),
        picture: payoffPicture(result),
      },
    ];
  });
  const rows = scenarios.slice(0, ROWS_MAX).map((result) => {
    const digits = digitsOf(result.standardError);
    const [low, high] = result.confidence.map((end) => formatFigure(end, digits));
    return [
      scenarioWords(result.option, varying) || "Price of the option",
      formatFigure(result.estimate, digits),
      errorWords(result.standardError),
      `${low} to ${high}`,
    ];
  });
  const left = scenarios.length - rows.length;
  return {
    figures: [
      ...(first === undefined || scenarios.length > 1
        ? [{ name: "Scenarios", value: formatCount(scenarios.length) }]
        : [
            {
              name: first.option.discounted ? "Price of the option today" : "Price of the option",
              value: formatFigure(first.estimate, digitsOf(first.standardError)),
            },
            { name: "Standard error", value: errorWords(first.standardError) },
          ]),
      { name: "Paths", value: formatLarge(pathsDone) },
    ],
    image: null,
    plots,
    tables: [
      {
        title: "Estimates",
        head: ["Scenario", "Price", "Standard error", "95% interval"],
        rows,
        note: left > 0 ? `${formatCount(left)} more scenarios are in the files of the job.` : "",
      },
    ],
  };
}

/** `total`: of the job; only the latest results are listed. */
export function programParts(results: readonly ListedResult[], total: number): ResultParts {
  const rows = results.slice(0, ROWS_MAX).map(({ task, text }) => [task.slice(0, 8), text]);
  return {
    figures: [{ name: "Results", value: formatCount(total) }],
    image: null,
    plots: [],
    tables: [
      {
        title: rows.length < total ? `The latest ${formatCount(rows.length)} results` : "Results",
        head: ["Task", "Value"],
        rows,
        note: "Values in short; the program that asked for them has them whole.",
      },
    ],
  };
}
