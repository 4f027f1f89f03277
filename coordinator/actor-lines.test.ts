// Calls that go past the coordinator, over direct channels of this process: real coordinator, host and client.
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeBase64 } from "../shared/codecs/base64.ts";
import { encodeValue } from "../shared/values/encode-value.ts";
import { type Actor, type ActorError, ActorLostError, type Cluster } from "./client.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import type { Coordinator } from "./start-coordinator.ts";
import { ActorWorker, type ActorWorkerOptions } from "./testing/actor-worker.ts";
import { LineNetwork } from "./testing/line-network.ts";

let fixture: CoordinatorFixture;
let coordinator: Coordinator;
let network: LineNetwork;
const clusters: Cluster[] = [];

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start();
  network = new LineNetwork();
});
afterEach(async () => {
  await Promise.all(clusters.splice(0).map((cluster) => cluster.close()));
  network.cut();
  await fixture.remove();
});

async function open(): Promise<Cluster> {
  const cluster = await network.connect(coordinator);
  clusters.push(cluster);
  return cluster;
}

async function join(options: ActorWorkerOptions = {}): Promise<ActorWorker> {
  const worker = await ActorWorker.join(coordinator, options);
  network.workers.push(worker);
  return worker;
}

const encodeText = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What the actors of this test have begun, in order: the classes run in this process. */
const begun: string[] = [];
Object.assign(globalThis, { onBegunCall: (name: string) => begun.push(name) });
beforeEach(() => void begun.splice(0));

/** Counts; its state is kept if it is asked for. */
class Counter {
  value: number;
  constructor(init: number) {
    this.value = init;
  }
  add(name: string): number {
    (globalThis as unknown as { onBegunCall(name: string): void }).onBegunCall(name);
    this.value += 1;
    return this.value;
  }
  async slow(name: string, ms: number): Promise<number> {
    this.add(name);
    await new Promise((resolve) => setTimeout(resolve, ms));
    return this.value;
  }
  echo(value: unknown): unknown {
    return value;
  }
  fail(): never {
    throw new RangeError("\u0001".repeat(20_000));
  }
  checkpoint(): number {
    return this.value;
  }
  restore(value: number): void {
    this.value = value;
  }
}

const errorOf = (promise: Promise<unknown>): Promise<ActorError | undefined> =>
  promise.then(
    () => undefined,
    (error: unknown) => error as ActorError,
  );

/** Calls until they go directly. */
async function untilDirect(actor: Actor<Pick<Counter, "echo">>): Promise<void> {
  while (actor.$way !== "direct") await actor.echo(null);
}

