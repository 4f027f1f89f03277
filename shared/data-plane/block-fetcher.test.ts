import { createBLAKE3 } from "hash-wasm";
import { expect, test } from "vitest";
import { asBlockId, asPeerId, type BlockId, type PeerId } from "../ids.ts";
import type { LocatedBlock } from "../protocol/messages.ts";
import { createAbort } from "./abort.ts";
import { createBlockFetcher } from "./block-fetcher.ts";
import type { TransferOptions } from "./channel-session.ts";
import type { DirectState, Source } from "./source-choice.ts";
import { TransferError, type TransferFailure } from "./transfer-error.ts";
import { createVirtualClock, settle, type VirtualClock } from "./virtual-clock.ts";

const hasher = await createBLAKE3();
const hash = (bytes: Uint8Array): string => hasher.init().update(bytes).digest("hex");
const peerA = asPeerId("peer-aaaa");
const peerB = asPeerId("peer-bbbb");

function makeBlock(
  seed: number,
  length = 100_000,
): { block: BlockId; bytes: Uint8Array<ArrayBuffer> } {
  const bytes = new Uint8Array(length).fill(seed);
  return { block: asBlockId(hash(bytes)), bytes };
}

/** How one source behaves. */
interface Behaviour {
  bytesPerMs?: number;
  fails?: TransferFailure;
  lies?: boolean;
}

function transferFrom(
  clock: VirtualClock,
  behaviour: Behaviour,
  bytes: Uint8Array<ArrayBuffer> | undefined,
  { signal, onProgress }: TransferOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(new TransferError("cancelled", "Cancelled."));
    const length = bytes?.length ?? 0;
    const stop = clock.after(length / (behaviour.bytesPerMs ?? 1_000), () => {
      if (behaviour.fails !== undefined)
        return reject(new TransferError(behaviour.fails, "It failed."));
      if (bytes === undefined) return reject(new TransferError("not-held", "Not here."));
      onProgress?.(length);
      resolve(behaviour.lies === true ? new Uint8Array(length) : bytes);
    });
    signal?.addEventListener("abort", () => {
      stop();
      reject(new TransferError("cancelled", "Cancelled."));
    });
  });
}

function setUp(behaviours: Map<Source, Behaviour>, random = () => 0.99) {
  const clock = createVirtualClock();
  const blocks = new Map<BlockId, Uint8Array<ArrayBuffer>>();
  const requested: Source[] = [];
  const states = new Map<PeerId, DirectState>();
  const active = new Map<Source, number>();
  const peaks = new Map<Source, number>();
  const dials: PeerId[] = [];
  let located: LocatedBlock | null = null;
  let locates = 0;

  async function request(source: Source, block: BlockId, options: TransferOptions) {
    requested.push(source);
    active.set(source, (active.get(source) ?? 0) + 1);
    peaks.set(source, Math.max(peaks.get(source) ?? 0, active.get(source) ?? 0));
    try {
      return await transferFrom(clock, behaviours.get(source) ?? {}, blocks.get(block), options);
    } finally {
      active.set(source, (active.get(source) ?? 0) - 1);
    }
  }
  const fetcher = createBlockFetcher({
    clock,
    hash,
    direct: {
      state: (peer) => states.get(peer) ?? "open",
      dial: (peer) => {
        dials.push(peer);
        states.set(peer, "connecting");
        return new Promise((resolve) => {
          clock.after(4_000, () => {
            if (states.get(peer) === "connecting") states.set(peer, "failed");
            resolve();
          });
        });
      },
      request,
    },
    coordinator: { request: (block, options) => request(null, block, options) },
    locate: () => {
      locates += 1;
      return Promise.resolve(located);
    },
    ownPeer: () => asPeerId("peer-self"),
    random,
  });
  return {
    clock,
    fetcher,
    requested,
    states,
    peaks,
    dials,
    add: (seed: number, peers: PeerId[], stored: boolean, length?: number): LocatedBlock => {
      const { block, bytes } = makeBlock(seed, length);
      blocks.set(block, bytes);
      return { block, sizeBytes: bytes.length, peers, stored };
    },
    answerLocate: (answer: LocatedBlock) => (located = answer),
    locates: () => locates,
  };
}

