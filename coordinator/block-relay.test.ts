import { describe, expect, it } from "vitest";
import { asBlockId, type BlockId } from "../shared/ids.ts";
import { BlockRelay } from "./block-relay.ts";

const block = asBlockId("a".repeat(64));
const other = asBlockId("b".repeat(64));

describe("BlockRelay", () => {
  it("asks once for all who wait, and tells them all", async () => {
    const asked: BlockId[] = [];
    const relay = new BlockRelay({ ask: (wanted) => asked.push(wanted) > 0 });
    const waits = [relay.draw(block), relay.draw(block), relay.draw(other)];
    relay.stored(block);
    relay.stored(other);
    expect(await Promise.all(waits)).toEqual(["stored", "stored", "stored"]);
    expect(asked).toEqual([block, other]);
  });

  it("asks the next holder when one does not deliver, and gives up in the end", async () => {
    const turns: number[] = [];
    const ask = (_block: BlockId, turn: number): boolean => turns.push(turn) > 0;
    const relay = new BlockRelay({ ask, waitMs: 60, askAgainMs: 10 });
    expect(await relay.draw(block)).toBe("no-answer");
    expect(turns.slice(0, 3)).toEqual([0, 1, 2]);
    const turnCount = turns.length;
    relay.stored(block);
    expect(turns).toHaveLength(turnCount);
  });

  it("does not wait when nobody holds the block", async () => {
    const relay = new BlockRelay({ ask: () => false });
    expect(await relay.draw(block)).toBe("nobody-holds-it");
  });

  it("bounds the number of those who wait, and frees their places", async () => {
    const relay = new BlockRelay({ ask: () => true });
    const waits = Array.from({ length: 256 }, () => relay.draw(block));
    expect(await relay.draw(other)).toBe("too-busy");
    relay.stored(block);
    await Promise.all(waits);
    const next = relay.draw(other);
    relay.close();
    expect(await next).toBe("no-answer");
  });
});