describe("a line", () => {
  it("[D1] carries the calls of one client past the coordinator, each value as before", async () => {
    await join();
    const cluster = await open();
    const counter = await cluster.actor(Counter, 0);
    expect(counter.$way).toBe("coordinator");
    await untilDirect(counter);
    expect(await counter.add("a")).toBe(1);
    const large = Float64Array.from({ length: 40_000 }, (_, i) => i);
    expect(await counter.echo(large)).toEqual(large);
    expect(await Promise.all([counter.add("b"), counter.add("c")])).toEqual([2, 3]);
    // The coordinator knows nothing of them.
    expect((await cluster.actors())[0]?.calls).toBe(0);
    const error = await errorOf(counter.fail());
    expect(error).toMatchObject({ name: "RangeError", mayHaveRun: true });
    expect(error?.message).toHaveLength(4_000);
    // Who has no direct channels calls the same actor all the same, and so does another client.
    const other = await (await open()).attachActor<Counter>(counter.$id);
    expect(await other.add("d")).toBe(4);
    await untilDirect(other);
    expect(await other.add("e")).toBe(5);
  });

  it("[D1] is opened by a key once, and by no other", async () => {
    const worker = await join();
    const cluster = await open();
    const counter = await cluster.actor(Counter, 0);
    const line = { send: () => undefined, hasRoom: true, end: () => undefined };
    expect(worker.host.answerLine("0".repeat(32), line)).toBeNull();
    const [{ actor, life }] = worker.host.held() as [{ actor: typeof counter.$id; life: number }];
    const key = "1".repeat(32);
    worker.host.receive({ type: "admit-line", actor, life, caller: 77, key });
    expect(worker.host.answerLine(key, line)).not.toBeNull();
    expect(worker.host.answerLine(key, line)).toBeNull();
  });

  it("[D2][G3] is used when no call is under way on the other way, so that none overtakes", async () => {
    const worker = await join();
    const cluster = await open();
    const counter = await cluster.actor(Counter, 0);
    // The direct way is the faster one.
    worker.inboxDelayMs = 20;
    const calls: Promise<number>[] = [];
    const add = (): number => calls.push(counter.add(String(calls.length)));
    // Some are under way at every moment, also in that in which the line opens.
    while (counter.$way !== "direct") {
      add();
      add();
      await calls.at(-2);
    }
    for (let i = 0; i < 50; i += 1) add();
    await Promise.all(calls);
    expect(begun).toEqual(calls.map((_, i) => String(i)));
  });

  it("[D2][G3] is too late with a call when a newer one has come through the coordinator", async () => {
    const worker = await join();
    const cluster = await open();
    const counter = await cluster.actor(Counter, 0);
    const [{ actor, life }] = worker.host.held() as [{ actor: typeof counter.$id; life: number }];
    const key = "1".repeat(32);
    worker.host.receive({ type: "admit-line", actor, life, caller: 77, key });
    const answers: number[] = [];
    const send = (bytes: Uint8Array): void => {
      answers.push((JSON.parse(new TextDecoder().decode(bytes)) as { call: number }).call);
    };
    let isEnded = false;
    const end = (): void => void (isEnded = true);
    const line = worker.host.answerLine(key, { send, hasRoom: true, end });
    const encode = (value: unknown): Uint8Array => encodeText(JSON.stringify(value));
    const args = { bytes: encodeBase64(encodeValue(["x"], { encodeText, name: "args" })) };
    const said = { method: "add", deadlineMs: 1_000, args };
    line?.onMessage(encode({ call: 4, ...said }));
    worker.host.receive({ type: "call-actor", actor, life, caller: 77, call: 6, ...said });
    line?.onMessage(encode({ call: 5, ...said }));
    line?.onMessage(encode({ call: 7, ...said }));
    await expect.poll(() => answers).toEqual([4, 7]);
    expect(begun).toEqual(["x", "x", "x"]);
    // Nonsense ends it.
    line?.onMessage(encode({ call: 8, method: "add" }));
    expect(isEnded).toBe(true);
  });

  it("[D3][G1] that breaks loses what was under way; later calls go through the coordinator", async () => {
    await join();
    const cluster = await open();
    const counter = await cluster.actor(Counter, 0);
    await untilDirect(counter);
    const lost = [counter.slow("a", 50), counter.add("b")].map(errorOf);
    const again = counter.$with({ retries: 1 }).add("c");
    while (begun.length === 0) await delay(1);
    network.cut();
    for (const error of await Promise.all(lost)) {
      expect(error).toBeInstanceOf(ActorLostError);
      expect(error).toMatchObject({ mayHaveRun: true });
    }
    expect(await again).toBe(2);
    expect(begun).toEqual(["a", "c"]);
    expect(counter.$way).toBe("coordinator");
  });

  it("[D3] that its worker ends loses nothing that was not begun", async () => {
    const worker = await join();
    const cluster = await open();
    const counter = await cluster.actor(Counter, 0, { checkpointEveryCalls: 100 });
    await untilDirect(counter);
    const answers = [counter.slow("a", 50), counter.add("b"), counter.add("c")];
    while (begun.length === 0) await delay(1);
    await join();
    await worker.leave();
    expect(await Promise.all(answers)).toEqual([1, 2, 3]);
    expect(begun).toEqual(["a", "b", "c"]);
    expect(counter.$view.life).toBe(2);
  });

  it("[D5][R2] ends while its worker has no coordinator, and is opened again afterwards", async () => {
    const worker = await join();
    const cluster = await open();
    const counter = await cluster.actor(Counter, 0);
    await untilDirect(counter);
    const running = errorOf(counter.slow("a", 100));
    const waiting = counter.add("b");
    while (begun.length === 0) await delay(1);
    await worker.disconnect();
    await expect.poll(() => counter.$way).toBe("coordinator");
    expect(await running).toMatchObject({ mayHaveRun: true });
    await worker.rejoin();
    expect(await waiting).toBe(2);
    expect(counter.$view.life).toBe(1);
    await untilDirect(counter);
    expect(await counter.add("c")).toBe(3);
  });

  it("[D5][R6] ends with its actor", async () => {
    await join();
    const cluster = await open();
    const counter = await cluster.actor(Counter, 0);
    await untilDirect(counter);
    const running = errorOf(counter.slow("a", 10_000));
    const waiting = errorOf(counter.add("b"));
    while (begun.length === 0) await delay(1);
    await counter.$release();
    expect(await running).toMatchObject({ name: "ActorLostError", mayHaveRun: true });
    expect(await waiting).toMatchObject({ name: "ActorLostError", mayHaveRun: false });
  });

  it("[D4][G8] answers only what is kept, where each call is kept", async () => {
    const first = await join();
    const cluster = await open();
    const counter = await cluster.actor(Counter, 0, { checkpointEveryCalls: 1 });
    await untilDirect(counter);
    expect(await counter.add("a")).toBe(1);
    expect(await counter.add("b")).toBe(2);
    // It ran, but nobody is told before the coordinator has said that it keeps the state.
    first.inboxDelayMs = 100_000;
    const unkept = errorOf(counter.add("lost"));
    await expect.poll(() => begun.at(-1)).toBe("lost");
    await delay(20);
    await join();
    await first.vanish();
    network.cut(first);
    expect(await unkept).toMatchObject({ mayHaveRun: true });
    // It was kept, though its caller could not be told.
    expect(await counter.add("c")).toBe(4);
  });

  it("[D4][R1] without a checkpoint loses the actor with what it was told directly", async () => {
    const first = await join();
    const cluster = await open();
    const plain = await cluster.actor(
      class {
        echo(value: unknown): unknown {
          return value;
        }
      },
      0,
    );
    await untilDirect(plain);
    await join();
    await first.leave();
    expect(await errorOf(plain.echo(1))).toBeInstanceOf(ActorLostError);
  });

  it("[G5][G6] keeps deadlines and bounds as the coordinator does", async () => {
    await join();
    const cluster = await open();
    const counter = await cluster.actor(Counter, 0);
    await untilDirect(counter);
    const slow = counter.slow("a", 200);
    const late = errorOf(counter.$with({ deadlineMs: 20 }).add("b"));
    const many = Array.from({ length: 1_100 }, () => errorOf(counter.add("c")));
    expect(await late).toMatchObject({ name: "ActorDeadlineError" });
    expect(await slow).toBe(1);
    const errors = await Promise.all(many);
    expect(errors.filter((error) => error?.name === "ActorBusyError").length).toBeGreaterThan(90);
    expect(begun).not.toContain("b");
    expect(await counter.add("d")).toBe(begun.length);
  });

  it("[G10] ends a call beyond its limit, and the line with the thread", async () => {
    await join();
    const cluster = await open();
    const counter = await cluster.actor(Counter, 0, { checkpointEveryCalls: 1 });
    await untilDirect(counter);
    await counter.add("a");
    const error = await errorOf(counter.$with({ limitMs: 30 }).slow("b", 10_000));
    expect(error?.message).toContain("ran longer than its limit of 0.03 s");
    expect(await counter.add("c")).toBe(2);
  });
});

