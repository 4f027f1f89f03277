// The names by which things are known across the cluster, as branded strings and numbers.

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** BLAKE3 of a block's bytes, 64 lower-case hexadecimal digits. */
export type BlockId = Branded<string, "BlockId">;
/** BLAKE3 of a task's canonical description, 64 lower-case hexadecimal digits. */
export type TaskKey = Branded<string, "TaskKey">;
/** A submitted job: "j_" and 22 base64url characters. */
export type JobId = Branded<string, "JobId">;
/** A dataset: "d_" and 22 base64url characters. */
export type DatasetId = Branded<string, "DatasetId">;
/** One joined page, stable over reloads of its tab: "w_" and 22 base64url characters. */
export type WorkerId = Branded<string, "WorkerId">;
/** One client (dashboard tab or command line): "c_" and 22 base64url characters. */
export type ClientId = Branded<string, "ClientId">;
/** One actor, for the whole of its life and its recoveries: "a_" and 22 base64url characters. */
export type ActorId = Branded<string, "ActorId">;
/** A transport endpoint for direct channels, given by the coordinator anew at each welcome. */
export type PeerId = Branded<string, "PeerId">;
/** One execution of a task; grows by one for the whole life of a coordinator's data folder. */
export type AttemptId = Branded<number, "AttemptId">;
/** One connection of a worker; grows by one at each join. A stale incarnation is never trusted. */
export type Incarnation = Branded<number, "Incarnation">;

export const asBlockId = (text: string): BlockId => text as BlockId;
export const asTaskKey = (text: string): TaskKey => text as TaskKey;
export const asJobId = (text: string): JobId => text as JobId;
export const asDatasetId = (text: string): DatasetId => text as DatasetId;
export const asWorkerId = (text: string): WorkerId => text as WorkerId;
export const asClientId = (text: string): ClientId => text as ClientId;
export const asActorId = (text: string): ActorId => text as ActorId;
export const asPeerId = (text: string): PeerId => text as PeerId;
export const asAttemptId = (value: number): AttemptId => value as AttemptId;
export const asIncarnation = (value: number): Incarnation => value as Incarnation;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** 22 base64url characters (132 bits, of which 128 random) from 16 or more random bytes. */
export function randomText(randomBytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of randomBytes.subarray(0, 16)) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 6) {
      held -= 6;
      text += ALPHABET.charAt((bits >> held) & 63);
    }
  }
  return text + ALPHABET.charAt((bits << (6 - held)) & 63);
}
