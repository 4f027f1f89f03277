// BLAKE3 of bytes, in the page or in a thread: the façade of hash-wasm.
import { createBLAKE3 } from "hash-wasm";
import type { Hash } from "../../shared/graph/task-key.ts";

/** A hash function that answers at once, ready after its WebAssembly is. */
export async function createHash(): Promise<Hash> {
  const hasher = await createBLAKE3();
  return (bytes) => hasher.init().update(bytes).digest("hex");
}
