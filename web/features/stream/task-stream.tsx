// The task stream of a job, or of the whole cluster: who computed what and when, and what stood still.
import { ActionIcon, Button } from "@mantine/core";
import { useEffect, useId, useMemo, useRef, useState, type RefObject } from "react";
import { useStore } from "zustand";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { JobId } from "../../../shared/ids.ts";
import { documentVisibility } from "../../app/poller.ts";
import { browserTimers, createSampler } from "../../app/sampler.ts";
import { Notice } from "../../components/notice.tsx";
import { ZoomInIcon, ZoomOutIcon } from "../jobs/heatmap-icons.tsx";
import { createActivityStore, type ActivityStore } from "./activity-store.ts";
import { StreamLegend } from "./stream-legend.tsx";
import { MachineMargin } from "./machine-margin.tsx";
import { MachineTotalsTable } from "./machine-totals-table.tsx";
import { layOut, type StreamLayout } from "./stream-layout.ts";
import type { Picked } from "./stream-pick.ts";
import { StreamTooltip } from "./stream-tooltip.tsx";
import { totalsOf, type MachineTotals } from "./stream-totals.ts";
import type { Pointed } from "./stream-options.ts";
import { StreamView } from "./stream-view.ts";
import type { Mode, Span } from "./stream-viewport.ts";
import { attemptSentence, attemptWords, viewSentence } from "./stream-words.ts";
import styles from "./task-stream.module.css";

export interface TaskStreamViewProps {
  /** Only this job's attempts; those of all jobs when absent. Another job needs another `key`. */
  readonly jobId?: JobId;
  readonly client: ClusterClient;
  /** An attempt was chosen, by its number: to tell its story. */
  readonly onSelect?: (attempt: number) => void;
}

/** What the figures beside the picture say; sampled, as the picture moves far more often. */
interface Seen {
  readonly mode: Mode;
  readonly span: Span | null;
  readonly totals: readonly MachineTotals[];
}

const NOTHING_SEEN: Seen = { mode: "whole", span: null, totals: [] };
/** The table and its sentence are read, not watched. */
const SEEN_EVERY_MS = 1_000;

/** Something happens now; of a job that is paused all is shown that it did so far. */
const isLiveJob = (client: ClusterClient, jobId: JobId | undefined): boolean => {
  if (jobId === undefined) return true;
  return client.view.jobs.find((one) => one.job === jobId)?.state === "running";
};

export function TaskStreamView({ jobId, client, onSelect }: TaskStreamViewProps) {
  const [store] = useState(() =>
    createActivityStore({
      client,
      ...(jobId === undefined ? {} : { job: jobId }),
      timers: browserTimers,
      visibility: documentVisibility,
    }),
  );
  useEffect(() => store.follow(), [store]);
  const { isCaughtUp, problem } = useStore(store.state);
  const [layout, setLayout] = useState<StreamLayout>(() => layOut([], new Map(), []));
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const [selected, setSelected] = useState<Picked | null>(null);
  const [seen, setSeen] = useState<Seen>(NOTHING_SEEN);
  const [filter, setFilter] = useState<ReadonlySet<number> | null>(null);
  const [axis, scroller, holder] = [useDiv(), useDiv(), useDiv()];
  const view = useRef<StreamView | null>(null);
  const open = useRef(onSelect);
  const helpId = useId();
  useEffect(() => {
    open.current = onSelect;
  }, [onSelect]);

  useEffect(() => {
    if (axis.current === null || scroller.current === null || holder.current === null) {
      return undefined;
    }
    const look = (): void => {
      const { mode, span, layout: shown } = created;
      const totals = span === null ? [] : totalsOf(shown, span, store.history.live);
      setSeen({ mode, span, totals });
    };
    const sampler = createSampler(look, browserTimers, SEEN_EVERY_MS);
    const created: StreamView = new StreamView({
      store,
      axis: axis.current,
      scroller: scroller.current,
      window: holder.current,
      // Of a job that is over only those count that worked for it.
      present: () => (isLiveJob(client, jobId) ? client.view.workers : []),
      isLive: () => isLiveJob(client, jobId),
      onLayout: setLayout,
      onPointed: setPointed,
      onSelected: setSelected,
      onOpened: ({ attempt }) => open.current?.(attempt),
      onMoved: () => sampler.request(),
    });
    view.current = created;
    created.refresh();
    const news = createSampler(() => created.refresh());
    const offView = client.onView(() => news.request());
    return () => {
      view.current = null;
      offView();
      news.close();
      sampler.close();
      created.close();
    };
  }, [axis, scroller, holder, store, client, jobId]);
  useEffect(() => view.current?.showGroups(filter), [filter]);

  const act = (change: (shown: StreamView) => void): void => {
    if (view.current === null) return;
    change(view.current);
    setSeen((before) => ({ ...before, mode: view.current?.mode ?? before.mode }));
  };
  const isEmpty = seen.span === null;
  const isLive = isLiveJob(client, jobId);
  const heightPx = Math.max(96, layout.heightPx);
  const height = `min(${heightPx}px, 70vh, 640px)`;
  return (
    <section className={styles["stream"]} aria-label="Task stream">
      <div className={styles["tools"]}>
        <StreamLegend groups={store.history.groups} filter={filter} onFilter={setFilter} />
        <Tools mode={seen.mode} isEmpty={isEmpty} isLive={isLive} act={act} />
      </div>
      {problem !== null && (
        <Notice tone="attention" title="The stream is not up to date">
          {`${problem} It goes on by itself as soon as the coordinator answers.`}
        </Notice>
      )}
      <div className={styles["stage"]}>
        <div className={styles["frame"]}>
          <div className={styles["axis"]} ref={axis} aria-hidden="true" />
          {/* An application: the arrow keys belong to the picture, and the words below say what they reach. */}
          <div
            ref={scroller}
            className={styles["scroller"]}
            style={{ height }}
            role="application"
            aria-roledescription="task stream"
            aria-label={labelOf(layout)}
            aria-describedby={helpId}
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keys work on it
            tabIndex={0}
          >
            <div className={styles["content"]} style={{ height: heightPx }}>
              <MachineMargin layout={layout} client={client} />
              <div ref={holder} className={styles["window"]} style={{ height }} />
            </div>
            {/* What came is drawn a moment before it is read. */}
            {isEmpty && store.history.count === 0 && (
              <Empty isCaughtUp={isCaughtUp} isLive={isLive} />
            )}
          </div>
        </div>
        {pointed !== null && <StreamTooltip pointed={pointed} store={store} holder={holder} />}
      </div>
      <Readout selected={selected} store={store} />
      <Help id={helpId} opens={onSelect !== undefined} />
      {seen.span !== null && (
        <>
          <p className={styles["summary"]}>{viewSentence(seen.span, seen.totals)}</p>
          {store.history.hasForgotten && (
            <p className={styles["help"]}>
              Only the latest attempts are remembered; earlier ones are not shown.
            </p>
          )}
          <MachineTotalsTable totals={seen.totals} />
        </>
      )}
    </section>
  );
}

