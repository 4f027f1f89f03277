// What the page of a correlation job shows: heatmap and pairs as they arrive, and the files.
import { useState } from "react";
import type { CorrelationMeta } from "../../../shared/correlation/plan.ts";
import { formatCount, formatFigure, formatPlural } from "../../components/format.ts";
import { Notice } from "../../components/notice.tsx";
import type { CorrelationShown, ShrinkageShown } from "./correlation-reader.ts";
import { Heatmap } from "./heatmap.tsx";
import type { JobWork } from "./job-words.ts";
import { PairsTable } from "./pairs-table.tsx";
import styles from "./job-page.module.css";

export function CorrelationResult({ shown }: { readonly shown: CorrelationShown }) {
  const { result, pairsKnown, shrinkage } = shown;
  const [marked, setMarked] = useState<readonly [number, number] | null>(null);
  return (
    <>
      {shrinkage !== null && <ShrinkageWords shown={shrinkage} />}
      <div className={styles["result"]}>
        <Heatmap
          result={result}
          isComplete={pairsKnown === result.matrix.pairsTotal}
          marked={marked}
        />
        <PairsTable
          result={result}
          positive={shown.positive}
          negative={shown.negative}
          pairsKnown={pairsKnown}
          marked={marked}
          onMark={setMarked}
        />
      </div>
    </>
  );
}

/** Always of one height, so that the heatmap stays where it is when the figure comes. */
function ShrinkageWords({ shown }: { readonly shown: ShrinkageShown }) {
  if (shown.state === "failed") {
    return (
      <Notice
        tone="failed"
        title="The correlations could not be shrunk; those of the sample are shown"
      >
        {shown.reason}
      </Notice>
    );
  }
  return (
    <p className={styles["shrinkage"]} role="status">
      <span>Ledoit–Wolf shrinkage</span>
      <b>{shown.state === "waiting" ? "–" : formatFigure(shown.shrinkage.intensity, 4)}</b>
      <span>
        {shown.state === "waiting"
          ? "Known when every pair is there; until then the sample’s correlations are shown."
          : "From 0, the sample as it is, to 1, series that have nothing in common. The shrunk correlations are shown."}
      </span>
    </p>
  );
}

export const correlationWork = ({ result, pairsKnown }: CorrelationShown): JobWork => ({
  one: "pair",
  many: "pairs",
  total: result.matrix.pairsTotal,
  known: pairsKnown,
});

const PRECISION_WORDS = { f64: "double precision", f32: "single precision" } as const;

export function correlationAbout(meta: CorrelationMeta): string {
  const parts = [
    formatPlural(meta.seriesCount, "series", "series"),
    formatPlural(meta.dateCount, "date"),
    formatPlural((meta.seriesCount * (meta.seriesCount - 1)) / 2, "pair"),
    ...(meta.method === "spearman" ? ["Spearman"] : []),
    meta.transport === "f16" ? "sent in half precision" : PRECISION_WORDS[meta.precision],
    ...(meta.isFast ? ["fast"] : []),
    `at least ${formatCount(meta.minPeriods)} common ${meta.minPeriods === 1 ? "date" : "dates"}`,
  ];
  return parts.join(" · ");
}
