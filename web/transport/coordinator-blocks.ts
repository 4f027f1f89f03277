// Blocks from and to the coordinator's store, over HTTP.
import { ClusterError } from "../../shared/client/cluster-client.ts";
import type { AbortSignalLike } from "../../shared/client/cluster-client.ts";
import type { CoordinatorPath } from "../../shared/data-plane/block-fetcher.ts";
import type { Clock } from "../../shared/data-plane/clock.ts";
import { TransferError } from "../../shared/data-plane/transfer-error.ts";
import type { BlockId } from "../../shared/ids.ts";
import { BLOCK_BYTES_MAX } from "../../shared/limits.ts";
import { httpPaths, problemSchema } from "../../shared/protocol/http.ts";

const UPLOAD_ATTEMPTS = 4;
const UPLOAD_RETRY_MS = 500;
/** A block is at most 64 MiB: slower than half a megabyte a second is as good as broken. */
const SLOWEST_BYTES_PER_MS = 500;
const UPLOAD_TIMEOUT_MS = BLOCK_BYTES_MAX / SLOWEST_BYTES_PER_MS;

export interface CoordinatorBlocks extends CoordinatorPath {
  /** Puts a block into the store, trying again when the network fails. Rejects with ClusterError. */
  upload(block: BlockId, bytes: Uint8Array, signal?: AbortSignalLike): Promise<void>;
}

export function createCoordinatorBlocks(options: {
  readonly clock: Clock;
  readonly token: string;
  readonly fetch: typeof globalThis.fetch;
}): CoordinatorBlocks {
  const { clock } = options;
  const headers = { authorization: `Bearer ${options.token}` };
  const { fetch } = options;

  async function put(block: BlockId, bytes: Uint8Array, abort: AbortController): Promise<Response> {
    const stopTimer = clock.after(UPLOAD_TIMEOUT_MS, () => abort.abort());
    try {
      return await fetch(httpPaths.block(block), {
        method: "PUT",
        headers: { ...headers, "content-type": "application/octet-stream" },
        // A blob stays out of the browser's developer tools, which scripted browsers listen to:
        // they would be sent the bytes of any other body as text.
        body: new Blob([unshared(bytes)]),
        signal: abort.signal,
      });
    } finally {
      stopTimer();
    }
  }

  return {
    async request(block, transfer) {
      const { sizeBytes, stallMs, signal, onProgress } = transfer;
      const abort = new AbortController();
      const end = (error: TransferError): void => abort.abort(error);
      const onAbort = (): void =>
        end(new TransferError("cancelled", "The transfer was cancelled."));
      const stalled = (waitedMs: number) => (): void =>
        end(new TransferError("stalled", `Nothing came for ${Math.ceil(waitedMs / 1_000)} s.`));
      let stopTimer = clock.after(stallMs, stalled(stallMs));
      if (signal?.aborted === true) onAbort();
      signal?.addEventListener("abort", onAbort);
      try {
        // Our own cache keeps blocks; a second copy in the browser's would only cost its writing.
        const response = await fetch(httpPaths.block(block), {
          headers,
          signal: abort.signal,
          cache: "no-store",
        });
        if (!response.ok) throw await refusal(response);
        stopTimer();
        const bodyMs = stallMs + sizeBytes / SLOWEST_BYTES_PER_MS;
        stopTimer = clock.after(bodyMs, stalled(bodyMs));
        return await readBody(response, sizeBytes, onProgress);
      } catch (error) {
        const cause: unknown = abort.signal.aborted ? abort.signal.reason : error;
        if (cause instanceof TransferError) throw cause;
        throw new TransferError("unreachable", "The coordinator does not answer.", { cause });
      } finally {
        stopTimer();
        signal?.removeEventListener("abort", onAbort);
        // Ends a body that was not read to its end; without effect otherwise.
        abort.abort();
      }
    },

    async upload(block, bytes, signal) {
      for (let attempt = 1; ; attempt += 1) {
        const abort = new AbortController();
        const onAbort = (): void => abort.abort();
        if (signal?.aborted === true) onAbort();
        signal?.addEventListener("abort", onAbort);
        let failure: ClusterError;
        try {
          const response = await put(block, bytes, abort);
          if (response.ok) return;
          failure = new ClusterError(await detailOf(response), response.status);
        } catch (cause) {
          failure = new ClusterError("The coordinator did not take the block.", 0, { cause });
        } finally {
          signal?.removeEventListener("abort", onAbort);
        }
        const mayPass = failure.status === 0 || failure.status === 429 || failure.status >= 500;
        if (!mayPass || attempt === UPLOAD_ATTEMPTS || signal?.aborted === true) throw failure;
        await new Promise<void>((resolve) => {
          clock.after(UPLOAD_RETRY_MS * 2 ** attempt, resolve);
        });
      }
    },
  };
}

/**
 * Reads a body of exactly `sizeBytes`. By way of a blob the browser collects the bytes outside of this
 * page: a stream's chunks would be allocated here and copied together, at more than twice the cost.
 */
async function readBody(
  response: Response,
  sizeBytes: number,
  onProgress?: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  // Before a byte is read: what is declared too long need not be taken.
  const declared = Number(response.headers.get("content-length") ?? sizeBytes);
  if (declared > sizeBytes) throw wrongSize();
  const blob = await response.blob();
  if (blob.size > sizeBytes) throw wrongSize();
  if (blob.size < sizeBytes) {
    throw new TransferError(
      "unreachable",
      `The transfer ended after ${blob.size} of ${sizeBytes} bytes.`,
    );
  }
  const bytes = new Uint8Array(await blob.arrayBuffer());
  onProgress?.(bytes.length);
  return bytes;
}

const wrongSize = (): TransferError =>
  new TransferError("wrong-size", "The coordinator sent more than the block's bytes.");

/** Bytes that a blob can be made of: shared memory might change under it. */
const unshared = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);

async function detailOf(response: Response): Promise<string> {
  const problem = problemSchema.safeParse(await response.json().catch(() => null));
  return problem.success ? problem.data.detail : `The coordinator answered ${response.status}.`;
}

async function refusal(response: Response): Promise<TransferError> {
  const isAbsent = response.status === 404 || response.status === 503 || response.status === 504;
  return new TransferError(isAbsent ? "not-held" : "unreachable", await detailOf(response));
}
