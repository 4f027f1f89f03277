// Hands out pieces of a WebAssembly memory that grows up to a budget; first fit, freed pieces merge.
import { assert } from "../assert.ts";

/** The work does not fit into the memory that the kernel may use. Reported as "out-of-memory". */
export class KernelMemoryError extends Error {
  override name = "KernelMemoryError";
}

/** What shared code needs of WebAssembly.Memory, whose type only hosts have. */
export interface GrowableMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface MemoryArena {
  /** The address of `sizeBytes` bytes, a multiple of 64, or null when there is no room. */
  allocate(sizeBytes: number): number | null;
  /** Gives a piece back; `address` as it came from `allocate`. */
  free(address: number): void;
  usedBytes(): number;
}

const PAGE_BYTES = 65_536;
/** A cache line, and enough for every vector load. */
const ALIGNMENT_BYTES = 64;
/** 32-bit addresses end here; the last page stays unused so that ends are addresses too. */
const ADDRESSES_BYTES = 2 ** 32 - PAGE_BYTES;

const alignUp = (size: number): number => Math.ceil(size / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;

/** An arena over `memory` from `baseBytes` (the end of the module's static data) up to the budget. */
export function createMemoryArena(
  memory: GrowableMemory,
  baseBytes: number,
  budgetBytes: number,
): MemoryArena {
  const start = alignUp(baseBytes);
  const limit = Math.min(start + budgetBytes, ADDRESSES_BYTES);
  const pieces = new Map<number, number>();
  /** Free pieces below `top`, by address; no two touch. */
  let holes: { address: number; sizeBytes: number }[] = [];
  let top = start;
  let used = 0;

  const reach = (end: number): boolean => {
    const pages = Math.ceil((end - memory.buffer.byteLength) / PAGE_BYTES);
    if (pages <= 0) return true;
    try {
      memory.grow(pages);
      return true;
    } catch {
      // The browser has no more memory to give: to the caller the same as a budget used up.
      return false;
    }
  };

  const take = (address: number, sizeBytes: number): number => {
    pieces.set(address, sizeBytes);
    used += sizeBytes;
    return address;
  };

  return {
    allocate(wantedBytes) {
      const sizeBytes = alignUp(Math.max(wantedBytes, 1));
      const hole = holes.find((candidate) => candidate.sizeBytes >= sizeBytes);
      if (hole !== undefined) {
        const address = hole.address;
        hole.address += sizeBytes;
        hole.sizeBytes -= sizeBytes;
        holes = holes.filter((candidate) => candidate.sizeBytes > 0);
        return take(address, sizeBytes);
      }
      if (top + sizeBytes > limit || !reach(top + sizeBytes)) return null;
      const address = top;
      top += sizeBytes;
      return take(address, sizeBytes);
    },

    free(address) {
      const sizeBytes = pieces.get(address);
      assert(sizeBytes !== undefined, `no piece of memory starts at ${address}`);
      pieces.delete(address);
      used -= sizeBytes;
      const sorted = [...holes, { address, sizeBytes }].sort((a, b) => a.address - b.address);
      holes = [];
      for (const hole of sorted) {
        const last = holes.at(-1);
        if (last !== undefined && last.address + last.sizeBytes === hole.address) {
          last.sizeBytes += hole.sizeBytes;
        } else holes.push(hole);
      }
      const last = holes.at(-1);
      if (last !== undefined && last.address + last.sizeBytes === top) {
        top = last.address;
        holes.pop();
      }
    },

    usedBytes: () => used,
  };
}
