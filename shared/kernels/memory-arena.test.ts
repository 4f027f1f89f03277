// The arena: pieces never overlap, freed memory is used again, the budget holds.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GrowableMemory, createMemoryArena } from "./memory-arena.ts";

/** A memory that can grow to `pages`, then refuses as browsers do. */
function createMemory(maximum = 65_536): GrowableMemory {
  return new WebAssembly.Memory({ initial: 1, maximum });
}

describe("memory arena", () => {
  it("keeps pieces apart, aligned and inside the memory", () => {
    const step = fc.record({ sizeBytes: fc.integer({ min: 0, max: 9000 }), frees: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const memory = createMemory();
        const arena = createMemoryArena(memory, 100, 40_000);
        const pieces: { address: number; end: number }[] = [];
        for (const { sizeBytes, frees } of steps) {
          const address = arena.allocate(sizeBytes);
          if (address !== null) {
            const end = address + sizeBytes;
            expect(address % 64).toBe(0);
            expect(address).toBeGreaterThanOrEqual(100);
            expect(end).toBeLessThanOrEqual(memory.buffer.byteLength);
            expect(pieces.every((other) => other.end <= address || end <= other.address)).toBe(
              true,
            );
            pieces.push({ address, end });
          }
          if (frees % 3 === 0 && pieces.length > 0) {
            for (const piece of pieces.splice(frees % pieces.length, 1)) arena.free(piece.address);
          }
          expect(arena.usedBytes()).toBeLessThanOrEqual(40_000);
        }
        for (const piece of pieces) arena.free(piece.address);
        expect(arena.usedBytes()).toBe(0);
        // All is one piece again, whatever the order in which it was given back.
        expect(arena.allocate(39_936)).not.toBeNull();
      }),
    );
  });

  it("gives nothing above the budget", () => {
    const arena = createMemoryArena(createMemory(), 0, 1024);
    expect(arena.allocate(1000)).toBe(0);
    expect(arena.allocate(1)).toBeNull();
  });

  it("gives nothing when the browser refuses to grow the memory", () => {
    const arena = createMemoryArena(createMemory(2), 0, 2 ** 30);
    expect(arena.allocate(2 * 65_536)).toBe(0);
    expect(arena.allocate(1)).toBeNull();
  });

  it("refuses to free what it did not give", () => {
    const arena = createMemoryArena(createMemory(), 0, 1024);
    expect(() => arena.free(64)).toThrow("no piece of memory");
  });
});