const useDiv = (): RefObject<HTMLDivElement | null> => useRef<HTMLDivElement>(null);

const labelOf = ({ machines }: StreamLayout): string =>
  `Who computed when: ${machines.length === 0 ? "no machines yet" : machines.map(({ name }) => name).join(", ")}`;

interface ToolsProps {
  readonly mode: Mode;
  readonly isEmpty: boolean;
  readonly isLive: boolean;
  readonly act: (change: (view: StreamView) => void) => void;
}

function Tools({ mode, isEmpty, isLive, act }: ToolsProps) {
  const common = { variant: "default", size: 30, disabled: isEmpty } as const;
  const button = { variant: "default", size: "xs", h: 30, disabled: isEmpty } as const;
  return (
    <div className={styles["buttons"]} role="group" aria-label="Stretch of time">
      <ActionIcon.Group>
        <ActionIcon
          {...common}
          aria-label="Zoom out"
          onClick={() => act((view) => view.zoomBy(-1))}
        >
          <ZoomOutIcon />
        </ActionIcon>
        <ActionIcon {...common} aria-label="Zoom in" onClick={() => act((view) => view.zoomBy(1))}>
          <ZoomInIcon />
        </ActionIcon>
      </ActionIcon.Group>
      <Button
        {...button}
        aria-pressed={mode === "whole"}
        onClick={() => act((view) => view.showWhole())}
      >
        Everything
      </Button>
      {isLive && (
        <Button
          {...button}
          aria-pressed={mode === "follow"}
          onClick={() => act((view) => view.followNow())}
        >
          Follow now
        </Button>
      )}
    </div>
  );
}

function Empty({ isCaughtUp, isLive }: { readonly isCaughtUp: boolean; readonly isLive: boolean }) {
  if (!isCaughtUp) return null;
  return (
    <p className={styles["empty"]}>
      {isLive
        ? "Here you will see every task as it runs: one line a thread, amber while it computes, blue while it stands still for data. The first appear when a machine begins."
        : "No attempt of this job is remembered: it was done before the coordinator was started, or nothing had to be computed. Streams of running jobs show here as they happen."}
    </p>
  );
}

/** What the keys have reached; always there, so that nothing moves. */
function Readout({
  selected,
  store,
}: {
  readonly selected: Picked | null;
  readonly store: ActivityStore;
}) {
  const text = useMemo(
    () =>
      selected === null
        ? ""
        : attemptSentence(attemptWords(selected, store.history.groups, store.nowMs())),
    [selected, store],
  );
  return (
    <p className={styles["readout"]} role="status" aria-live="polite">
      {text === "" ? (
        <span className={styles["muted"]}>Point at a bar to read it; choose one to keep it.</span>
      ) : (
        text
      )}
    </p>
  );
}

const Help = ({ id, opens }: { readonly id: string; readonly opens: boolean }) => (
  <p id={id} className={styles["help"]}>
    <span className={styles["withMouse"]}>
      Drag to move, scroll with Ctrl to zoom. With keys: arrows step from attempt to attempt
      {opens ? ", Enter tells its story" : ""}, Shift and arrows move, + and − zoom, 0 shows
      everything, End follows now.
    </span>
    <span className={styles["withTouch"]}>Drag to move, pinch to zoom, tap a bar to read it.</span>
  </p>
);
