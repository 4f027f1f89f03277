// Actors against a real coordinator, with workers in this process.
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Actor,
  ActorBusyError,
  ActorDeadlineError,
  ActorError,
  ActorLostError,
  ActorMethodError,
  type Cluster,
  functionRef,
  ValueError,
} from "./client.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import type { Coordinator } from "./start-coordinator.ts";
import { ActorWorker } from "./testing/actor-worker.ts";
import { FunctionWorker } from "./testing/function-worker.ts";

let fixture: CoordinatorFixture;
let coordinator: Coordinator;

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start();
});
afterEach(() => fixture.remove());

const open = (of = coordinator): Promise<Cluster> => fixture.connect(of);

/** As users write them: text that stands for itself, sent to the worker. */
class Counter {
  #value: number;
  constructor(init: number) {
    if (init < 0) throw new RangeError("It must not begin below zero.");
    this.#value = init;
  }
  add(amount: number): number {
    this.#value += amount;
    return this.#value;
  }
  value(): number {
    return this.#value;
  }
  /** Answers when the test lets it, so that calls wait behind it. */
  async hold(): Promise<number> {
    await new Promise<void>((resolve) => {
      (globalThis as unknown as { onHeldActor(open: () => void): void }).onHeldActor(resolve);
    });
    return this.#value;
  }
  fail(): never {
    throw new RangeError("Not with me.");
  }
  echo(value: unknown): unknown {
    return value;
  }
}

class Kept {
  value: number;
  constructor(init: number) {
    this.value = init;
  }
  add(amount: number): number {
    this.value += amount;
    return this.value;
  }
  big(count: number): number {
    this.value = count;
    return this.value;
  }
  hold(): Promise<never> {
    return new Promise(() => undefined);
  }
  checkpoint(): Float64Array {
    return new Float64Array(Math.max(1, this.value)).fill(this.value);
  }
  restore(kept: Float64Array): void {
    this.value = kept[0] ?? 0;
  }
}

/** Settles when the next `hold` runs, with what ends it. */
const holding = (): Promise<() => void> =>
  new Promise((resolve) => {
    Object.assign(globalThis, { onHeldActor: (open: () => void) => resolve(open) });
  });
const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Settles when the actor's view is as wanted. */
async function until(cluster: Cluster, id: string, state: string): Promise<void> {
  for (;;) {
    const view = (await cluster.actors()).find(({ actor }) => actor === id);
    if (view?.state === state) return;
  }
}

