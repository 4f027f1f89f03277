import { describe, expect, it } from "vitest";
import { asBlockId, asWorkerId, type BlockId, type WorkerId } from "../shared/ids.ts";
import { BlockRelay } from "./block-relay.ts";

const block = asBlockId("a".repeat(64));
const worker = (letter: string): WorkerId => asWorkerId(`w_${letter.repeat(22)}`);
const other = asBlockId("b".repeat(64));

describe("BlockRelay", () => {
  it("asks once for all who wait, and tells them all", async () => {
    const asked: BlockId[] = [];
    const relay = new BlockRelay({
      ask: (wanted) => {
        asked.push(wanted);
        return worker("a");
      },
    });
    const waits = [relay.draw(block), relay.draw(block), relay.draw(other)];
    relay.stored(block);
    relay.stored(other);
    expect(await Promise.all(waits)).toEqual(["stored", "stored", "stored"]);
    expect(asked).toEqual([block, other]);
  });

  it("asks the next holder when one does not deliver, and gives up in the end", async () => {
    const turns: number[] = [];
    const ask = (_block: BlockId, turn: number): WorkerId => {
      turns.push(turn);
      return worker("a");
    };
    const relay = new BlockRelay({ ask, waitMs: 60, askAgainMs: 10 });
    expect(await relay.draw(block)).toBe("no-answer");
    expect(turns.slice(0, 3)).toEqual([0, 1, 2]);
    const turnCount = turns.length;
    relay.stored(block);
    expect(turns).toHaveLength(turnCount);
  });

  it("asks the next holder at once when the one that was asked has it no more", async () => {
    const holders = [worker("a"), worker("b")];
    const asked: (WorkerId | undefined)[] = [];
    const ask = (): WorkerId | undefined => {
      asked.push(holders[0]);
      return holders[0];
    };
    const relay = new BlockRelay({ ask });
    const [first, second] = [relay.draw(block), relay.draw(other)];
    relay.lost(worker("b"));
    relay.lost(worker("a"), []);
    expect(asked).toEqual([worker("a"), worker("a")]);
    holders.shift();
    relay.lost(worker("a"), [other]);
    expect(asked).toEqual([worker("a"), worker("a"), worker("b")]);
    holders.shift();
    relay.lost(worker("b"));
    expect(await second).toBe("nobody-holds-it");
    relay.lost(worker("a"));
    expect(await first).toBe("nobody-holds-it");
  });

  it("does not wait when nobody holds the block", async () => {
    const relay = new BlockRelay({ ask: () => undefined });
    expect(await relay.draw(block)).toBe("nobody-holds-it");
  });

  it("bounds the number of those who wait, and frees their places", async () => {
    const relay = new BlockRelay({ ask: () => worker("a") });
    const waits = Array.from({ length: 256 }, () => relay.draw(block));
    expect(await relay.draw(other)).toBe("too-busy");
    relay.stored(block);
    await Promise.all(waits);
    const next = relay.draw(other);
    relay.close();
    expect(await next).toBe("no-answer");
  });
});
