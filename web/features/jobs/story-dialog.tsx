// The story of one task in a dialog: what it computes, how each attempt went, what went wrong.
import { Button } from "@mantine/core";
import { useState } from "react";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { JobId, TaskKey } from "../../../shared/ids.ts";
import { httpPaths } from "../../../shared/protocol/http.ts";
import { taskStorySchema, type TaskStory } from "../../../shared/protocol/telemetry.ts";
import { usePolled } from "../../app/use-polled.ts";
import { Dialog } from "../../components/dialog.tsx";
import { formatCount } from "../../components/format.ts";
import { Notice } from "../../components/notice.tsx";
import { lookOf, TaskSwatch } from "../../components/task-state.tsx";
import { RetryButtons } from "./retry-buttons.tsx";
import { StoryAttempts } from "./story-attempts.tsx";
import {
  shortKey,
  sizeWords,
  stateWords,
  storyTitle,
  whatItComputes,
  withNames,
} from "./story-words.ts";
import styles from "./story-dialog.module.css";

/** A task by its key, or by the number of one of its attempts. */
type StorySubject = { readonly job: JobId; readonly task: TaskKey } | { readonly attempt: number };

export interface StoryDialogProps {
  readonly client: Pick<ClusterClient, "read" | "retry" | "view">;
  /** Null: closed. */
  readonly subject: StorySubject | null;
  readonly onClose: () => void;
}

const LIVE_INTERVAL_MS = 1_000;

const pathOf = (subject: StorySubject): string =>
  "attempt" in subject
    ? httpPaths.attempt(subject.attempt)
    : httpPaths.task(subject.job, subject.task);

export function StoryDialog({ client, subject, onClose }: StoryDialogProps) {
  const key = subject === null ? "none" : pathOf(subject);
  return <OpenStory key={key} client={client} subject={subject} onClose={onClose} />;
}

function OpenStory({ client, subject, onClose }: StoryDialogProps) {
  /** Tasks that were gone to from here, the last one in view. */
  const [way, setWay] = useState<readonly StorySubject[]>([]);
  const shown = way.at(-1) ?? subject;
  const [isOver, setIsOver] = useState(false);
  const path = shown === null ? null : pathOf(shown);
  const interval = isOver ? null : LIVE_INTERVAL_MS;
  const { value: story, problem, again } = usePolled(client, path, taskStorySchema, interval);
  const isSettled = story !== null && (story.state === "done" || story.state === "cancelled");
  if (isSettled !== isOver && story !== null) setIsOver(isSettled);
  const go = (task: TaskKey): void => {
    if (story !== null) setWay([...way, { job: story.job, task }]);
  };
  return (
    <Dialog
      isOpen={subject !== null}
      title={story === null ? "Task" : storyTitle(story)}
      onClose={onClose}
    >
      <div className={styles["story"]}>
        {way.length > 0 && (
          <Button
            className={styles["back"] ?? ""}
            variant="subtle"
            color="gray"
            size="xs"
            onClick={() => setWay(way.slice(0, -1))}
          >
            Back to the task before
          </Button>
        )}
        {story === null && problem === null && <p role="status">Asking for its story…</p>}
        {story === null && problem !== null && (
          <Notice tone="attention" title="Nothing is known of this task any more">
            {problem}
          </Notice>
        )}
        {story !== null && <Story story={story} client={client} onGo={go} onRetried={again} />}
      </div>
    </Dialog>
  );
}

interface StoryProps {
  readonly story: TaskStory;
  readonly client: StoryDialogProps["client"];
  readonly onGo: (task: TaskKey) => void;
  readonly onRetried: () => void;
}

function Story({ story, client, onGo, onRetried }: StoryProps) {
  const names = new Map<string, string>([
    ...client.view.workers.map(({ worker, name }): [string, string] => [worker, name]),
    ...story.attempts.map(({ worker, name }): [string, string] => [worker, name]),
  ]);
  const job = client.view.jobs.find((one) => one.job === story.job);
  const isOver = job !== undefined && job.state !== "running" && job.state !== "paused";
  return (
    <>
      <p className={styles["state"]} role="status">
        <TaskSwatch look={lookOf(story.state)} />
        <b>{stateWords(story.state)}</b>
      </p>
      <p className={styles["about"]}>
        {whatItComputes(story)} {sizeWords(story)}.
      </p>
      {story.state === "failed" && (
        <div>
          <RetryButtons
            client={client}
            job={story.job}
            {...(isOver ? {} : { tasks: [story.task] })}
            what={isOver ? "everything that failed" : storyTitle(story)}
            onRetried={onRetried}
          />
          {isOver && (
            <p className={styles["note"]}>
              The job has ended, so everything of it that failed is tried again together.
            </p>
          )}
        </div>
      )}
      {story.error !== null && <ThrownError error={story.error} />}
      {story.sentences.length > 0 && (
        <section>
          <h3 className={styles["heading"]}>What went wrong</h3>
          <ol className={styles["sentences"]}>
            {story.sentences.map((sentence, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- a log: places never change
              <li key={index}>{withNames(sentence, names)}</li>
            ))}
          </ol>
        </section>
      )}
      <StoryAttempts attempts={story.attempts} />
      <Neighbours title="Reads the results of" tasks={story.reads} onGo={onGo} />
      <Neighbours title="Its results are read by" tasks={story.readBy} onGo={onGo} />
      <p className={styles["key"]}>
        Key <code>{story.task}</code>
      </p>
    </>
  );
}

export function ThrownError({ error }: { readonly error: NonNullable<TaskStory["error"]> }) {
  return (
    <details className={styles["error"]}>
      <summary>
        {error.name}: {error.message}
      </summary>
      {error.stack === "" ? (
        <p className={styles["muted"]}>It came without a stack.</p>
      ) : (
        <pre className={styles["stack"]} role="region" aria-label="Stack of the error" tabIndex={0}>
          {error.stack}
        </pre>
      )}
    </details>
  );
}

/** More links than these help nobody; the graph shows all. */
const NEIGHBOURS_MAX = 24;

interface NeighboursProps {
  readonly title: string;
  readonly tasks: readonly TaskKey[];
  readonly onGo: (task: TaskKey) => void;
}

function Neighbours({ title, tasks, onGo }: NeighboursProps) {
  if (tasks.length === 0) return null;
  const shown = tasks.slice(0, NEIGHBOURS_MAX);
  return (
    <section>
      <h3 className={styles["heading"]}>{title}</h3>
      <ul className={styles["neighbours"]}>
        {shown.map((task) => (
          <li key={task}>
            <button type="button" className={styles["link"]} onClick={() => onGo(task)}>
              {shortKey(task)}
            </button>
          </li>
        ))}
        {tasks.length > shown.length && (
          <li className={styles["muted"]}>and {formatCount(tasks.length - shown.length)} more</li>
        )}
      </ul>
    </section>
  );
}