function outcomeOf<T>(promise: Promise<T>): {
  value?: T;
  error?: { code: string; message: string };
} {
  const outcome: { value?: T; error?: { code: string; message: string } } = {};
  promise.then(
    (value) => (outcome.value = value),
    (error: { code: string; message: string }) => (outcome.error = error),
  );
  return outcome;
}

test("the same block wanted twice travels once", async () => {
  const { clock, fetcher, requested, add } = setUp(new Map());
  const located = add(1, [peerA], false);
  const [first, second] = [outcomeOf(fetcher.fetch(located)), outcomeOf(fetcher.fetch(located))];
  await clock.advance(1_000);
  expect(requested).toEqual([peerA]);
  expect(second.value).toBe(first.value);
  expect(fetcher.bytesReceived).toEqual({ direct: 100_000, coordinator: 0 });
  expect(fetcher.activeTransfers).toBe(0);
});

test("each source is measured once, and then the fastest is taken", async () => {
  const { clock, fetcher, requested, add } = setUp(
    new Map<Source, Behaviour>([
      [peerA, { bytesPerMs: 100 }],
      [peerB, { bytesPerMs: 10_000 }],
      [null, { bytesPerMs: 1_000 }],
    ]),
  );
  for (let seed = 0; seed < 12; seed += 1) {
    void fetcher.fetch(add(seed, [peerA, peerB], true));
    await clock.advance(2_000);
  }
  expect(new Set(requested.slice(0, 3))).toEqual(new Set([peerA, peerB, null]));
  expect(new Set(requested.slice(3))).toEqual(new Set([peerB]));
  expect(fetcher.meters().get(peerB)?.bytesPerMs).toBeCloseTo(10_000);
});

test("now and then another source is tried, so that a change is noticed", async () => {
  const rolls = { next: 0.99 };
  const slow: Behaviour = { bytesPerMs: 10 };
  const { clock, fetcher, requested, add } = setUp(
    new Map<Source, Behaviour>([
      [peerA, slow],
      [null, { bytesPerMs: 1_000 }],
    ]),
    () => rolls.next,
  );
  for (let seed = 0; seed < 3; seed += 1) {
    void fetcher.fetch(add(seed, [peerA], true));
    await clock.advance(20_000);
  }
  expect(requested.at(-1)).toBe(null);
  rolls.next = 0.01;
  void fetcher.fetch(add(10, [peerA], true));
  await clock.advance(20_000);
  expect(requested.at(-1)).toBe(peerA);
});

test("transfers a source are bounded", async () => {
  const { clock, fetcher, peaks, add } = setUp(new Map());
  const fetches = Array.from({ length: 30 }, (_, seed) => fetcher.fetch(add(seed, [peerA], true)));
  await clock.advance(60_000);
  await Promise.all(fetches);
  expect(peaks.get(peerA)).toBeLessThanOrEqual(3);
  expect(peaks.get(null)).toBeLessThanOrEqual(4);
});

test("bytes in flight are bounded, but one block always goes", async () => {
  const { clock, fetcher, add } = setUp(new Map([[null, { bytesPerMs: 1_000_000 }]]));
  const large = 40 * 2 ** 20;
  const fetches = [1, 2, 3].map((seed) => fetcher.fetch(add(seed, [], true, large)));
  await settle();
  expect(fetcher.activeTransfers).toBe(1);
  await clock.advance(10_000);
  expect((await Promise.all(fetches)).length).toBe(3);
});

