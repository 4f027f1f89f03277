// The parts that messages of every kind are made of, with their schemas: ids, blocks, errors.
// zod is the one npm import of shared/protocol; it is plain ECMAScript and runs everywhere.
import * as z from "zod";
import * as limits from "../limits.ts";
import { asActorId, asAttemptId, asBlockId, asClientId, asJobId } from "../ids.ts";
import { asDatasetId, asPeerId, asTaskKey, asWorkerId } from "../ids.ts";
import type { JsonValue } from "../graph/task.ts";

// Schemas are compiled with `new Function` unless told otherwise, which a strict CSP forbids; Node has none.
z.config({ jitless: !("process" in globalThis) });

const hash = z.string().regex(/^[0-9a-f]{64}$/, "must have 64 hexadecimal digits");
const token22 = (prefix: string) => z.string().regex(new RegExp(`^${prefix}_[\\w-]{22}$`));
export const count = z.int().nonnegative();
export const milliseconds = z.number().nonnegative();
export const nameSchema = z.string().trim().min(1).max(limits.NAME_LENGTH_MAX);
export const text = z.string().max(4_000);

export const blockIdSchema = hash.transform(asBlockId);
export const taskKeySchema = hash.transform(asTaskKey);
export const jobIdSchema = token22("j").transform(asJobId);
export const datasetIdSchema = token22("d").transform(asDatasetId);
export const workerIdSchema = token22("w").transform(asWorkerId);
export const clientIdSchema = token22("c").transform(asClientId);
export const peerIdSchema = z.string().min(8).max(64).transform(asPeerId);
export const actorIdSchema = token22("a").transform(asActorId);
export const attemptIdSchema = z.int().positive().transform(asAttemptId);
export const jsonSchema = z.json() as unknown as z.ZodType<JsonValue>;

export const blockRefSchema = z.object({
  block: blockIdSchema,
  sizeBytes: count.max(limits.BLOCK_BYTES_MAX),
});

/** Bytes of a block up to SMALL_BLOCK_BYTES_MAX, which travel in the message that names it. */
export const smallBytes = z.base64().max(Math.ceil(limits.SMALL_BLOCK_BYTES_MAX / 3) * 4);

export const smallBlockSchema = z.object({ block: blockIdSchema, bytes: smallBytes });

/** A block with everywhere it can be fetched: peers to dial, and whether the store has it. */
export const locatedBlockSchema = blockRefSchema.extend({
  peers: z.array(peerIdSchema),
  stored: z.boolean(),
  bytes: smallBytes.exactOptional(),
});

/** What was thrown where a task ran. */
export const remoteErrorSchema = z.object({
  name: z.string().max(200),
  message: text,
  stack: z.string().max(8_000),
});
