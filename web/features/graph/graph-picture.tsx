// The picture of the graph with its tools: fold all, zoom, what the pointer is at, the legend.
import { ActionIcon, Button } from "@mantine/core";
import { useEffect, useId, useRef, useState } from "react";
import type { TaskKey } from "../../../shared/ids.ts";
import type { JobGraph } from "../../../shared/protocol/telemetry.ts";
import { formatPlural } from "../../components/format.ts";
import { taskLooks, TaskSwatch } from "../../components/task-state.tsx";
import { lookWords } from "../jobs/group-rows.ts";
import { WholeIcon, ZoomInIcon, ZoomOutIcon } from "../jobs/heatmap-icons.tsx";
import { GraphCanvas } from "./graph-canvas.ts";
import type { GraphScene, Spot } from "./graph-scene.ts";
import { spotWords } from "./graph-words.ts";
import styles from "./graph-view.module.css";

export interface GraphPictureProps {
  readonly scene: GraphScene;
  readonly graph: JobGraph | null;
  readonly groups: readonly string[];
  readonly unfolded: ReadonlySet<string>;
  readonly onFold: (group: string, isUnfolded: boolean) => void;
  readonly onFoldAll: (isUnfolded: boolean) => void;
  readonly onStory: (task: TaskKey) => void;
}

const ZOOM_STEP = 1.6;

export function GraphPicture(props: GraphPictureProps) {
  const { scene, graph, groups, unfolded, onFoldAll } = props;
  const [looked, setLooked] = useState<Spot | null>(null);
  const { plot, canvas } = useCanvas(props, setLooked);
  const helpId = useId();
  const isAllUnfolded = groups.every((group) => unfolded.has(group));
  return (
    <section className={styles["picture"]} aria-label="Graph of the job">
      <div className={styles["tools"]}>
        {graph !== null && (
          <Button variant="default" size="xs" h={30} onClick={() => onFoldAll(!isAllUnfolded)}>
            {isAllUnfolded ? "Fold all" : "Unfold all"}
          </Button>
        )}
        <span className={styles["gap"]} />
        <ActionIcon.Group>
          <ActionIcon
            variant="default"
            size={30}
            aria-label="Zoom out"
            onClick={() => canvas.current?.zoomBy(1 / ZOOM_STEP)}
          >
            <ZoomOutIcon />
          </ActionIcon>
          <ActionIcon
            variant="default"
            size={30}
            aria-label="Show the whole graph"
            onClick={() => canvas.current?.whole()}
          >
            <WholeIcon />
          </ActionIcon>
          <ActionIcon
            variant="default"
            size={30}
            aria-label="Zoom in"
            onClick={() => canvas.current?.zoomBy(ZOOM_STEP)}
          >
            <ZoomInIcon />
          </ActionIcon>
        </ActionIcon.Group>
      </div>
      <Readout scene={scene} tasks={graph?.tasks ?? []} spot={looked} />
      {/* An application: the arrow keys belong to the picture, and the readout says what they reach. */}
      <div
        ref={plot}
        className={styles["plot"]}
        role="application"
        aria-roledescription="graph"
        aria-label={`Graph of ${formatPlural(groups.length, "function")}`}
        aria-describedby={helpId}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keys work on it
        tabIndex={0}
      />
      <p className={styles["legend"]} aria-hidden="true">
        {taskLooks.map((look) => (
          <span key={look}>
            <TaskSwatch look={look} /> {lookWords(look)}
          </span>
        ))}
      </p>
      <p id={helpId} className={styles["help"]}>
        <span className={styles["withMouse"]}>
          Scroll to zoom, drag to move, click a function to unfold it and a task to read its story.
          With keys: arrows go along edges and from task to task, Enter opens, Backspace folds, +
          and − zoom, 0 shows all.
        </span>
        <span className={styles["withTouch"]}>
          Pinch to zoom, drag to move, tap a function to unfold it and a task to read its story.
        </span>
      </p>
    </section>
  );
}

/** The canvas lives as long as the view; it is told of every new scene, and whether that moved. */
function useCanvas(props: GraphPictureProps, onLooked: (spot: Spot | null) => void) {
  const { scene } = props;
  const plot = useRef<HTMLDivElement>(null);
  const canvas = useRef<GraphCanvas | null>(null);
  const newest = useRef(props);
  /** What was folded or unfolded last: it stays where it is. */
  const anchor = useRef<number | null>(null);
  const shownLayout = useRef<GraphScene["layout"] | null>(null);

  useEffect(() => {
    newest.current = props;
  });
  useEffect(() => {
    if (plot.current === null) return undefined;
    const fold = (group: number, isUnfolded: boolean): void => {
      const { groups, graph, onFold } = newest.current;
      const name = groups[group];
      if (name === undefined || graph === null) return;
      anchor.current = group;
      onFold(name, isUnfolded);
    };
    const groupAt = (spot: Spot): number | undefined => {
      const { layout, structure } = newest.current.scene;
      if (spot.kind === "task") return structure?.groupOf[spot.task];
      return layout.blocks[spot.block]?.group;
    };
    const created = new GraphCanvas({
      element: plot.current,
      onLooked,
      onPicked: (spot) => {
        const task = spot.kind === "task" ? newest.current.graph?.tasks[spot.task] : undefined;
        if (task !== undefined) newest.current.onStory(task);
        else if (spot.kind !== "task") fold(groupAt(spot) ?? -1, spot.kind === "box");
      },
      onFolded: (spot) => {
        if (spot.kind === "task") fold(groupAt(spot) ?? -1, false);
      },
    });
    canvas.current = created;
    shownLayout.current = null;
    return () => {
      canvas.current = null;
      created.close();
    };
  }, [onLooked]);
  useEffect(() => {
    if (shownLayout.current === scene.layout) canvas.current?.update(scene);
    else canvas.current?.show(scene, anchor.current);
    shownLayout.current = scene.layout;
  }, [scene]);
  return { plot, canvas };
}

interface ReadoutProps {
  readonly scene: GraphScene;
  readonly tasks: readonly string[];
  readonly spot: Spot | null;
}

/** Always there and one line high, so that nothing moves when the pointer comes and goes. */
function Readout({ scene, tasks, spot }: ReadoutProps) {
  const words = spot === null ? null : spotWords(scene, tasks, spot);
  return (
    <div className={styles["readout"]} role="status" aria-live="polite">
      {words === null ? (
        <span className={styles["muted"]}>Point at a function or a task.</span>
      ) : (
        <>
          <b>{words.name}</b> <span className={styles["muted"]}>{words.detail}</span>
        </>
      )}
    </div>
  );
}