test.each(["stalled", "unreachable", "not-held"] as const)(
  "a source that is %s is left for another",
  async (fails) => {
    const { clock, fetcher, requested, add } = setUp(new Map([[peerA, { fails }]]));
    const fetching = outcomeOf(fetcher.fetch(add(1, [peerA], false)));
    await clock.advance(10_000);
    expect(requested).toEqual([peerA, null]);
    expect(fetching.value).toBeDefined();
  },
);

test("wrong bytes are noticed, and their source is not asked for that block again", async () => {
  const { clock, fetcher, requested, add, answerLocate, locates } = setUp(
    new Map<Source, Behaviour>([
      [peerA, { lies: true }],
      [null, { fails: "unreachable" }],
    ]),
  );
  const located = add(1, [peerA], true);
  answerLocate(located);
  const fetching = outcomeOf(fetcher.fetch(located));
  await clock.advance(60_000);
  expect(requested.filter((source) => source === peerA).length).toBe(1);
  expect(locates()).toBe(1);
  expect(fetching.error?.code).toBe("unavailable");
  expect(fetching.error?.message).toContain(located.block.slice(0, 12));
});

test("when all sources fail, the coordinator is asked once where else the block is", async () => {
  const { clock, fetcher, requested, add, answerLocate } = setUp(
    new Map<Source, Behaviour>([
      [peerA, { fails: "not-held" }],
      [null, { fails: "not-held" }],
    ]),
  );
  const located = add(1, [peerA], false);
  answerLocate({ ...located, peers: [peerB] });
  const fetching = outcomeOf(fetcher.fetch(located));
  await clock.advance(60_000);
  expect(requested).toEqual([peerA, null, peerB]);
  expect(fetching.value).toBeDefined();
});

test("while a channel opens the coordinator serves what it has", async () => {
  const { clock, fetcher, states, requested, dials, add } = setUp(new Map());
  states.set(peerA, "none");
  const stored = outcomeOf(fetcher.fetch(add(1, [peerA], true)));
  const unstored = outcomeOf(fetcher.fetch(add(2, [peerA], false)));
  await clock.advance(1_000);
  expect(dials).toEqual([peerA]);
  expect(stored.value).toBeDefined();
  expect(unstored.value).toBeUndefined();
  await clock.advance(5_000);
  expect(unstored.value).toBeDefined();
  expect(requested).toEqual([null, null]);
});

test("we are no source for ourselves", async () => {
  const { clock, fetcher, requested, add } = setUp(new Map());
  void fetcher.fetch(add(1, [asPeerId("peer-self")], true));
  await clock.advance(1_000);
  expect(requested).toEqual([null]);
});

test("the last one who leaves ends the transfer; others keep it", async () => {
  const { clock, fetcher, add } = setUp(new Map([[peerA, { bytesPerMs: 10 }]]));
  const located = add(1, [peerA], false);
  const aborts = [createAbort(), createAbort()];
  const fetches = aborts.map((abort) => outcomeOf(fetcher.fetch(located, abort.signal)));
  await clock.advance(100);
  aborts[0]?.abort();
  await settle();
  expect(fetches[0]?.error?.code).toBe("cancelled");
  expect(fetcher.activeTransfers).toBe(1);
  aborts[1]?.abort();
  await settle();
  expect(fetches[1]?.error?.code).toBe("cancelled");
  expect(fetcher.activeTransfers).toBe(0);
  const again = outcomeOf(fetcher.fetch(located));
  await clock.advance(60_000);
  expect(again.value).toBeDefined();
});

test("closing settles everything that is under way or waits", async () => {
  const { fetcher, add } = setUp(new Map());
  const fetches = Array.from({ length: 10 }, (_, seed) =>
    outcomeOf(fetcher.fetch(add(seed, [peerA], false))),
  );
  await settle();
  fetcher.close();
  await settle();
  expect(fetches.map(({ error }) => error?.code)).toEqual(fetches.map(() => "closed"));
  const late = outcomeOf(fetcher.fetch(add(99, [peerA], false)));
  await settle();
  expect(late.error?.code).toBe("closed");
  expect(fetcher.activeTransfers).toBe(0);
});