describe("an actor", () => {
  it("[G3] keeps its state between calls, which run in the order of their making", async () => {
    await ActorWorker.join(coordinator);
    const cluster = await open();
    const counter = await cluster.actor(Counter, 10);
    const answers = await Promise.all([counter.add(1), counter.add(2), counter.value()]);
    expect(answers).toEqual([11, 13, 13]);
    expect(counter.$view).toMatchObject({ state: "running", name: "Counter" });
    // Promises must not take it for one of theirs.
    expect(await Promise.resolve(counter)).toBe(counter);
  });

  it("is made of a module's class, or of a kind that every worker has", async () => {
    await ActorWorker.join(coordinator, { runsFunctions: false });
    const cluster = await open();
    const builtIn = await cluster.actor<Counter>("counter@1", 5);
    expect(await builtIn.add(1)).toBe(6);
    const unknown = await errorOf(cluster.actor("nonsense@1"));
    expect(unknown).toMatchObject({
      message: expect.stringContaining('"nonsense@1" is not a class'),
    });
    await ActorWorker.join(coordinator);
    const ref = functionRef(`({ Twice: class { of(n) { return 2 * n; } } })`, "Twice");
    const twice = await cluster.actor<{ of(n: number): number }>(ref);
    expect(await twice.of(21)).toBe(42);
  });

  it("takes and gives values of every kind and size", async () => {
    await ActorWorker.join(coordinator);
    const cluster = await open();
    const echo = await cluster.actor(Counter, 0);
    const small = { a: [1, undefined, Number.NaN], b: new Int16Array([1, 2]) };
    expect(await echo.echo(small)).toEqual(small);
    // Beyond what messages carry: both ways as blocks; the order is kept all the same.
    const large = Float64Array.from({ length: 40_000 }, (_, i) => i);
    const [first, second] = await Promise.all([echo.echo(large), echo.add(1)]);
    expect([first, second]).toEqual([large, 1]);
    await expect((async () => echo.echo(() => 1))()).rejects.toThrow(ValueError);
  });

  it("[G3] waits for the futures among its arguments; later calls wait with it", async () => {
    await ActorWorker.join(coordinator);
    const cluster = await open();
    const counter = await cluster.actor(Counter, 1);
    // Later, as it has no threads for actors.
    await FunctionWorker.join(coordinator);
    const four = cluster.submit((x: number) => x * x, 2);
    const long = cluster.submit((n: number) => new Float64Array(n).fill(7), 40_000);
    const [echoed, five, six] = await Promise.all([
      counter.echo({ deep: [four, "and", long] }),
      counter.add(four),
      counter.add(1),
    ]);
    expect(echoed).toEqual({ deep: [4, "and", new Float64Array(40_000).fill(7)] });
    expect([five, six]).toEqual([5, 6]);
    const broken = cluster.submit(() => {
      throw new RangeError("No number.");
    });
    const [failed, seven] = await Promise.all([errorOf(counter.add(broken)), counter.add(1)]);
    expect(failed).toMatchObject({ name: "RangeError", message: "No number." });
    expect(seven).toBe(7);
  });

  it("[G9] passes on what a method throws, and lives on", async () => {
    await ActorWorker.join(coordinator);
    const cluster = await open();
    const counter = await cluster.actor(Counter, 1);
    const error = await errorOf(counter.fail());
    expect(error).toBeInstanceOf(ActorMethodError);
    expect(error).toMatchObject({ name: "RangeError", message: "Not with me.", mayHaveRun: true });
    expect((error as Error).stack).toContain(`in actor ${counter.$id}`);
    const missing = (counter as unknown as { nothing(): Promise<void> }).nothing();
    expect(await errorOf(missing)).toMatchObject({ message: 'Counter has no method "nothing".' });
    const hidden = counter as unknown as { toString2: unknown; hasOwnProperty(): Promise<void> };
    expect(await errorOf(hidden.hasOwnProperty())).toMatchObject({ name: "TypeError" });
    expect(await counter.value()).toBe(1);
  });

  it("[R4] that cannot be made says why, and is not kept", async () => {
    await ActorWorker.join(coordinator);
    const cluster = await open();
    const error = await errorOf(cluster.actor(Counter, -1));
    expect(error).toBeInstanceOf(ActorLostError);
    expect(error).toMatchObject({
      message: "It could not be made: It must not begin below zero.",
      remote: { name: "RangeError" },
    });
    expect(await cluster.actors()).toEqual([]);
    class Derived extends Counter {}
    expect(await errorOf(cluster.actor(Derived, 1))).toBeInstanceOf(TypeError);
    expect(await errorOf(cluster.actor((() => 1) as never, 1))).toBeInstanceOf(TypeError);
  });

  it("[G5] rejects calls at their deadline; the rest goes on, and late answers go nowhere", async () => {
    await ActorWorker.join(coordinator);
    const cluster = await open();
    const counter = await cluster.actor(Counter, 1);
    const runs = holding();
    const held = errorOf(counter.$with({ deadlineMs: 30 }).hold());
    const waiting = errorOf(counter.$with({ deadlineMs: 30 }).add(1_000));
    const after = counter.add(1);
    expect(await held).toBeInstanceOf(ActorDeadlineError);
    expect(await held).toMatchObject({ mayHaveRun: true });
    expect(await waiting).toBeInstanceOf(ActorDeadlineError);
    // The worker counts from when it heard of the call, which is later than here.
    await delay(500);
    (await runs)();
    // The one whose deadline passed while it waited never ran.
    expect(await after).toBe(2);
  });

  it("[G10] ends a call that runs beyond its limit, with its thread, and comes back", async () => {
    const page = await ActorWorker.join(coordinator);
    const cluster = await open();
    const counter = await cluster.actor(Kept, 1, { checkpointEveryCalls: 1 });
    await counter.add(1);
    const limited = counter.$with({ limitMs: 200, retries: 3 });
    const error = await errorOf(limited.hold());
    expect(error).toBeInstanceOf(ActorLostError);
    expect(error).toMatchObject({
      message:
        "hold() ran longer than its limit of 0.2 s and was ended, with what it had done since the last checkpoint.",
    });
    expect(await limited.add(1)).toBe(3);
    expect([page.kills.length, counter.$view.life]).toEqual([2, 2]);
  });

  it("[G6] refuses calls beyond its bounds, which do not run", async () => {
    await ActorWorker.join(coordinator);
    const cluster = await open();
    const counter = await cluster.actor(Counter, 0);
    const runs = holding();
    const held = counter.hold();
    const calls = Array.from({ length: 1_200 }, () => counter.add(1).catch((e: unknown) => e));
    const refused = await Promise.all(calls.slice(999));
    expect(refused).toHaveLength(201);
    expect(refused.every((error) => error instanceof ActorBusyError)).toBe(true);
    (await runs)();
    expect(await held).toBe(0);
    await Promise.all(calls);
    expect(await counter.value()).toBe(999);
  });

  it("is found by other clients, and survives the one that made it", async () => {
    await ActorWorker.join(coordinator);
    const first = await open();
    const made = await first.actor(Counter, 3, { name: "ours" });
    await made.add(1);
    await first.close();
    const second = await open();
    const views = await second.actors();
    expect(views).toMatchObject([{ name: "ours", state: "running", actor: made.$id }]);
    const found: Actor<Counter> = await second.attachActor<Counter>(made.$id);
    expect(await found.add(1)).toBe(5);
    const unknown = await errorOf(second.attachActor(`a_${"x".repeat(22)}`));
    expect(unknown).toBeInstanceOf(ActorError);
  });

  it("[R6] ends when it is released; calls that had not run say so", async () => {
    const worker = await ActorWorker.join(coordinator);
    const cluster = await open();
    const counter = await cluster.actor(Counter, 3);
    const runs = holding();
    const held = errorOf(counter.hold());
    await runs;
    await counter.$release();
    expect(await held).toBeInstanceOf(ActorLostError);
    expect(await held).toMatchObject({ mayHaveRun: true });
    const late = await errorOf(counter.value());
    expect(late).toMatchObject({ name: "ActorLostError", mayHaveRun: false });
    expect(await cluster.actors()).toEqual([]);
    expect(worker.host.held()).toEqual([]);
    await counter.$release();
  });
});

