// What all views of one cluster share: sessions by priority, followed jobs, builders and readers.
import { FUNCTION_KERNEL, type JsonValue } from "../graph/task.ts";
import type { JobId, TaskKey } from "../ids.ts";
import { Actors } from "./actors.ts";
import { BlockShelf } from "./block-shelf.ts";
import { ClusterError, type ClusterClient } from "./cluster-client.ts";
import type { ClusterTools } from "./cluster-tools.ts";
import { Future } from "./future.ts";
import { JobTargets } from "./job-targets.ts";
import { Lazy, LazyTasks } from "./lazy.ts";
import { ResultReader } from "./result-reader.ts";
import { Session } from "./session.ts";
import type { Target } from "./target.ts";
import { TaskBuilder, type Source, type TaskSettings } from "./task-builder.ts";
import { collectTasks, type TaskNode } from "./task-node.ts";

/** Which open job work goes to. */
export interface Lane {
  readonly priority: number;
  readonly title: string;
}

/** What a closed job is, beside its tasks. */
export interface JobDescription extends Lane {
  readonly kind: string;
  readonly meta: JsonValue;
  readonly onFailure: "end" | "go-on";
}

const plainSettings: TaskSettings = { retries: 0, limitMs: null, isPure: true };

export class ClusterCore {
  readonly client: ClusterClient;
  readonly tools: ClusterTools;
  readonly shelf: BlockShelf;
  readonly builder: TaskBuilder;
  readonly reader: ResultReader;
  readonly actors: Actors;
  readonly #lazyTasks: LazyTasks;
  readonly #sessions = new Map<string, Session>();
  readonly #jobs = new Set<JobTargets>();
  readonly #stopConnection: () => void;
  #isClosed = false;

  constructor(client: ClusterClient, tools: ClusterTools) {
    this.client = client;
    this.tools = tools;
    this.shelf = new BlockShelf(client, tools);
    this.builder = new TaskBuilder(
      this.shelf,
      tools,
      (value) => this.#sourceOf(value),
      () => requireFunctions(client),
    );
    this.reader = new ResultReader(client, tools);
    this.actors = new Actors(client, tools, this.shelf);
    this.#lazyTasks = new LazyTasks(this.builder);
    this.#stopConnection = client.onConnection((connection) => {
      if (connection.state === "refused") this.#endAll(new ClusterError(connection.message, 0));
    });
  }

  /** A future of the task, asked for in the open job of this priority and title. */
  want(node: TaskNode, lane: Lane): Future {
    return new Future({ target: this.wantTarget(node, lane), reader: this.reader });
  }

  wantTarget(node: TaskNode, lane: Lane): Target {
    return this.#sessionOf(lane).want(node);
  }

  nodeOf(lazy: Lazy, settings: TaskSettings): TaskNode {
    return this.#lazyTasks.nodeOf(lazy, settings);
  }

  /** Submits a closed job of these targets and of what they need. */
  async submit(
    nodes: readonly TaskNode[],
    description: JobDescription,
  ): Promise<{ readonly job: JobId; readonly futures: readonly Future[] }> {
    this.#requireOpen();
    for (const { ready } of nodes) await ready;
    const { tasks, blocks } = collectTasks(nodes, () => false);
    const targets = [...new Set(nodes.map(({ task }) => task.key))];
    const job = await this.client.submit({ ...description, tasks, targets }, blocks);
    const wanted = nodes.map((node) => ({ key: node.task.key, node }));
    return { job, futures: this.#futuresOf(this.#follow(job, false, wanted, description), wanted) };
  }

  /** Follows a job that somebody submitted. Rejects with ClusterError when there is none. */
  async attach(job: JobId): Promise<readonly Future[]> {
    this.#requireOpen();
    const targets = await this.client.targets(job);
    const views = await this.client.jobs();
    const isOpen = views.find((view) => view.job === job)?.isOpen === true;
    const wanted = targets.map(({ task }) => ({ key: task, node: null }));
    const followed = this.#follow(job, isOpen, wanted, { priority: 0, title: "Session" });
    return targets.flatMap(({ task, kernel, batch }) =>
      kernel === FUNCTION_KERNEL && batch !== null
        ? Array.from({ length: batch }, (_, index) => this.#itemOf(followed, task, index))
        : this.#futuresOf(followed, [{ key: task }]),
    );
  }

  /** Everything that is waited for ends; what was asked for is finished without us. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const sessions = [...this.#sessions.values()];
    try {
      // A coordinator that does not answer now will end what is open without being told.
      await Promise.allSettled(sessions.map((session) => session.close()));
    } finally {
      this.#stopConnection();
      this.#endAll(closed());
      this.actors.close(closed());
      this.client.close();
    }
  }

  #requireOpen(): void {
    if (this.#isClosed) throw closed();
    const { connection } = this.client;
    if (connection.state === "refused") throw new ClusterError(connection.message, 0);
  }

  #sessionOf(lane: Lane): Session {
    this.#requireOpen();
    const name = `${lane.priority} ${lane.title}`;
    const known = this.#sessions.get(name);
    if (known !== undefined) return known;
    const { client, tools } = this;
    const session = new Session({ client, tools, ...lane });
    this.#sessions.set(name, session);
    return session;
  }

  #follow(
    job: JobId,
    isOpen: boolean,
    wanted: Iterable<{ readonly key: TaskKey; readonly node: TaskNode | null }>,
    lane: Lane,
  ): JobTargets {
    const { client, tools } = this;
    const targets: JobTargets = new JobTargets(
      {
        client,
        tools,
        job,
        isOpen,
        renew: (node) => this.wantTarget(node, lane),
        onEnd: () => void this.#jobs.delete(targets),
      },
      wanted,
    );
    this.#jobs.add(targets);
    return targets;
  }

  #futuresOf(targets: JobTargets, wanted: readonly { readonly key: TaskKey }[]): Future[] {
    return wanted.map(({ key }) => new Future({ target: targets.want(key), reader: this.reader }));
  }

  #itemOf(targets: JobTargets, task: TaskKey, index: number): Future {
    const rerun = (): Target => {
      throw new TypeError(
        "Another client submitted this batch: its items cannot be tried again here.",
      );
    };
    return new Future({
      target: targets.want(task),
      reader: this.reader,
      item: { index, rerun },
    });
  }

  #endAll(error: Error): void {
    for (const session of this.#sessions.values()) session.end(error);
    for (const job of this.#jobs) job.end(error);
  }

  #sourceOf(value: object): Source | null {
    if (value instanceof Future) return Future.sourceOf(value);
    if (!(value instanceof Lazy)) return null;
    const node = this.nodeOf(value, plainSettings);
    return { input: { task: node.task.key, output: 0 }, node };
  }
}

function requireFunctions({ allowsFunctions }: ClusterClient): void {
  if (allowsFunctions) return;
  throw new ClusterError(
    "This cluster does not run functions of users, only its own kernels: its coordinator forbids it.",
    403,
  );
}

const closed = (): ClusterError =>
  new ClusterError("This connection was closed.", 0, { isFinal: true });
