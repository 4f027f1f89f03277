// How calls of actors fail: what the method threw, or why it was not run or is not known to have run.
import { unreachable } from "../assert.ts";
import type { RemoteError } from "../graph/task.ts";
import type { ActorId } from "../ids.ts";
import type { ActorFailure } from "../protocol/actor-messages.ts";

/** A call of an actor, or the making of one, failed. */
export class ActorError extends Error {
  override name = "ActorError";
  /** Null when there is none yet, as when making it failed. */
  readonly actor: ActorId | null;
  /** False when it is certain that the method did not run. */
  readonly mayHaveRun: boolean;

  constructor(message: string, actor: ActorId | null, mayHaveRun: boolean, options?: ErrorOptions) {
    super(message, options);
    this.actor = actor;
    this.mayHaveRun = mayHaveRun;
  }
}

/** The method threw: `name`, `message` and `stack` are those of its error. The actor lives on. */
export class ActorMethodError extends ActorError {
  /** The name of the error that was thrown in the actor. */
  readonly remoteName: string;

  constructor(actor: ActorId, error: RemoteError) {
    super(error.message, actor, true);
    this.remoteName = error.name;
    this.name = error.name;
    if (error.stack !== "") this.stack = `${error.stack}\n    in actor ${actor}`;
  }
}

/**
 * The actor or its worker was lost. With `mayHaveRun` the call may or may not have run, and what it
 * changed may be undone by the recovery.
 */
export class ActorLostError extends ActorError {
  override name = "ActorLostError";
  /** What making the actor threw, if that is why it is lost. */
  readonly remote: RemoteError | null;

  constructor(
    message: string,
    actor: ActorId | null,
    mayHaveRun: boolean,
    remote: RemoteError | null = null,
  ) {
    super(message, actor, mayHaveRun);
    this.remote = remote;
    if (remote !== null && remote.stack !== "") this.stack = remote.stack;
  }
}

/** Too many calls wait for the actor; this one did not run. */
export class ActorBusyError extends ActorError {
  override name = "ActorBusyError";
}

/** The call's deadline passed. What it answers later goes nowhere. */
export class ActorDeadlineError extends ActorError {
  override name = "ActorDeadlineError";
}

/** What the coordinator or the worker said, as an error. */
export function actorErrorOf(actor: ActorId, failure: ActorFailure): ActorError {
  const { code, message, error = null } = failure;
  switch (code) {
    case "threw":
      return new ActorMethodError(actor, error ?? { name: "Error", message, stack: "" });
    case "lost":
      return new ActorLostError(message, actor, true, error);
    case "gone":
      return new ActorLostError(message, actor, false, error);
    case "busy":
      return new ActorBusyError(message, actor, false);
    case "late":
      return new ActorDeadlineError(message, actor, false);
    default:
      return unreachable(code);
  }
}
