// The heatmap with its tools: order, zoom, picture file, the pair under the pointer, the scale.
import { ActionIcon, Button, Loader, SegmentedControl } from "@mantine/core";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { LEVELS_SERIES_MAX } from "../../../shared/correlation/matrix.ts";
import { nameOrder } from "../../../shared/correlation/order.ts";
import { formatCorrelation, formatCount, formatPlural } from "../../components/format.ts";
import { DownloadIcon } from "../../components/icons.tsx";
import { Notice } from "../../components/notice.tsx";
import { ColourBar } from "./colour-bar.tsx";
import { WholeIcon, ZoomInIcon, ZoomOutIcon } from "./heatmap-icons.tsx";
import { heatmapPng } from "./heatmap-png.ts";
import type { PointedPair, ZoomState } from "./heatmap-options.ts";
import { HeatmapView } from "./heatmap-view.ts";
import type { LiveResult } from "./correlation-reader.ts";
import { fileStem } from "./job-words.ts";
import { saveBlob } from "./save-file.ts";
import { similarityOrder } from "./similarity-order.ts";
import styles from "./heatmap.module.css";

export interface HeatmapProps {
  readonly result: LiveResult;
  readonly isComplete: boolean;
  /** A pair of series to go to and ring. */
  readonly marked: readonly [number, number] | null;
}

type OrderName = "name" | "similarity";

export function Heatmap(props: HeatmapProps) {
  const { seriesCount, levels } = props.result.matrix;
  if (levels !== null) return <DrawnHeatmap {...props} />;
  return (
    <Notice tone="attention" title="This matrix is too large to draw">
      {`It has ${formatCount(seriesCount)} series; up to ${formatCount(LEVELS_SERIES_MAX)} are drawn. The pairs beside and the files below hold every value.`}
    </Notice>
  );
}

function DrawnHeatmap({ result, isComplete, marked }: HeatmapProps) {
  const { matrix, record } = result;
  const plot = useRef<HTMLDivElement>(null);
  const view = useRef<HeatmapView | null>(null);
  const [pointed, setPointed] = useState<PointedPair | null>(null);
  const [zoom, setZoom] = useState<ZoomState>({ isWhole: true, isClosest: false });
  const byName = useMemo(() => nameOrder(record.series), [record]);
  const ordering = useOrder(result, byName);
  const helpId = useId();

  useEffect(() => {
    if (plot.current === null) return undefined;
    const created = new HeatmapView({
      element: plot.current,
      matrix,
      names: record.series,
      order: byName,
      onPointed: setPointed,
      onZoomed: (next) =>
        setZoom((before) =>
          before.isWhole === next.isWhole && before.isClosest === next.isClosest ? before : next,
        ),
    });
    view.current = created;
    return () => {
      view.current = null;
      created.close();
    };
  }, [matrix, record, byName]);

  useEffect(() => view.current?.setOrder(ordering.order), [ordering.order]);
  useEffect(() => {
    view.current?.mark(marked);
    // On a phone the table is below the picture.
    if (marked !== null) plot.current?.scrollIntoView({ block: "nearest" });
  }, [marked]);
  const shown = pointed ?? (marked === null ? null : pairOf(result, marked));

  return (
    <section className={styles["heatmap"]} aria-label="Heatmap of the correlations">
      <div className={styles["tools"]}>
        <SegmentedControl
          size="xs"
          aria-label="Order of the series"
          value={ordering.name}
          onChange={(name) => ordering.choose(name === "similarity" ? "similarity" : "name")}
          data={[
            { value: "name", label: "By name" },
            {
              value: "similarity",
              disabled: !isComplete,
              label: (
                <span title={isComplete ? undefined : "Possible when every pair is known"}>
                  {ordering.isWorking ? <Loader size={12} color="currentColor" /> : null} By
                  similarity
                </span>
              ),
            },
          ]}
        />
        <span className={styles["gap"]} />
        <ZoomButtons
          zoom={zoom}
          onIn={() => view.current?.zoomIn()}
          onOut={() => view.current?.zoomOut()}
          onWhole={() => view.current?.reset()}
        />
        <SavePicture result={result} order={ordering.order} orderName={ordering.name} />
      </div>
      {ordering.problem !== null && (
        <Notice tone="failed" title="The series could not be ordered by similarity">
          {ordering.problem}
        </Notice>
      )}
      <Readout pair={shown} names={record.series} />
      {/* An application: the arrow keys belong to the picture, and the readout says what they reach. */}
      <div
        ref={plot}
        className={styles["plot"]}
        role="application"
        aria-roledescription="heatmap"
        aria-label={`Correlations of ${formatPlural(record.series.length, "series", "series")}`}
        aria-describedby={helpId}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keys work on it
        tabIndex={0}
      />
      <ColourBar value={markValue(shown)} isComplete={isComplete} />
      <p id={helpId} className={styles["help"]}>
        <span className={styles["withMouse"]}>
          Scroll to zoom, drag to move, double click to go closer. With keys: arrows step from pair
          to pair, Shift and arrows move, + and − zoom, 0 shows all.
        </span>
        <span className={styles["withTouch"]}>
          Pinch to zoom, drag to move, tap a cell to read its pair.
        </span>
      </p>
    </section>
  );
}

