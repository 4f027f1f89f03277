// One calm strip at the head of the home page: the cluster at a glance.
import { useMemo } from "react";
import { useCluster } from "../../app/session.ts";
import { formatRate } from "../../components/format.ts";
import { useSystem } from "../system/use-system.ts";
import { glanceFigures, glanceOf, sparkPoints } from "./glance.ts";
import styles from "./glance-strip.module.css";

const WIDTH = 120;
const HEIGHT = 28;

export function GlanceStrip() {
  const workers = useCluster((state) => state.view.workers);
  const { history } = useSystem();
  const glance = useMemo(() => glanceOf(workers, history), [workers, history]);
  return (
    <dl className={styles["strip"]} aria-label="The cluster at a glance">
      {glanceFigures(glance).map(({ label, value, detail }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <strong>{value}</strong>
            {label === "Rate" ? <Spark values={glance.lastMinute} /> : <span>{detail}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Spark({ values }: { readonly values: readonly number[] }) {
  const points = useMemo(() => sparkPoints(values, WIDTH, HEIGHT), [values]);
  const highest = formatRate(Math.max(0, ...values), "tasks");
  return (
    <svg
      className={styles["spark"]}
      viewBox={`0 -2 ${WIDTH} ${HEIGHT + 4}`}
      role="img"
      aria-label={`In the last minute at most ${highest}`}
    >
      <line x1="0" y1={HEIGHT} x2={WIDTH} y2={HEIGHT} className={styles["ground"]} />
      <polyline points={points} />
    </svg>
  );
}
