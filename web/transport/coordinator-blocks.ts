// Blocks from and to the coordinator's store, over HTTP.
import { ClusterError } from "../../shared/client/cluster-client.ts";
import type { AbortSignalLike } from "../../shared/client/cluster-client.ts";
import type { CoordinatorPath } from "../../shared/data-plane/block-fetcher.ts";
import type { Clock } from "../../shared/data-plane/clock.ts";
import { startStallTimer } from "../../shared/data-plane/stall-timer.ts";
import { TransferError } from "../../shared/data-plane/transfer-error.ts";
import type { BlockId } from "../../shared/ids.ts";
import { httpPaths, problemSchema } from "../../shared/protocol/http.ts";

const UPLOAD_ATTEMPTS = 4;
const UPLOAD_RETRY_MS = 500;
/** A block is at most 64 MiB: slower than half a megabyte a second is as good as broken. */
const UPLOAD_TIMEOUT_MS = 120_000;

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
        // Blocks are never in shared memory, which is all that the type could object to.
        body: new Blob([bytes as Uint8Array<ArrayBuffer>]),
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
      const stalled = `Nothing came for ${stallMs / 1_000} s.`;
      const stall = startStallTimer(clock, stallMs, () =>
        end(new TransferError("stalled", stalled)),
      );
      if (signal?.aborted === true) onAbort();
      signal?.addEventListener("abort", onAbort);
      try {
        // Our own cache keeps blocks; a second copy in the browser's would only cost its writing.
        const response = await fetch(httpPaths.block(block), {
          headers,
          signal: abort.signal,
          cache: "no-store",
        });
        if (!response.ok || response.body === null) throw await refusal(response);
        return await readBody(response.body, sizeBytes, (bytes) => {
          stall.progressed();
          onProgress?.(bytes);
        });
      } catch (error) {
        const cause: unknown = abort.signal.aborted ? abort.signal.reason : error;
        if (cause instanceof TransferError) throw cause;
        throw new TransferError("unreachable", "The coordinator does not answer.", { cause });
      } finally {
        stall.stop();
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

/** Reads a body of exactly `sizeBytes` into one buffer that is allocated once. */
async function readBody(
  body: ReadableStream<Uint8Array>,
  sizeBytes: number,
  onProgress: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(sizeBytes);
  const reader = body.getReader();
  let received = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (received + value.length > sizeBytes) {
      throw new TransferError("wrong-size", "The coordinator sent more than the block's bytes.");
    }
    buffer.set(value, received);
    received += value.length;
    onProgress(value.length);
  }
  if (received === sizeBytes) return buffer;
  throw new TransferError(
    "unreachable",
    `The transfer ended after ${received} of ${sizeBytes} bytes.`,
  );
}

async function detailOf(response: Response): Promise<string> {
  const problem = problemSchema.safeParse(await response.json().catch(() => null));
  return problem.success ? problem.data.detail : `The coordinator answered ${response.status}.`;
}

async function refusal(response: Response): Promise<TransferError> {
  const isAbsent = response.status === 404 || response.status === 503 || response.status === 504;
  return new TransferError(isAbsent ? "not-held" : "unreachable", await detailOf(response));
}