const pairOf = ({ matrix }: LiveResult, [i, j]: readonly [number, number]): PointedPair => ({
  i,
  j,
  correlation: matrix.value(i, j),
  observations: matrix.observations(i, j),
});

const markValue = (pair: PointedPair | null): number | null =>
  pair?.correlation === undefined || Number.isNaN(pair.correlation) ? null : pair.correlation;

interface Ordering {
  readonly name: OrderName;
  readonly order: Uint32Array;
  readonly isWorking: boolean;
  readonly problem: string | null;
  readonly choose: (name: OrderName) => void;
}

/** The chosen order; that by similarity is computed once, when first asked for. */
function useOrder({ matrix }: LiveResult, byName: Uint32Array): Ordering {
  const [wanted, setWanted] = useState<OrderName>("name");
  const [similar, setSimilar] = useState<Uint32Array | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const isWorking = wanted === "similarity" && similar === null && problem === null;
  useEffect(() => {
    if (!isWorking) return undefined;
    const stopping = new AbortController();
    similarityOrder(matrix, stopping.signal).then(
      (order) => {
        if (!stopping.signal.aborted) setSimilar(order);
      },
      (error: unknown) => {
        if (stopping.signal.aborted) return;
        setProblem(error instanceof Error ? error.message : String(error));
        setWanted("name");
      },
    );
    return () => stopping.abort();
  }, [isWorking, matrix]);
  return {
    name: wanted,
    order: wanted === "similarity" && similar !== null ? similar : byName,
    isWorking,
    problem,
    choose: (name) => {
      setProblem(null);
      setWanted(name);
    },
  };
}

interface ZoomButtonsProps {
  readonly zoom: ZoomState;
  readonly onIn: () => void;
  readonly onOut: () => void;
  readonly onWhole: () => void;
}

function ZoomButtons({ zoom, onIn, onOut, onWhole }: ZoomButtonsProps) {
  const common = { variant: "default", size: 30, className: styles["zoom"] ?? "" } as const;
  return (
    <ActionIcon.Group>
      <ActionIcon {...common} aria-label="Zoom out" disabled={zoom.isWhole} onClick={onOut}>
        <ZoomOutIcon />
      </ActionIcon>
      <ActionIcon
        {...common}
        aria-label="Show the whole matrix"
        disabled={zoom.isWhole}
        onClick={onWhole}
      >
        <WholeIcon />
      </ActionIcon>
      <ActionIcon {...common} aria-label="Zoom in" disabled={zoom.isClosest} onClick={onIn}>
        <ZoomInIcon />
      </ActionIcon>
    </ActionIcon.Group>
  );
}

interface SavePictureProps {
  readonly result: LiveResult;
  readonly order: Uint32Array;
  readonly orderName: OrderName;
}

function SavePicture({ result, order, orderName }: SavePictureProps) {
  const [state, setState] = useState<"ready" | "working" | { readonly problem: string }>("ready");
  const save = (): void => {
    setState("working");
    heatmapPng(result.matrix, order).then(
      (blob) => {
        saveBlob(blob, `${fileStem(result.record.name)}-correlations-by-${orderName}.png`);
        setState("ready");
      },
      (error: unknown) =>
        setState({ problem: error instanceof Error ? error.message : String(error) }),
    );
  };
  return (
    <>
      <Button
        variant="default"
        size="xs"
        h={30}
        aria-label="Heatmap (PNG)"
        leftSection={<DownloadIcon />}
        loading={state === "working"}
        onClick={save}
      >
        <span className={styles["onDesk"]}>Heatmap (PNG)</span>
        <span className={styles["onPhone"]}>PNG</span>
      </Button>
      {typeof state === "object" && (
        <Notice tone="failed" title="The picture could not be made">
          {state.problem}
        </Notice>
      )}
    </>
  );
}

/** Always there and one line high, so that nothing moves when the pointer comes and goes. */
function Readout({ pair, names }: { pair: PointedPair | null; names: readonly string[] }) {
  return (
    <div className={styles["readout"]} role="status" aria-live="polite">
      {pair === null ? (
        <span className={styles["muted"]}>Point at a cell to read its pair.</span>
      ) : (
        <>
          <span className={styles["pair"]}>
            <b>{names[pair.i]}</b> <span className={styles["muted"]}>and</span>{" "}
            <b>{names[pair.j]}</b>
          </span>
          <span className={styles["value"]}>{valueWords(pair)}</span>
          <span className={styles["muted"]}>
            {pair.observations === undefined ? "" : `${formatCount(pair.observations)} dates`}
          </span>
        </>
      )}
    </div>
  );
}

function valueWords({ correlation }: PointedPair): string {
  if (correlation === undefined) return "not yet";
  return Number.isNaN(correlation) ? "undefined" : formatCorrelation(correlation);
}
