// Blocks over HTTP: uploads into the store, and downloads that can draw a block from its holder.
import { createReadStream } from "node:fs";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { BlockId } from "../shared/ids.ts";
import { BLOCK_BYTES_MAX } from "../shared/limits.ts";
import type { BlockSources } from "./block-sources.ts";
import { BlockStoreError, type BlockStore, type BlockStoreFailure } from "./block-store.ts";
import { addEndpoint, type Asked } from "./endpoint.ts";
import { endpoints } from "./endpoints.ts";
import { HttpProblem } from "./problem.ts";
import type { RequestGuard } from "./request-guard.ts";
import type { SchedulerHost } from "./scheduler-host.ts";

/** Uploads at once; each writes a file. */
const UPLOADS_MAX = 64;

/** Pieces in which large files are read: the default of 64 kB costs a trip to the thread pool each. */
const READ_BYTES = 2 ** 20;
/** Panels and most results are smaller, and are read whole: the next worker finds them in memory. */
const READ_WHOLE_BYTES_MAX = 8 * 2 ** 20;

const statusOfFailure: Readonly<Record<BlockStoreFailure, number>> = {
  "wrong-hash": 422,
  "too-large": 413,
  "disk-full": 507,
  "write-failed": 507,
};

export interface BlockRoutesParts {
  readonly guard: RequestGuard;
  readonly store: BlockStore;
  readonly sources: BlockSources;
  readonly host: SchedulerHost;
}

type BlockRequest = Asked<{ block: BlockId }, undefined, unknown>;

/** Adds PUT, GET and HEAD of a block. */
export function addBlockRoutes(server: FastifyInstance, parts: BlockRoutesParts): void {
  const { guard, store, sources, host } = parts;
  let uploadCount = 0;

  const upload = async (
    { params: { block }, request }: BlockRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    if (Number(request.headers["content-length"] ?? 0) > BLOCK_BYTES_MAX) {
      throw new HttpProblem(413, `A block has at most ${BLOCK_BYTES_MAX} bytes.`);
    }
    if (uploadCount >= UPLOADS_MAX) throw new HttpProblem(503, "Too many uploads at once.");
    uploadCount += 1;
    try {
      // The parser below hands the request itself over as its body.
      const bytes = request.body as AsyncIterable<Uint8Array> | undefined;
      if (bytes === undefined) throw new HttpProblem(400, "The block's bytes are missing.");
      const { ref, isNew } = await store.put(block, bytes, BLOCK_BYTES_MAX);
      host.blocksHeld("store", [ref]);
      return reply.code(isNew ? 201 : 200).send();
    } catch (error) {
      if (!(error instanceof BlockStoreError)) throw error;
      throw new HttpProblem(statusOfFailure[error.code], error.message, { cause: error });
    } finally {
      uploadCount -= 1;
    }
  };

  const download = async (
    { params: { block }, request }: BlockRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    const small = store.smallBytes(block);
    if (small !== undefined) return sendSmall(reply, block, small);
    const file = (await store.openFile(block)) ?? (await draw(block));
    const range = parseRange(request.headers.range, file.sizeBytes);
    reply
      .type("application/octet-stream")
      .header("cache-control", "private, max-age=31536000, immutable")
      .header("accept-ranges", "bytes")
      .header("etag", `"${block}"`);
    if (range === "unsatisfiable") {
      reply.header("content-range", `bytes */${file.sizeBytes}`);
      throw new HttpProblem(416, `The block has ${file.sizeBytes} bytes.`);
    }
    if (range === "whole") {
      const whole = file.sizeBytes <= READ_WHOLE_BYTES_MAX ? await store.read(block) : undefined;
      return reply
        .header("content-length", file.sizeBytes)
        .send(
          whole === undefined
            ? createReadStream(file.path, { highWaterMark: READ_BYTES })
            : Buffer.from(whole.buffer, whole.byteOffset, whole.length),
        );
    }
    return reply
      .code(206)
      .header("content-length", range.end - range.start + 1)
      .header("content-range", `bytes ${range.start}-${range.end}/${file.sizeBytes}`)
      .send(createReadStream(file.path, range));
  };

  const sendSmall = (reply: FastifyReply, block: BlockId, bytes: Uint8Array): FastifyReply =>
    reply
      .type("application/octet-stream")
      .header("cache-control", "private, max-age=31536000, immutable")
      .header("etag", `"${block}"`)
      .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));

  /** The file of a block that the store lacked, drawn from somebody who holds it. */
  const draw = async (block: BlockId): Promise<{ path: string; sizeBytes: number }> => {
    if (!sources.isHeld(block)) throw new HttpProblem(404, "Nobody holds this block now.");
    const outcome = await sources.draw(block);
    const file = outcome === "stored" ? await store.openFile(block) : undefined;
    if (file !== undefined) return file;
    if (outcome === "too-busy") throw new HttpProblem(503, "Too many requests wait for blocks.");
    if (outcome === "nobody-holds-it") throw new HttpProblem(404, "Nobody holds this block now.");
    throw new HttpProblem(504, "No holder of this block has delivered it in time.");
  };

  const probe = async (
    { params: { block } }: BlockRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    if (!(await store.isSound(block))) {
      throw new HttpProblem(404, "The store does not hold this block.");
    }
    return reply
      .type("application/octet-stream")
      .header("accept-ranges", "bytes")
      .header("content-length", store.get(block)?.sizeBytes ?? 0)
      .send();
  };

  void server.register((scope, _options, done) => {
    scope.addContentTypeParser("application/octet-stream", (_request, payload, parsed) =>
      parsed(null, payload),
    );
    addEndpoint(scope, guard, endpoints.putBlock, upload);
    addEndpoint(scope, guard, endpoints.getBlock, download);
    addEndpoint(scope, guard, endpoints.headBlock, probe);
    done();
  });
}

/** One byte range, inclusive at both ends; several at once are answered with the whole. */
export function parseRange(
  header: string | undefined,
  sizeBytes: number,
): "whole" | "unsatisfiable" | { readonly start: number; readonly end: number } {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  const [, first = "", last = ""] = match ?? [];
  if (first === "" && last === "") return "whole";
  const start = first === "" ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === "" || last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (first !== "" && last !== "" && Number(last) < Number(first)) return "whole";
  return start > end ? "unsatisfiable" : { start, end };
}
