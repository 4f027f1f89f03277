// Blocks between a Node client and the coordinator's store, over HTTP: no direct channels here.
import { ClusterError, type AbortSignalLike } from "../shared/client/cluster-client.ts";
import type { CoordinatorPath } from "../shared/data-plane/block-fetcher.ts";
import { TransferError } from "../shared/data-plane/transfer-error.ts";
import type { BlockId } from "../shared/ids.ts";
import { httpPaths, problemSchema } from "../shared/protocol/http.ts";
import type { NodeFetch } from "./node-trust.ts";

/** A block is at most 64 MiB: slower than half a megabyte a second is as good as broken. */
const UPLOAD_TIMEOUT_MS = 120_000;

export interface NodeBlocks extends CoordinatorPath {
  /** Rejects with ClusterError. */
  upload(block: BlockId, bytes: Uint8Array, signal: AbortSignalLike): Promise<void>;
}

export function createNodeBlocks(baseUrl: string, token: string, fetch: NodeFetch): NodeBlocks {
  const headers = { authorization: `Bearer ${token}` };

  return {
    async request(block, { sizeBytes, stallMs, signal, onProgress }) {
      const { abort, release } = linkAbort(signal);
      const stall = setTimeout(() => abort.abort(), stallMs);
      try {
        const response = await fetch(`${baseUrl}${httpPaths.block(block)}`, {
          headers,
          signal: abort.signal,
        });
        if (!response.ok || response.body === null) {
          const isAbsent = [404, 503, 504].includes(response.status);
          throw new TransferError(isAbsent ? "not-held" : "unreachable", await detailOf(response));
        }
        const body: AsyncIterable<Uint8Array> = response.body;
        return await collect(body, sizeBytes, (bytes) => {
          stall.refresh();
          onProgress?.(bytes);
        });
      } catch (cause) {
        if (cause instanceof TransferError) throw cause;
        if (signal?.aborted === true) throw new TransferError("cancelled", "Cancelled.", { cause });
        if (abort.signal.aborted) {
          throw new TransferError("stalled", `Nothing came for ${stallMs / 1_000} s.`, { cause });
        }
        throw new TransferError("unreachable", "The coordinator does not answer.", { cause });
      } finally {
        clearTimeout(stall);
        release();
        // Ends a body that was not read to its end; without effect otherwise.
        abort.abort();
      }
    },

    async upload(block, bytes, signal) {
      const { abort, release } = linkAbort(signal);
      const timeout = setTimeout(() => abort.abort(), UPLOAD_TIMEOUT_MS);
      try {
        const response = await fetch(`${baseUrl}${httpPaths.block(block)}`, {
          method: "PUT",
          headers: { ...headers, "content-type": "application/octet-stream" },
          // Blocks are never in shared memory, which is all that the type could object to.
          body: bytes as Uint8Array<ArrayBuffer>,
          signal: abort.signal,
        });
        if (!response.ok) throw new ClusterError(await detailOf(response), response.status);
        // An answer that is not read would keep its connection busy.
        await response.arrayBuffer();
      } catch (cause) {
        if (cause instanceof ClusterError) throw cause;
        throw new ClusterError("The coordinator did not take a block. Is it running?", 0, {
          cause,
        });
      } finally {
        clearTimeout(timeout);
        release();
      }
    },
  };
}

/** The store of a coordinator that runs in this very process. */
export interface LocalStore {
  /** The bytes of a block, drawn from a holder when the store lacks it; undefined if that fails. */
  read(block: BlockId): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Takes bytes whose hash the client has computed, and that it will not write to. */
  put(block: BlockId, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** Takes blocks straight from the store and puts them there; the network is for what it lacks. */
export function preferLocalStore(store: LocalStore, network: NodeBlocks): NodeBlocks {
  return {
    async request(block, transfer) {
      const bytes = await store.read(block);
      if (bytes === undefined) return network.request(block, transfer);
      transfer.onProgress?.(bytes.length);
      return bytes;
    },
    async upload(block, bytes) {
      try {
        // Blocks of this process are never in shared memory, which is all that the type could object to.
        await store.put(block, bytes as Uint8Array<ArrayBuffer>);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new ClusterError(reason, 507, { cause });
      }
    },
  };
}

/** A real AbortController that follows `signal`; `release` ends the following. */
export function linkAbort(signal?: AbortSignalLike): {
  readonly abort: AbortController;
  readonly release: () => void;
} {
  const abort = new AbortController();
  const onAbort = (): void => abort.abort();
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener("abort", onAbort);
  return { abort, release: () => signal?.removeEventListener("abort", onAbort) };
}

/** Reads a body of exactly `sizeBytes` into one buffer that is allocated once. */
async function collect(
  body: AsyncIterable<Uint8Array>,
  sizeBytes: number,
  onProgress: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(sizeBytes);
  let received = 0;
  for await (const chunk of body) {
    if (received + chunk.length > sizeBytes) {
      throw new TransferError("wrong-size", "The coordinator sent more than the block's bytes.");
    }
    buffer.set(chunk, received);
    received += chunk.length;
    onProgress(chunk.length);
  }
  if (received === sizeBytes) return buffer;
  throw new TransferError("wrong-size", `Only ${received} of ${sizeBytes} bytes came.`);
}

async function detailOf(response: Response): Promise<string> {
  const problem = problemSchema.safeParse(await response.json().catch(() => null));
  return problem.success ? problem.data.detail : `The coordinator answered ${response.status}.`;
}
