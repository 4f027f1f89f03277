import { expect, test } from "vitest";
import { createAbort } from "../../shared/data-plane/abort.ts";
import { createVirtualClock, settle } from "../../shared/data-plane/virtual-clock.ts";
import { asBlockId } from "../../shared/ids.ts";
import { createCoordinatorBlocks } from "./coordinator-blocks.ts";

const block = asBlockId("a".repeat(64));
const tooLong = { "content-length": "4" };
const problem = { type: "about:blank", title: "No", status: 404, detail: "Nobody holds it." };

function setUp(answer: (attempt: number, request: Request) => Response | Promise<Response>) {
  const clock = createVirtualClock();
  const requests: Request[] = [];
  const blocks = createCoordinatorBlocks({
    clock,
    token: "secret",
    fetch: async (path, init) => {
      const request = new Request(new URL(path as string, "http://coordinator"), init);
      requests.push(request);
      const answered = answer(requests.length, request);
      const aborted = new Promise<never>((_, reject) => {
        const fail = (): void => reject(init?.signal?.reason as Error);
        if (init?.signal?.aborted === true) fail();
        init?.signal?.addEventListener("abort", fail);
      });
      return Promise.race([answered, aborted]);
    },
  });
  return { clock, blocks, requests };
}

function outcomeOf<T>(promise: Promise<T>) {
  const outcome: { value?: T; error?: { code?: string; status?: number; message: string } } = {};
  promise.then(
    (value) => (outcome.value = value),
    (error: { code?: string; status?: number; message: string }) => (outcome.error = error),
  );
  return outcome;
}

test("a body that stops coming is a stall, later for a larger block", async () => {
  const { clock, blocks } = setUp((_attempt, { signal }) => {
    const start = (body: ReadableStreamDefaultController): void => {
      signal.addEventListener("abort", () => body.error(signal.reason));
    };
    return new Response(new ReadableStream({ start }));
  });
  const small = outcomeOf(blocks.request(block, { sizeBytes: 1_000, stallMs: 5_000 }));
  const large = outcomeOf(blocks.request(block, { sizeBytes: 4_000_000, stallMs: 5_000 }));
  for (let i = 0; i < 3; i += 1) {
    await turn();
    await clock.advance(2_000);
  }
  expect([small.error?.code, large.error?.code]).toEqual(["stalled", undefined]);
  for (let i = 0; i < 4; i += 1) {
    await turn();
    await clock.advance(2_000);
  }
  expect(large.error?.code).toBe("stalled");
});

/** Streams settle over several turns of the event loop, not of the virtual clock. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function bodyOf(...pieces: number[][]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new Uint8Array(piece));
      controller.close();
    },
  });
}

test("reads a block, with the token in the header", async () => {
  const { blocks, requests } = setUp(() => new Response(bodyOf([1, 2], [3])));
  const progress: number[] = [];
  const bytes = await blocks.request(block, {
    sizeBytes: 3,
    stallMs: 5_000,
    onProgress: (count) => progress.push(count),
  });
  expect([...bytes]).toEqual([1, 2, 3]);
  expect(progress).toEqual([3]);
  expect(requests[0]?.headers.get("authorization")).toBe("Bearer secret");
  expect(requests[0]?.url).toBe(`http://coordinator/api/blocks/${block}`);
});

test.each([
  ["too many bytes", () => new Response(bodyOf([1, 2, 3, 4])), "wrong-size"],
  ["too many declared", () => new Response(null, { headers: tooLong }), "wrong-size"],
  ["too few bytes", () => new Response(bodyOf([1])), "unreachable"],
  ["an absent block", () => Response.json(problem, { status: 404 }), "not-held"],
  ["a refusal", () => new Response("<html>", { status: 401 }), "unreachable"],
  ["no network", () => Promise.reject(new TypeError("fetch failed")), "unreachable"],
] as const)("%s is a failure of its kind", async (_what, answer, code) => {
  const { blocks } = setUp(answer);
  const request = blocks.request(block, { sizeBytes: 3, stallMs: 5_000 });
  await expect(request).rejects.toMatchObject({ code });
});

test("an answer that does not come is a stall, a cancelled one is cancelled", async () => {
  const { clock, blocks } = setUp(() => new Promise(() => undefined));
  const abort = createAbort();
  const stalled = outcomeOf(blocks.request(block, { sizeBytes: 3, stallMs: 5_000 }));
  const options = { sizeBytes: 3, stallMs: 60_000, signal: abort.signal };
  const cancelled = outcomeOf(blocks.request(block, options));
  await clock.advance(5_100);
  abort.abort();
  await settle();
  expect([stalled.error?.code, cancelled.error?.code]).toEqual(["stalled", "cancelled"]);
  await expect(blocks.request(block, options)).rejects.toMatchObject({ code: "cancelled" });
});

test("uploads again when the coordinator is away, and not when it refuses", async () => {
  const { clock, blocks, requests } = setUp((attempt) => {
    if (attempt === 1) throw new TypeError("fetch failed");
    return attempt === 2
      ? new Response(null, { status: 503 })
      : new Response(null, { status: 204 });
  });
  const upload = outcomeOf(blocks.upload(block, new Uint8Array([1])));
  for (let i = 0; i < 5; i += 1) {
    await turn();
    await clock.advance(3_000);
  }
  expect(upload).toHaveProperty("value");
  expect(requests.map(({ method }) => method)).toEqual(["PUT", "PUT", "PUT"]);

  const refusing = setUp(() => Response.json({ ...problem, status: 400 }, { status: 400 }));
  await expect(refusing.blocks.upload(block, new Uint8Array([1]))).rejects.toMatchObject({
    status: 400,
    message: "Nobody holds it.",
  });
  expect(refusing.requests.length).toBe(1);
});

test("an upload ends after four attempts", async () => {
  const { clock, blocks, requests } = setUp(() => new Response(null, { status: 500 }));
  const upload = outcomeOf(blocks.upload(block, new Uint8Array([1])));
  for (let i = 0; i < 8; i += 1) {
    await turn();
    await clock.advance(10_000);
  }
  expect(upload.error?.status).toBe(500);
  expect(requests.length).toBe(4);
});
