// The cluster as programs see it: calls, maps, data, graphs, jobs. This is what `connect` gives.
import type { JsonValue } from "../graph/task.ts";
import type { ActorId, JobId } from "../ids.ts";
import type { DatasetId } from "../ids.ts";
import type { DatasetRecord } from "../protocol/http.ts";
import type { ActorView } from "../protocol/actor-messages.ts";
import type { JobView, WorkerView } from "../protocol/messages.ts";
import type { ActorClass } from "./actor-class.ts";
import type { Actor, ActorCallOptions } from "./actor-proxy.ts";
import type { ActorOptions } from "./actors.ts";
import type { Argument, Arguments, Result, TypedFunction } from "./argument-types.ts";
import { asFunctionRef, isKernel } from "./callable.ts";
import type { AnyFunction, FunctionRef, KernelRef } from "./callable.ts";
import type { ClusterClient, DatasetUpload } from "./cluster-client.ts";
import { ClusterCore, type Lane } from "./cluster-core.ts";
import type { ClusterTools } from "./cluster-tools.ts";
import { Future } from "./future.ts";
import { gather, type Gathered } from "./gather.ts";
import { Job } from "./job.ts";
import { Lazy } from "./lazy.ts";
import { mapItems } from "./map-items.ts";
import { scatterValue } from "./scatter.ts";
import type { TaskSettings } from "./task-builder.ts";

/** How calls are run, from `cluster.options` on. */
export interface CallOptions {
  /** Higher runs first; 0 is normal. */
  readonly priority?: number;
  /** Failures that are forgiven before a call fails; 0 is normal. Lost workers are forgiven in any case. */
  readonly retries?: number;
  /** Milliseconds in a thread after which a call is ended, as a failure. None is normal. */
  readonly limitMs?: number;
  /**
   * True, as is normal: the same function with the same arguments gives the same, so that it need not
   * run twice. False for functions that read a clock or draw random numbers.
   */
  readonly pure?: boolean;
  /** What dashboards call the job that the calls belong to. */
  readonly title?: string;
}

/** How `map` cuts its items into tasks. */
export interface MapOptions {
  /**
   * Items in one task. By default one, or as many as give each thread of the cluster about 64 tasks, and
   * at most 1,000.
   */
  readonly batch?: number;
}

/** How `scatter` spreads what it sends. */
export interface ScatterOptions {
  /** Every worker will need it: those that are joined fetch it now, rather than with the first call. */
  readonly broadcast?: boolean;
}

/** What dashboards and exports need of a job of a certain kind. */
export interface ComputeOptions {
  /** What dashboards call it. */
  readonly title?: string;
  /** Higher runs first; 0 is normal. */
  readonly priority?: number;
  /** "graph" when absent. */
  readonly kind?: string;
  /** Kept with the job, and told to whoever asks for it. */
  readonly meta?: JsonValue;
  /** "end": the job ends with the first target that fails. "go-on", as is normal: the others are finished. */
  readonly onFailure?: "end" | "go-on";
}

/** A job of a known kind, as planners describe it beside its calls. */
export type PlannedJob = Required<Omit<ComputeOptions, "priority">>;

const DEFAULT_TITLE = "Session";

/** A connected cluster. Views made by `options` share its connection. */
export class Cluster {
  readonly #core: ClusterCore;
  readonly #options: CallOptions;

  /** Not for users: `connect` makes it. */
  constructor(core: ClusterCore, options: CallOptions = {}) {
    this.#core = core;
    this.#options = options;
  }

