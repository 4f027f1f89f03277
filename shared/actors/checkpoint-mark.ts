// Checkpoints as blocks that nothing else in the cluster can be equal to: so an outdated one is deleted
// without asking whether somebody's result happens to have the same bytes.
import { decodeNpy, encodeNpy } from "../codecs/npy.ts";
import type { Life } from "./actor-events.ts";

/** An actor's id, its life and the number of the checkpoint, with room. */
const MARK_BYTES = 64;

/** A one-dimensional NPY array of bytes: the value's, then the mark. */
export function markCheckpoint(
  value: Uint8Array,
  { actor, life }: Life,
  count: number,
): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(value.length + MARK_BYTES);
  data.set(value);
  const mark = `${actor}/${life}/${count}`;
  for (let i = 0; i < mark.length; i += 1) data[value.length + i] = mark.charCodeAt(i);
  return encodeNpy({ shape: [data.length], data });
}

/** The value's bytes. Throws what `decodeNpy` throws. */
export function unmarkCheckpoint(bytes: Uint8Array): Uint8Array {
  const { data } = decodeNpy(bytes);
  const marked = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return marked.subarray(0, Math.max(0, marked.length - MARK_BYTES));
}
