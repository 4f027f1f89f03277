// The targets of a job that this client follows but does not extend: a computed graph, or another's job.
import { present } from "../assert.ts";
import type { JobId, TaskKey } from "../ids.ts";
import type { JobView } from "../protocol/messages.ts";
import type { ClusterClient } from "./cluster-client.ts";
import type { ClusterTools } from "./cluster-tools.ts";
import { patiently } from "./patiently.ts";
import { Target, type TargetOwner } from "./target.ts";
import { CancelledError, TaskError } from "./task-error.ts";
import type { TaskNode } from "./task-node.ts";

export interface JobTargetsParts {
  readonly client: ClusterClient;
  readonly tools: Pick<ClusterTools, "clock">;
  readonly job: JobId;
  /** Its results can be let go and tried again one by one. */
  readonly isOpen: boolean;
  /** Wants a task anew, in a session. */
  readonly renew: (node: TaskNode) => Target;
  /** It is over, or nothing of it is wanted any more. */
  readonly onEnd: () => void;
}

export class JobTargets implements TargetOwner {
  readonly #parts: JobTargetsParts;
  readonly #targets = new Map<TaskKey, Target>();
  readonly #unfollow: () => void;
  #isOver = false;
  /** Targets that somebody wants. */
  #holds = 0;

  constructor(
    parts: JobTargetsParts,
    wanted: Iterable<{ readonly key: TaskKey; readonly node: TaskNode | null }>,
  ) {
    this.#parts = parts;
    for (const { key, node } of wanted) this.#targets.set(key, new Target(key, node, this));
    this.#unfollow = parts.client.follow(parts.job, {
      onResults: (results) => {
        for (const { task, outputs } of results) this.#targets.get(task)?.succeed(outputs);
      },
      onFailures: (failures) => {
        for (const failure of failures) {
          this.#targets.get(failure.task)?.fail(TaskError.ofTarget(failure));
        }
      },
      onEnd: () => void this.#ended(),
    });
  }

  /** The target of this key, wanted once more. */
  want(key: TaskKey): Target {
    const target = present(this.#targets.get(key), "target of the job");
    if (target.wanted === 0) this.#holds += 1;
    target.wanted += 1;
    return target;
  }

  release(target: Target): void {
    target.wanted -= 1;
    if (target.wanted > 0) return;
    const why = new CancelledError("It was let go before it was done.");
    target.end(why);
    if (this.#isOver) return;
    this.#holds -= 1;
    const { client, job, isOpen } = this.#parts;
    if (!isOpen) {
      // The job itself goes on without us.
      if (this.#holds === 0) this.end(why);
      return;
    }
    const extension = { released: [target.key], retried: [], tasks: [], targets: [] };
    // A job that ended meanwhile has let it go by itself.
    client.extend(job, extension).catch(() => undefined);
  }

  retry(target: Target): Target {
    const { client, job, isOpen, renew } = this.#parts;
    if (target.node !== null) {
      this.release(target);
      return renew(target.node);
    }
    if (!isOpen || this.#isOver) throw notOurs();
    const extension = { released: [], retried: [target.key], tasks: [], targets: [] };
    target.restart();
    client.extend(job, extension).catch((error: Error) => target.fail(error));
    return target;
  }

  again(target: Target): Target {
    if (target.node !== null) return this.#parts.renew(target.node);
    throw notOurs();
  }

  /** Nothing more will come: those that are waited for end with `error`. */
  end(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unfollow();
    for (const target of this.#targets.values()) target.end(error);
    this.#parts.onEnd();
  }

  async #ended(): Promise<void> {
    const isPending = [...this.#targets.values()].some(({ status }) => status === "pending");
    if (!isPending) return this.end(new CancelledError("The job is over."));
    const { client, tools, job } = this.#parts;
    try {
      const views = await patiently(() => client.jobs(), tools.clock, {
        tries: Infinity,
        isWanted: () => !this.#isOver,
      });
      this.end(errorOf(views.find((view) => view.job === job)));
    } catch (error) {
      this.end(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** Why the results that are lacking will not come. */
function errorOf(view: JobView | undefined): Error {
  if (view === undefined) return new CancelledError("The job was deleted.");
  if (view.state === "done") return new CancelledError("The job was finished without this result.");
  const { failure } = view;
  if (view.state !== "failed" || failure === null)
    return new CancelledError("The job was cancelled.");
  return new TaskError(failure.task, failure.message, null);
}

const notOurs = (): Error =>
  new TypeError("Another client submitted this, so it cannot be tried again from here.");