  /** The same cluster with other defaults for what is asked of it. */
  options(options: CallOptions): Cluster {
    return new Cluster(this.#core, { ...this.#options, ...options });
  }

  /**
   * Calls a function on some worker. The function's own text is sent: what it uses must be among its
   * arguments, or built into every browser. Returns at once. Throws TypeError for a function that has no
   * text, and ValueError for arguments that cannot travel.
   */
  submit<F extends TypedFunction>(fn: F, ...args: Arguments<Parameters<F>>): Future<Result<F>>;
  /** The function of a bundled module, or a kernel with its parameters and inputs. */
  submit(callee: FunctionRef | KernelRef, ...args: readonly unknown[]): Future;
  submit(callee: AnyFunction | FunctionRef | KernelRef, ...args: readonly unknown[]): Future {
    const { builder } = this.#core;
    const node = isKernel(callee)
      ? builder.kernel(callee, args, this.#settings)
      : builder.call(asFunctionRef(callee), args, this.#settings);
    return this.#core.want(node, this.#lane);
  }

  /** Calls a function with each item; the futures are in the order of the items. */
  map<T, R>(
    fn: (item: T) => R,
    items: Iterable<Argument<T>>,
    options?: MapOptions,
  ): Future<Awaited<R>>[];
  map(fn: FunctionRef, items: Iterable<unknown>, options?: MapOptions): Future[];
  map(fn: AnyFunction | FunctionRef, items: Iterable<unknown>, options: MapOptions = {}): Future[] {
    const { threads } = this;
    const settings = this.#settings;
    return mapItems(this.#core, asFunctionRef(fn), [...items], {
      ...options,
      threads,
      settings,
      lane: this.#lane,
    });
  }

  /** Sends data once, to be an argument of many calls. Resolves when workers can have it. */
  scatter<T>(data: T, options: ScatterOptions = {}): Promise<Future<T>> {
    return scatterValue(this.#core, data, options.broadcast ?? false) as Promise<Future<T>>;
  }

  /** The values of futures, wherever these stand in arrays and objects. Rejects with the first failure. */
  gather<const T>(futures: T): Promise<Gathered<T>> {
    return gather(futures);
  }

  /**
   * Runs lazy calls as a job of their own, which ends by itself: the targets, and what they need. The
   * results are kept by the coordinator until the job is forgotten.
   */
  async compute<T = unknown>(
    targets: readonly Lazy<T>[],
    options: ComputeOptions = {},
  ): Promise<Job<T>> {
    const settings = this.#settings;
    const nodes = targets.map((target) => this.#core.nodeOf(target, settings));
    const { job, futures } = await this.#core.submit(nodes, {
      kind: options.kind ?? "graph",
      title: options.title ?? this.#options.title ?? "Graph",
      meta: options.meta ?? {},
      priority: options.priority ?? this.#options.priority ?? 0,
      onFailure: options.onFailure ?? "go-on",
    });
    return new Job(job, futures as Future<T>[], this.#core.client);
  }

  /** Runs lazy calls; their results stay on the workers until the futures are released. */
  persist<T = unknown>(targets: readonly Lazy<T>[]): Future<T>[] {
    const settings = this.#settings;
    return targets.map((target) => {
      return this.#core.want(this.#core.nodeOf(target, settings), this.#lane) as Future<T>;
    });
  }

  /**
   * Makes an actor: an object whose state lives in one thread of one worker. Its methods answer with
   * promises; calls of one client run in order, one at a time, without the scheduler. Made of a class,
   * whose text is sent as a function's is, of a `functionRef` of an exported class, or of a built-in kind.
   * `init` is the constructor's argument.
   *
   * A call runs once or not at all. When its worker is lost, the actor comes back on another one, from
   * its last checkpoint if its class has `checkpoint()` and `restore(value)`. It lives until it is released.
   */
  actor<T extends object, I>(
    kind: ActorClass<T, I>,
    init?: I,
    options?: ActorOptions,
  ): Promise<Actor<T>>;
  actor<T extends object = Record<string, (...args: unknown[]) => unknown>>(
    kind: FunctionRef | string,
    init?: unknown,
    options?: ActorOptions,
  ): Promise<Actor<T>>;
  actor(kind: unknown, init: unknown = null, options: ActorOptions = {}): Promise<Actor<object>> {
    return this.#core.actors.create(kind, init, options);
  }

  /** All actors that the coordinator knows; those of other clients too. */
  actors(): Promise<readonly ActorView[]> {
    return this.#core.actors.list();
  }

  /** An actor by its `$id`, whoever made it. Rejects with ActorError when there is none. */
  attachActor<T extends object = Record<string, (...args: unknown[]) => unknown>>(
    actor: ActorId | string,
    options: ActorCallOptions = {},
  ): Promise<Actor<T>> {
    return this.#core.actors.attach<T>(actor, options);
  }

  /** All jobs that the coordinator knows, the newest first; those of other clients too. */
  jobs(): Promise<readonly JobView[]> {
    return this.#core.client.jobs();
  }

  /**
   * Takes up a job that this or another client left: its futures, in the order of its targets. The items
   * of a batch are futures each. Rejects with ClusterError when there is no such job.
   */
  async attach(job: JobId | string): Promise<Job> {
    const id = job as JobId;
    return new Job(id, await this.#core.attach(id), this.#core.client);
  }

  /** The joined machines, as the coordinator last told of them. */
  workers(): readonly WorkerView[] {
    return this.#core.client.view.workers;
  }

  /** The threads that they use, all together. */
  get threads(): number {
    return this.workers().reduce((sum, worker) => sum + worker.threads, 0);
  }

  /**
   * Sends a table, panel by panel as they are made, and registers it. Its panels can be inputs of kernels
   * from then on, of this program's and of others'. Rejects with ClusterError.
   */
  uploadDataset(upload: DatasetUpload): Promise<DatasetRecord> {
    return this.#core.client.uploadDataset(upload);
  }

  /** All tables, the newest first. */
  datasets(): Promise<readonly DatasetRecord[]> {
    return this.#core.client.datasets();
  }

  /** Rejects with ClusterError when there is no such table. */
  dataset(dataset: DatasetId | string): Promise<DatasetRecord> {
    return this.#core.client.dataset(dataset as DatasetId);
  }

  /** Bytes of blocks that this program received so far, by path. */
  get bytesReceived(): { readonly direct: number; readonly coordinator: number } {
    return this.#core.client.bytesReceived;
  }

  /**
   * Ends the connection. What was asked for and not released is finished and kept by the coordinator:
   * `attach` finds it again. Futures that are pending here reject with ClusterError.
   */
  close(): Promise<void> {
    return this.#core.close();
  }

  get #lane(): Lane {
    const { priority = 0, title = DEFAULT_TITLE } = this.#options;
    return { priority, title };
  }

  get #settings(): TaskSettings {
    const { retries = 0, limitMs = null, pure = true } = this.#options;
    return { retries, limitMs, isPure: pure };
  }
}

/** The cluster that a connected client reaches. Closing it closes the client. */
export const createCluster = (client: ClusterClient, tools: ClusterTools): Cluster =>
  new Cluster(new ClusterCore(client, tools));
