// How the coordinator is doing: current figures in words, and charts of up to an hour.
import { Button, SegmentedControl } from "@mantine/core";
import { memo, useMemo, useState } from "react";
import { useSession } from "../../app/session.ts";
import { useNow, wallClock } from "../../app/use-now.ts";
import { formatClock } from "../../components/format.ts";
import { DownloadIcon } from "../../components/icons.tsx";
import { Notice } from "../../components/notice.tsx";
import { Plot } from "../../components/plot.tsx";
import { saveBlob } from "../jobs/save-file.ts";
import { CHARTS, showChart, SPANS, valuesAt, type Chart, type Span } from "./system-charts.ts";
import { systemCsv } from "./system-csv.ts";
import type { History } from "./system-history.ts";
import { aboutWords, systemFigures, type Figure } from "./system-words.ts";
import { useSystem } from "./use-system.ts";
import styles from "./system-page.module.css";

const UPTIME_INTERVAL_MS = 15_000;
/** Charts of this name share their cross hair. */
const SHARED = "system";

export function SystemPage() {
  const { history, problem } = useSystem();
  const nowMs = useNow(UPTIME_INTERVAL_MS, wallClock);
  const [spanMs, setSpanMs] = useState(SPANS[0]?.ms ?? 0);
  const span = SPANS.find(({ ms }) => ms === spanMs) ?? SPANS[0];
  const figures = useMemo(() => systemFigures(history), [history]);
  return (
    <div className={styles["page"]}>
      <header>
        <h1>System</h1>
        <p className={styles["about"]}>{aboutWords(history, nowMs) ?? " "}</p>
      </header>
      {problem !== null && (
        <Notice tone="attention" title="The newest figures are missing">
          {problem} They are asked for again every second.
        </Notice>
      )}
      <Figures figures={figures} />
      <section aria-labelledby="charts-title">
        <div className={styles["tools"]}>
          <h2 id="charts-title">Over time</h2>
          <SegmentedControl
            aria-label="Span of the charts"
            value={String(spanMs)}
            onChange={(value) => setSpanMs(Number(value))}
            data={SPANS.map(({ ms, words }) => ({ value: String(ms), label: words }))}
          />
          <SaveButton history={history} />
        </div>
        <div className={styles["charts"]}>
          {span !== undefined &&
            CHARTS.map((chart) => (
              <ChartFigure key={chart.id} chart={chart} history={history} span={span} />
            ))}
        </div>
      </section>
    </div>
  );
}

function Figures({ figures }: { readonly figures: readonly Figure[] | null }) {
  return (
    <dl className={styles["figures"]} aria-label="Just now">
      {(figures ?? []).map(({ label, value, detail }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <strong>{value}</strong>
            <span>{detail}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function SaveButton({ history }: { readonly history: History }) {
  const { system } = useSession();
  const save = (): void => {
    const text = systemCsv(system.store.getState().history);
    saveBlob(new Blob([text], { type: "text/csv" }), "tabswarm-system.csv");
  };
  return (
    <Button
      variant="default"
      leftSection={<DownloadIcon />}
      disabled={history.samples.atMs.length === 0}
      onClick={save}
    >
      Save as CSV
    </Button>
  );
}

interface ChartFigureProps {
  readonly chart: Chart;
  readonly history: History;
  readonly span: Span;
}

const ChartFigure = memo(function ChartFigure({ chart, history, span }: ChartFigureProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const shown = useMemo(() => showChart(chart, history, span), [chart, history, span]);
  const { series, picture, label } = shown;
  const atMs = pointed === null ? undefined : series.xs[pointed];
  const values = valuesAt(chart, series, atMs === undefined ? null : pointed);
  return (
    <figure className={styles["chart"]}>
      <figcaption>
        <h3>{chart.title}</h3>
        {/* Only what somebody points at is read out: the newest figures change every second. */}
        <p aria-live={atMs === undefined ? "off" : "polite"}>
          {atMs !== undefined && (
            <span className={styles["clock"]}>{formatClock(atMs, 1_000)}</span>
          )}
          {chart.lines.map(({ name }, at) => (
            <span key={name} className={styles["value"]}>
              {chart.lines.length > 1 && (
                <span className={styles["key"]} data-second={at > 0} aria-hidden="true" />
              )}
              <b>{values[at]}</b> {name}
            </span>
          ))}
        </p>
      </figcaption>
      <Plot picture={picture} label={label} onPoint={setPointed} shared={SHARED} isSmall />
    </figure>
  );
});
