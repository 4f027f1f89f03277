// What programs import from "tabswarm/client", beside `connect`, which differs between Node and browsers.
export type { ActorClass } from "./actor-class.ts";
export {
  ActorBusyError,
  ActorDeadlineError,
  ActorError,
  ActorLostError,
  ActorMethodError,
} from "./actor-errors.ts";
export type { Actor, ActorCallOptions, ActorControls, ActorMethods } from "./actor-proxy.ts";
export type { ActorOptions } from "./actors.ts";
export { asCompleted, progress, type ProgressCounts } from "./as-completed.ts";
export type { Argument, Arguments } from "./argument-types.ts";
export { functionRef, kernel, type FunctionRef, type KernelRef } from "./callable.ts";
export {
  Cluster,
  type CallOptions,
  type ComputeOptions,
  type MapOptions,
  type ScatterOptions,
} from "./cluster.ts";
export { ClusterError } from "./cluster-client.ts";
export { Future } from "./future.ts";
export { gather, type Gathered } from "./gather.ts";
export { Job } from "./job.ts";
export { lazy, Lazy, type LazyOptions } from "./lazy.ts";
export { CancelledError, TaskError } from "./task-error.ts";
export { ArrowBytes, ValueError } from "../values/value-format.ts";
export type { ActorView } from "../protocol/actor-messages.ts";
export type { JobView, WorkerView } from "../protocol/messages.ts";
