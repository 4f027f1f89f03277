// Draws a block that the store lacks from somebody who holds it, for those who wait for it.
import type { BlockId } from "../shared/ids.ts";
import type { Holder } from "../shared/scheduler/events.ts";
import { STORE_WAIT_MS, TRANSFER_STALL_MS } from "../shared/limits.ts";

/** Requests waiting at once over all blocks; more are told to come back. */
const WAITERS_MAX = 256;

export type DrawOutcome = "stored" | "nobody-holds-it" | "no-answer" | "too-busy";

interface Draw {
  readonly settled: Promise<DrawOutcome>;
  readonly settle: (outcome: DrawOutcome) => void;
  /** Who was asked last. */
  asked: Holder | undefined;
  /** Asks the next holder; false when nobody holds the block now. */
  readonly ask: () => boolean;
}

export interface BlockRelayOptions {
  /** Asks the `turn`-th holder to upload the block, and says who that is; undefined when nobody holds it now. */
  readonly ask: (block: BlockId, turn: number) => Holder | undefined;
  readonly waitMs?: number;
  readonly askAgainMs?: number;
}

export class BlockRelay {
  readonly #options: BlockRelayOptions;
  readonly #draws = new Map<BlockId, Draw>();
  #waiterCount = 0;

  constructor(options: BlockRelayOptions) {
    this.#options = options;
  }

  /** Waits until the block is in the store. All who wait for one block share one upload. */
  async draw(block: BlockId): Promise<DrawOutcome> {
    if (this.#waiterCount >= WAITERS_MAX) return "too-busy";
    const draw = this.#draws.get(block) ?? this.#begin(block);
    this.#waiterCount += 1;
    try {
      return await draw.settled;
    } finally {
      this.#waiterCount -= 1;
    }
  }

  /** The block arrived in the store. */
  stored(block: BlockId): void {
    this.#draws.get(block)?.settle("stored");
  }

  /** This holder has these blocks no more, or nothing at all: it is not waited for. */
  lost(holder: Holder, blocks: Iterable<BlockId> = [...this.#draws.keys()]): void {
    for (const block of blocks) {
      const draw = this.#draws.get(block);
      if (draw?.asked === holder && !draw.ask()) draw.settle("nobody-holds-it");
    }
  }

  /** Ends every wait. */
  close(): void {
    for (const draw of this.#draws.values()) draw.settle("no-answer");
  }

  #begin(block: BlockId): Draw {
    const { ask, waitMs = STORE_WAIT_MS, askAgainMs = TRANSFER_STALL_MS } = this.#options;
    let turn = -1;
    let settle: (outcome: DrawOutcome) => void = () => {};
    const settled = new Promise<DrawOutcome>((resolve) => {
      settle = resolve;
    });
    const timeout = setTimeout(() => finish("no-answer"), waitMs);
    // A holder that does not deliver is not waited for: the next one is asked meanwhile.
    const interval = setInterval(() => draw.ask(), askAgainMs);
    const finish = (outcome: DrawOutcome): void => {
      clearTimeout(timeout);
      clearInterval(interval);
      this.#draws.delete(block);
      settle(outcome);
    };
    const draw: Draw = {
      settled,
      settle: finish,
      asked: undefined,
      ask: () => {
        turn += 1;
        draw.asked = ask(block, turn);
        return draw.asked !== undefined;
      },
    };
    this.#draws.set(block, draw);
    if (!draw.ask()) finish("nobody-holds-it");
    return draw;
  }
}