// What people and fate do, in this order, with calls of two clients under way all the time.
type Happening =
  | { readonly kind: "call"; readonly client: 0 | 1; readonly retries: number; readonly ms: number }
  | { readonly kind: "cut" | "freeze" | "disconnect" | "vanish" | "wait" | "leave" };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("call" as const),
      client: fc.constantFrom(0 as const, 1 as const),
      retries: fc.constantFrom(0, 0, 0, 1),
      ms: fc.constantFrom(0, 0, 0, 1, 3),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      // A worker that vanished is waited for, which takes seconds.
      kind: fc.constantFrom("cut", "cut", "freeze", "disconnect", "disconnect", "leave", "vanish"),
    }),
  },
);

interface Made {
  readonly name: string;
  readonly retries: number;
  error: ActorError | undefined;
  value: number | undefined;
}

async function make(actor: Actor<Counter>, made: Made, ms: number): Promise<void> {
  const from = actor.$with({ retries: made.retries });
  try {
    made.value = await (ms === 0 ? from.add(made.name) : from.slow(made.name, ms));
  } catch (error) {
    made.error = error as ActorError;
  }
}

async function happens(kind: Happening["kind"], workers: ActorWorker[]): Promise<void> {
  const hosting = workers.find((worker) => worker.host.held().length > 0);
  if (kind === "wait") await delay(4);
  if (kind === "cut") network.cut();
  if (kind === "freeze") {
    network.setFrozen(true);
    await delay(2);
    network.cut();
  }
  if (kind === "disconnect" && hosting !== undefined) {
    await hosting.disconnect();
    await hosting.rejoin();
  }
  if ((kind === "vanish" || kind === "leave") && hosting !== undefined) {
    workers.splice(workers.indexOf(hosting), 1);
    workers.push(await join());
    await (kind === "leave" ? hosting.leave() : hosting.vanish());
    network.cut(hosting);
  }
}

