// A command that cannot go on, with the sentence for its user and the exit status.

/** 2: bad usage or bad input; 1: a failure of anything else. */
export type FailureStatus = 1 | 2;

export class CommandError extends Error {
  override name = "CommandError";
  readonly exitStatus: FailureStatus;

  constructor(message: string, exitStatus: FailureStatus = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitStatus = exitStatus;
  }
}