describe("the coordinator", () => {
  it("[P2] refuses classes of users where it forbids functions", async () => {
    await coordinator.close();
    coordinator = await fixture.start({ allowsFunctions: false });
    await ActorWorker.join(coordinator);
    const cluster = await open();
    const error = await errorOf(cluster.actor(Counter, 1));
    expect(error).toMatchObject({
      name: "ActorError",
      message: expect.stringContaining("does not run functions of users"),
    });
    expect(await (await cluster.actor<Counter>("counter@1", 1)).add(1)).toBe(2);
  });

  it("[P3] keeps an actor waiting, with the reason, until somebody can have it", async () => {
    const cluster = await open();
    const options = { deadlineMs: 20 };
    const none = await errorOf(cluster.actor(Counter, 1, options));
    expect(none).toMatchObject({ message: expect.stringContaining("No worker has joined") });
    const worker = await ActorWorker.join(coordinator, { runsFunctions: false });
    const unwilling = await errorOf(cluster.actor(Counter, 1, options));
    expect(unwilling).toMatchObject({
      message: expect.stringContaining("runs functions of users"),
    });
    const making = cluster.actor(Counter, 7);
    worker.setRunsFunctions(true);
    expect(await (await making).value()).toBe(7);
  });

  it("[P4] takes actors of user classes from a machine that runs no functions any more", async () => {
    const worker = await ActorWorker.join(coordinator);
    const cluster = await open();
    const ours = await cluster.actor(Counter, 7);
    const builtIn = await cluster.actor("counter@1", 7);
    worker.setRunsFunctions(false);
    await until(cluster, ours.$id, "waiting");
    expect(worker.host.held().map(({ actor }) => actor)).toEqual([builtIn.$id]);
  });
});

