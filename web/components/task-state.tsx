// How tasks stand, in words and as swatches: the same five states wherever tasks are counted.
import type { TaskStory } from "../../shared/protocol/telemetry.ts";
import styles from "./task-state.module.css";

export type TaskLook = "done" | "computing" | "ready" | "waiting" | "failed" | "cancelled";

/** In the order of bars and legends: what is behind us first. */
export const taskLooks: readonly TaskLook[] = ["done", "computing", "ready", "waiting", "failed"];

/** A leased task is fetched for, waits for a thread, or is in one: it is being worked on. */
export const lookOf = (state: TaskStory["state"]): TaskLook =>
  state === "leased" ? "computing" : state;

export const TaskSwatch = ({ look }: { readonly look: TaskLook }) => (
  <span className={styles["swatch"]} data-task-state={look} aria-hidden="true" />
);
