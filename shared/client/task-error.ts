// How a future fails: the user's own error as it was thrown on some machine, or the story of why none came.
import type { RemoteError, TargetFailure } from "../graph/task.ts";
import type { TaskKey } from "../ids.ts";

/**
 * A task failed. `name`, `message` and `stack` are those of the error that the function threw, where it
 * threw one; `story` says in plain sentences what was tried, and where.
 */
export class TaskError extends Error {
  override name = "TaskError";
  /** The key of the task that failed, which may be one that the future's own task needed. */
  readonly task: TaskKey;
  /** What was tried, where, and how each time ended. */
  readonly story: string;
  /** The name of the error that was thrown on the other machine; null when none was. */
  readonly remoteName: string | null;

  constructor(task: TaskKey, story: string, remote: RemoteError | null) {
    super(remote === null ? story : remote.message);
    this.task = task;
    this.story = story;
    this.remoteName = remote?.name ?? null;
    if (remote === null) return;
    this.name = remote.name;
    if (remote.stack !== "") this.stack = `${remote.stack}\n    in task ${task.slice(0, 8)}`;
  }

  /** Of a target that the coordinator gave up. */
  static ofTarget({ task, message, error }: TargetFailure): TaskError {
    return new TaskError(task, message, error);
  }

  /** Of one item of a batch. */
  static ofItem(task: TaskKey, item: number, error: RemoteError): TaskError {
    return new TaskError(
      task,
      `Item ${item} of the batch threw ${error.name}: ${error.message}`,
      error,
    );
  }
}

/** The result will not come because somebody said that it is not wanted. */
export class CancelledError extends Error {
  override name = "CancelledError";
}
