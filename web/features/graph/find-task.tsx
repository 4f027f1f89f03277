// Finds a task of the graph by its key or its function, for those who do not see the picture, too.
import { TextInput } from "@mantine/core";
import { useDeferredValue, useMemo, useState } from "react";
import type { TaskKey } from "../../../shared/ids.ts";
import { taskKeySchema } from "../../../shared/protocol/parts.ts";
import type { JobGraph } from "../../../shared/protocol/telemetry.ts";
import { formatCount, formatPlural } from "../../components/format.ts";
import { TaskSwatch } from "../../components/task-state.tsx";
import { lookWords, type GroupName } from "../jobs/group-rows.ts";
import { findTasks } from "./graph-words.ts";
import styles from "./graph-view.module.css";

export interface FindTaskProps {
  readonly graph: JobGraph | null;
  readonly names: readonly GroupName[];
  readonly looks: Uint8Array;
  readonly onStory: (task: TaskKey) => void;
}

const NOTHING = { found: [], total: 0 };

export function FindTask({ graph, names, looks, onStory }: FindTaskProps) {
  const [words, setWords] = useState("");
  const wanted = useDeferredValue(words);
  const { found, total } = useMemo(
    () => (graph === null ? NOTHING : findTasks(wanted, graph, names, looks)),
    [wanted, graph, names, looks],
  );
  /** Of what is typed now: the list may be a moment behind. */
  const first = (): TaskKey | undefined => {
    const whole = taskKeySchema.safeParse(words.trim());
    if (whole.success || graph === null) return whole.data;
    return graph.tasks[findTasks(words, graph, names, looks).found[0]?.task ?? -1];
  };
  const open = (task: TaskKey | undefined): void => {
    if (task !== undefined) onStory(task);
  };
  return (
    <search className={styles["find"]}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          open(first());
        }}
      >
        <TextInput
          label="Find a task"
          description="By the first digits of its key, or by its function. Enter opens the first story."
          value={words}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
      </form>
      <p className={styles["muted"]} role="status">
        {wanted.trim() !== "" && graph !== null && foundWords(found.length, total)}
      </p>
      {found.length > 0 && (
        <ul className={styles["found"]}>
          {found.map(({ task, name, look }) => (
            <li key={task}>
              <TaskSwatch look={look} />
              <button
                type="button"
                className={styles["link"]}
                onClick={() => open(graph?.tasks[task])}
              >
                {name}
              </button>
              <span className={styles["muted"]}>{lookWords(look)}</span>
            </li>
          ))}
        </ul>
      )}
    </search>
  );
}

function foundWords(shown: number, total: number): string {
  if (total === 0) return "No task is called so.";
  return shown === total
    ? formatPlural(total, "task")
    : `The first ${shown} of ${formatCount(total)} tasks, failed ones first`;
}
