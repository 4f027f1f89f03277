// How fast bytes move between the machines: a matrix in the colours of magnitudes, with its scale.
import { useMemo } from "react";
import { httpPaths } from "../../../shared/protocol/http.ts";
import { linksSchema } from "../../../shared/protocol/telemetry.ts";
import { useCluster, useSession } from "../../app/session.ts";
import { usePolled } from "../../app/use-polled.ts";
import { formatByteRate, formatPlural } from "../../components/format.ts";
import { Notice } from "../../components/notice.tsx";
import { viridis } from "../../components/viridis.ts";
import { LinksMatrix } from "./links-matrix.tsx";
import {
  linkMatrix,
  scaleTicks,
  shareOf,
  type LinkMatrix,
  type MatrixMachine,
} from "./links-model.ts";
import styles from "./links-section.module.css";

/** Machines report their ways every two seconds. */
const INTERVAL_MS = 2_000;

export function LinksSection() {
  const { client } = useSession();
  const { value, problem } = usePolled(client, httpPaths.links, linksSchema, INTERVAL_MS);
  // Names and machines change seldom, views of them four times a second.
  const members = useCluster(({ view }) =>
    JSON.stringify(view.workers.map(({ worker, name }) => ({ worker, name }))),
  );
  const matrix = useMemo(
    () => linkMatrix(value?.links ?? [], JSON.parse(members) as MatrixMachine[]),
    [value, members],
  );
  return (
    <section className={styles["section"]} aria-labelledby="links-title">
      <h2 id="links-title">Speed between machines</h2>
      <p className={styles["about"]}>
        Each row is a machine that receives, each column one that sends: directly, or the
        coordinator over HTTP. Figures are in MB/s, as measured with the last blocks.
        {matrix.omitted > 0 &&
          ` ${formatPlural(matrix.omitted, "machine")} with no direct way ${matrix.omitted === 1 ? "is" : "are"} left out.`}
      </p>
      {problem !== null && value === null && (
        <Notice tone="failed" title="The measured speeds could not be read">
          {problem}
        </Notice>
      )}
      {value !== null && (
        <>
          <LinksMatrix matrix={matrix} />
          <Scale scale={matrix.scale} />
        </>
      )}
    </section>
  );
}

const STOPS = 16;
const gradient = `linear-gradient(to right, ${Array.from(
  { length: STOPS + 1 },
  (_, at) => `rgb(${viridis(at / STOPS).join(" ")})`,
).join(", ")})`;

function Scale({ scale }: { readonly scale: LinkMatrix["scale"] }) {
  return (
    <div className={styles["legend"]}>
      {scale === null ? (
        <p className={styles["about"]}>
          Nothing was measured yet: the colours come with the first job.
        </p>
      ) : (
        <div className={styles["scale"]} aria-hidden="true">
          <div className={styles["bar"]} style={{ backgroundImage: gradient }} />
          {scaleTicks(scale).map((tick) => (
            <span key={tick} style={{ left: `${shareOf(tick, scale) * 100}%` }}>
              {formatByteRate(tick)}
            </span>
          ))}
        </div>
      )}
      <ul className={styles["keys"]}>
        <li>
          <span className={styles["key"]} data-kind="failed" aria-hidden="true">
            ×
          </span>
          no direct way; point at it to see why
        </li>
        <li>
          <span className={styles["key"]} aria-hidden="true">
            –
          </span>
          open, not measured
        </li>
      </ul>
    </div>
  );
}