describe("calls on changing ways", () => {
  it(
    "[G1][G2][G3][G4][G8][D2][D3] keep every guarantee, whatever happens",
    { timeout: 120_000 },
    async () => {
      const workers = [await join(), await join()];
      const clients = [await open(), await open()] as const;
      let round = 0;
      let direct = 0;
      const play = async (happenings: readonly Happening[]): Promise<void> => {
        round += 1;
        begun.splice(0);
        const first = await clients[0].actor(Counter, 0, { checkpointEveryCalls: 1 });
        const actors = [first, await clients[1].attachActor<Counter>(first.$id)] as const;
        await Promise.all(actors.map(untilDirect));
        const made: [Made[], Made[]] = [[], []];
        const settled: Promise<void>[] = [];
        for (const [i, one] of happenings.entries()) {
          if (one.kind !== "call") {
            await happens(one.kind, workers);
            continue;
          }
          const { client, retries, ms } = one;
          const call: Made = {
            name: `${round}:${client}:${i}`,
            retries,
            error: undefined,
            value: undefined,
          };
          if (actors[client].$way === "direct") direct += 1;
          made[client].push(call);
          settled.push(make(actors[client], call, ms));
        }
        // [G4]: it would hang otherwise.
        await Promise.all(settled);
        await first.$release();
        for (const calls of made) judge(calls);
        const values = made.flat().flatMap(({ value }) => value ?? []);
        expect(new Set(values).size, "[G8] an answered call was undone").toBe(values.length);
      };
      await fc.assert(
        fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 50 }), play),
        { numRuns: 40, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: true },
      );
      // Otherwise it tested nothing of lines.
      expect(direct).toBeGreaterThan(100);
    },
  );
});

function judge(calls: readonly Made[]): void {
  const firstBegun: number[] = [];
  for (const { name, retries, error, value } of calls) {
    const times = begun.filter((other) => other === name).length;
    expect(times, `[G1][G2] ${name} ran too often`).toBeLessThanOrEqual(1 + retries);
    if (value !== undefined) expect(times, `${name} was answered`).toBeGreaterThan(0);
    else expect(error, `${name} rejects as an actor's call`).toBeInstanceOf(Error);
    if (error?.mayHaveRun === false) expect(times, `${name} was told not to have run`).toBe(0);
    if (retries === 0 && times > 0) firstBegun.push(begun.indexOf(name));
  }
  expect(firstBegun, "[G3] calls of one client begin in order").toEqual(
    firstBegun.toSorted((a, b) => a - b),
  );
}