describe("a lost worker", () => {
  it("[R1][G8] is followed by another, and nothing that was answered is undone", async () => {
    const first = await ActorWorker.join(coordinator);
    const cluster = await open();
    const kept = await cluster.actor(Kept, 0, { checkpointEveryCalls: 1 });
    for (let i = 1; i <= 5; i += 1) expect(await kept.add(1)).toBe(i);
    await ActorWorker.join(coordinator);
    await first.vanish();
    expect(await kept.add(1)).toBe(6);
    expect(kept.$view).toMatchObject({ state: "running", life: 2, hasCheckpoint: true });
  });

  it("[R1] keeps large checkpoints as blocks, of which outdated ones go", async () => {
    const first = await ActorWorker.join(coordinator);
    const cluster = await open();
    const kept = await cluster.actor(Kept, 0, { checkpointEveryCalls: 1 });
    await kept.big(20_000);
    await kept.add(1);
    await ActorWorker.join(coordinator);
    await first.vanish();
    expect(await kept.add(1)).toBe(20_002);
  });

  it("[G1] rejects the call that was there, which may or may not have run", async () => {
    const first = await ActorWorker.join(coordinator);
    const cluster = await open();
    const counter = await cluster.actor(Counter, 1, { restartable: true });
    const runs = holding();
    const held = errorOf(counter.hold());
    const queued = errorOf(counter.add(5));
    await ActorWorker.join(coordinator);
    await runs;
    await first.vanish();
    for (const error of [await held, await queued]) {
      expect(error).toBeInstanceOf(ActorLostError);
      expect(error).toMatchObject({ mayHaveRun: true });
    }
    // A restartable one begins anew.
    expect(await counter.add(1)).toBe(2);
  });

  it("[G2] sends calls with retries again, before those made later", async () => {
    const first = await ActorWorker.join(coordinator);
    const cluster = await open();
    const counter = await cluster.actor(Counter, 1, { restartable: true });
    const runs = holding();
    const held = errorOf(counter.hold());
    const again = counter.$with({ retries: 1 }).add(10);
    const later = errorOf(counter.add(100));
    await runs;
    await first.vanish();
    await held;
    await later;
    await ActorWorker.join(coordinator);
    expect(await again).toBe(11);
    expect(await counter.value()).toBe(11);
  });

  it("[R2][G7] that comes back brings its actors with it, checkpoint or not", async () => {
    const first = await ActorWorker.join(coordinator);
    const cluster = await open();
    const counter = await cluster.actor(Counter, 1);
    await counter.add(41);
    await first.disconnect();
    const answer = counter.value();
    await first.rejoin();
    expect(await answer).toBe(42);
    expect(counter.$view).toMatchObject({ life: 1, state: "running" });
  });

  it("[R3] that comes back too late is told to end what it held", async () => {
    const first = await ActorWorker.join(coordinator);
    const cluster = await open();
    const kept = await cluster.actor(Kept, 0, { checkpointEveryCalls: 1 });
    await kept.add(1);
    await first.disconnect();
    await ActorWorker.join(coordinator);
    expect(await kept.add(1)).toBe(2);
    await first.rejoin();
    await until(cluster, kept.$id, "running");
    expect(first.host.held()).toEqual([]);
    expect(await kept.add(1)).toBe(3);
  });

  it("[R7] that leaves gently leaves nothing behind", async () => {
    const first = await ActorWorker.join(coordinator);
    const cluster = await open();
    // No checkpoint would be due for a long time.
    const kept = await cluster.actor(Kept, 0, { checkpointEveryCalls: 1_000 });
    await Promise.all([kept.add(1), kept.add(1), kept.add(1)]);
    await ActorWorker.join(coordinator);
    await first.leave();
    expect(await kept.add(1)).toBe(4);
  });

  it("[G4] settles every call when the actor is lost for good", async () => {
    const worker = await ActorWorker.join(coordinator);
    const cluster = await open();
    const counter = await cluster.actor(Counter, 1);
    await counter.add(1);
    const runs = holding();
    const held = errorOf(counter.hold());
    await runs;
    worker.kills[0]?.("Out of memory.");
    expect(await held).toMatchObject({ name: "ActorLostError", mayHaveRun: true });
    const later = await errorOf(counter.add(1));
    expect(later).toMatchObject({ name: "ActorLostError", mayHaveRun: false });
    expect((later as Error).message).toContain("Out of memory. It had no checkpoint.");
  });
});

describe("a restarted coordinator", () => {
  it("[R5] finds the actors of threads that live, and restores the others", async () => {
    const port = coordinator.port;
    const worker = await ActorWorker.join(coordinator);
    const gone = await ActorWorker.join(coordinator, { threads: 1 });
    const cluster = await open();
    const counter = await cluster.actor(Counter, 1);
    await counter.add(1);
    // The second worker has fewer actors now.
    const kept = await cluster.actor(Kept, 0, { checkpointEveryCalls: 1 });
    await kept.add(7);
    const wanted = [counter.$id, kept.$id];
    await coordinator.close();
    await worker.disconnect();
    await gone.vanish();
    coordinator = await fixture.start({ port });
    await worker.rejoin(coordinator);
    const second = await open();
    expect((await second.actors()).map(({ actor }) => actor).toSorted()).toEqual(wanted.toSorted());
    const again = await second.attachActor<Counter>(counter.$id);
    expect(await again.value()).toBe(2);
    expect(again.$view.life).toBe(1);
    expect(await (await second.attachActor<Kept>(kept.$id)).add(1)).toBe(8);
    // The first client's connection comes back by itself, and its actors with it.
    expect(await counter.add(1)).toBe(3);
  });
});
