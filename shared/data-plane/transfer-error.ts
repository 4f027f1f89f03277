// Why one transfer from one source did not deliver: a closed set, so that callers can decide.

export type TransferFailure =
  | "not-held" // The source does not have the block.
  | "busy" // The source serves too many others already.
  | "unreachable" // No connection to the source, or it broke.
  | "stalled" // Nothing came for too long.
  | "wrong-size" // The source's block has another size than announced, or is too large.
  | "wrong-hash" // The bytes are not those of the block.
  | "malformed" // The source does not keep to the protocol.
  | "cancelled"; // We do not want it any more.

export class TransferError extends Error {
  override name = "TransferError";
  readonly code: TransferFailure;
  constructor(code: TransferFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The failure of anything that a transfer can throw; what is unknown counts as a broken connection. */
export const asTransferError = (error: unknown): TransferError =>
  error instanceof TransferError
    ? error
    : new TransferError("unreachable", error instanceof Error ? error.message : String(error));
