// The actor machine, event by event.
import { describe, expect, it } from "vitest";
import { asActorId, asIncarnation, asWorkerId } from "../ids.ts";
import { ACTOR_CALL_BYTES_MAX, ACTORS_PER_WORKER_MAX } from "../limits.ts";
import type { ActorCommand, ActorEvent } from "./actor-events.ts";
import { assertActorInvariants } from "./actor-invariants.ts";
import { actorStep, GIVE_UP_AFTER_MS, RETURN_WAIT_MS } from "./actor-machine.ts";
import { createActorsState } from "./actor-state.ts";

const actor = asActorId("a_1");
const worker = (name: string, incarnation = 1) => ({
  worker: asWorkerId(`w_${name}`),
  incarnation: asIncarnation(incarnation),
});
const desk = worker("desk");
const ability = { threads: 2, paused: false, runsFunctions: true };
const value = { bytes: "" };
const ok = { ok: true as const, value };

function setUp() {
  const state = createActorsState();
  let nowMs = 0;
  const tell = (event: ActorEvent): ActorCommand[] => {
    const commands = actorStep(state, event, nowMs);
    assertActorInvariants(state);
    return commands;
  };
  const join = (of: ReturnType<typeof worker>, change: object = {}): ActorCommand[] =>
    tell({ type: "worker-joined", ...of, ...ability, held: [], ...change });
  const create = (id = actor, change: object = {}): ActorCommand[] =>
    tell({
      type: "actor-created",
      actor: id,
      needsFunctions: false,
      isRestartable: false,
      ...change,
    });
  const start = (of = desk, life = 1): ActorCommand[] =>
    tell({ type: "actor-started", ...of, actor, life });
  const call = (number: number, change: object = {}): ActorCommand[] =>
    tell({
      type: "call-made",
      caller: 1,
      call: number,
      actor,
      method: "add",
      args: value,
      sizeBytes: 10,
      deadlineMs: 1_000,
      limitMs: null,
      retries: 0,
      ...change,
    });
  const returned = (number: number, change: object = {}): ActorCommand[] =>
    tell({
      type: "call-returned",
      ...desk,
      actor,
      life: 1,
      caller: 1,
      call: number,
      outcome: ok,
      ...change,
    });
  const after = (ms: number): ActorCommand[] => {
    nowMs += ms;
    return tell({ type: "ticked" });
  };
  const phase = (): string | undefined => state.actors.get(actor)?.phase;
  return { state, tell, join, create, start, call, returned, after, phase };
}

const types = (commands: readonly ActorCommand[]): string[] => commands.map(({ type }) => type);
const outcomes = (commands: readonly ActorCommand[]): unknown[] =>
  commands.flatMap((command) =>
    command.type === "answer-call"
      ? [[command.call, command.outcome.ok ? "ok" : command.outcome.code]]
      : [],
  );
const startOf = (commands: readonly ActorCommand[]): unknown =>
  commands.find(({ type }) => type === "start-actor");

describe("places", () => {
  it("[P1] go to the fewest actors a thread, then to the most threads, never to a paused worker", () => {
    const { join, create } = setUp();
    join(worker("paused"), { paused: true, threads: 64 });
    join(worker("phone"), { threads: 1 });
    join(desk, { threads: 2 });
    const places = ["a_1", "a_2", "a_3"].map((id) => startOf(create(asActorId(id))));
    expect(places).toMatchObject([
      { worker: "w_desk" },
      // Now one actor a thread on either, and the larger machine is first.
      { worker: "w_desk" },
      { worker: "w_phone" },
    ]);
  });

  it("[P1][P3] are limited for each worker; the next one waits and says why", () => {
    const { join, create, tell, state } = setUp();
    join(desk, { threads: 100 });
    for (let i = 0; i < ACTORS_PER_WORKER_MAX; i += 1) create(asActorId(`a_${i + 10}`));
    expect(types(create())).toEqual(["actor-changed"]);
    expect(state.actors.get(actor)?.why).toContain("64 actors already");
    const commands = tell({ type: "actor-released", actor: asActorId("a_10") });
    expect(startOf(commands)).toMatchObject({ actor });
  });
});

describe("calls", () => {
  it("[G1] that come twice, and answers that do, count once", () => {
    const { join, create, start, call, returned, state } = setUp();
    join(desk);
    create();
    start();
    expect(types(call(1))).toEqual(["send-call"]);
    expect(call(1)).toEqual([]);
    expect(outcomes(returned(1))).toEqual([[1, "ok"]]);
    expect(returned(1)).toEqual([]);
    expect(state.dropped).toBe(2);
  });

  it("[G7] are not answered by an older life, connection or worker", () => {
    const { join, create, start, call, returned, tell } = setUp();
    join(desk);
    create(actor, { isRestartable: true });
    start();
    call(1, { retries: 1 });
    const died = {
      type: "actor-ended",
      reason: "thread-died",
      message: "Gone.",
      error: null,
    } as const;
    tell({ ...died, ...desk, actor, life: 1 });
    start(desk, 2);
    expect(returned(1)).toEqual([]);
    expect(returned(1, { life: 2, ...worker("desk", 2) })).toEqual([]);
    expect(returned(1, { life: 2, ...worker("other") })).toEqual([]);
    expect(outcomes(returned(1, { life: 2 }))).toEqual([[1, "ok"]]);
  });

  it("[G5] that wait beyond their deadline are not sent", () => {
    const { join, create, start, call, after } = setUp();
    create();
    call(1);
    call(2, { deadlineMs: 5_000 });
    expect(outcomes(after(1_000))).toEqual([[1, "late"]]);
    join(desk);
    expect(types(start())).toEqual(["actor-changed", "send-call"]);
  });

  it("[G4][G5] at a worker that never answers are answered at their deadline, and still count", () => {
    const { join, create, start, call, returned, after, state } = setUp();
    join(desk);
    create();
    start();
    call(1);
    expect(outcomes(after(1_000))).toEqual([[1, "lost"]]);
    expect(after(1_000)).toEqual([]);
    expect(state.actors.get(actor)?.calls.size).toBe(1);
    expect(returned(1)).toEqual([]);
    expect(state.actors.get(actor)?.calls.size).toBe(0);
  });

  it("[G6] are refused when their bytes are too many", () => {
    const { create, call } = setUp();
    create();
    call(1, { sizeBytes: ACTOR_CALL_BYTES_MAX });
    expect(outcomes(call(2))).toEqual([[2, "busy"]]);
  });

  it("[G2][G3] with retries go before those that were made later", () => {
    const { join, create, start, call, tell } = setUp();
    join(desk);
    create(actor, { isRestartable: true });
    start();
    call(1);
    call(2, { retries: 1 });
    const other = worker("other");
    join(other);
    const lost = tell({ type: "worker-left", ...desk, mayReturn: false });
    expect(outcomes(lost)).toEqual([[1, "lost"]]);
    call(3);
    const sent = start(other, 2).flatMap((c) => (c.type === "send-call" ? [c.call] : []));
    expect(sent).toEqual([2, 3]);
  });
});

describe("recovery", () => {
  it("[R1] begins anew at once when nothing was lost", () => {
    const { join, create, start, tell } = setUp();
    join(desk);
    create();
    start();
    join(worker("other"));
    const commands = tell({ type: "worker-left", ...desk, mayReturn: true });
    expect(startOf(commands)).toMatchObject({ worker: "w_other", life: 2, isResumed: false });
  });

  it("[R1][R2] waits briefly for a life that knows more than its checkpoint", () => {
    const { join, create, start, call, returned, tell, after } = setUp();
    join(desk);
    create();
    start();
    call(1);
    tell({ type: "actor-checkpointed", ...desk, actor, life: 1 });
    returned(1);
    join(worker("other"));
    expect(startOf(tell({ type: "worker-left", ...desk, mayReturn: true }))).toBeUndefined();
    expect(startOf(after(RETURN_WAIT_MS - 1))).toBeUndefined();
    expect(startOf(after(1))).toMatchObject({ worker: "w_other", life: 2 });
  });

  it("[R2] waits longer for a state that is nowhere else, and takes it back", () => {
    const { join, create, start, call, returned, tell, after, phase } = setUp();
    join(desk);
    create();
    start();
    call(1);
    returned(1);
    tell({ type: "worker-left", ...desk, mayReturn: true });
    after(GIVE_UP_AFTER_MS - 1);
    const back = worker("desk", 2);
    const resumed = join(back, {
      held: [
        { actor, life: 1 },
        { actor, life: 1 },
      ],
    });
    expect(startOf(resumed)).toMatchObject({ ...back, life: 1, isResumed: true });
    expect(types(resumed)).not.toContain("stop-actor");
    start(back, 1);
    expect(phase()).toBe("running");
    // What direct calls did is not in any checkpoint either.
    tell({ type: "worker-left", ...back, mayReturn: true });
    call(2, { deadlineMs: 100_000 });
    expect(outcomes(after(GIVE_UP_AFTER_MS))).toEqual([[2, "gone"]]);
    expect(phase()).toBe("lost");
    expect(outcomes(call(3))).toEqual([[3, "gone"]]);
  });

  it("[D4] takes a life that clients may call past it for changed at every moment", () => {
    const { join, create, start, call, returned, tell, phase } = setUp();
    join(desk);
    create();
    const ask = (): ActorCommand[] => tell({ type: "line-asked", caller: 1, actor });
    // Nobody is admitted to what does not run.
    expect(ask()).toEqual([]);
    start();
    call(1);
    returned(1);
    expect(ask()).toEqual([{ type: "admit-line", ...desk, actor, life: 1, caller: 1 }]);
    tell({ type: "actor-checkpointed", ...desk, actor, life: 1 });
    join(worker("other"));
    // It may have been called since, so its return is waited for though it has a checkpoint.
    expect(types(tell({ type: "worker-left", ...desk, mayReturn: true }))).toEqual([
      "actor-changed",
    ]);
    expect(phase()).toBe("waiting");
  });

  it("[D4] loses with a life what clients told it past the coordinator", () => {
    const { join, create, start, tell, phase } = setUp();
    join(desk);
    create();
    start();
    tell({ type: "line-asked", caller: 1, actor });
    tell({ type: "worker-left", ...desk, mayReturn: false });
    expect(phase()).toBe("lost");
  });

  it("[R3] tells a worker to end lives that are not wanted", () => {
    const { join, create } = setUp();
    join(desk);
    create();
    const stale = { actor, life: 7 };
    const unknown = { actor: asActorId("a_9"), life: 1 };
    const commands = join(worker("other"), { held: [stale, unknown] });
    expect(commands).toMatchObject([
      { type: "stop-actor", worker: "w_other", ...stale },
      { type: "stop-actor", worker: "w_other", ...unknown },
    ]);
  });

  it("[R4] ends with an actor whose thread dies again and again, and with one that cannot be made", () => {
    const { join, create, tell, state, phase } = setUp();
    join(desk);
    create();
    const died = {
      type: "actor-ended",
      reason: "thread-died",
      message: "Gone.",
      error: null,
    } as const;
    for (let life = 1; life <= 6; life += 1) {
      expect(phase()).toBe("starting");
      tell({ ...died, ...desk, actor, life });
    }
    expect(state.actors.get(actor)).toMatchObject({ phase: "lost", life: 6 });
    const other = asActorId("a_2");
    create(other);
    const error = { name: "RangeError", message: "No.", stack: "" };
    tell({ ...died, reason: "failed", ...desk, actor: other, life: 1, error });
    expect(state.actors.get(other)).toMatchObject({ phase: "lost", error });
  });

  it("[R5] waits after a restart for the workers that had the actors", () => {
    const { join, tell, after } = setUp();
    const facts = { actor, needsFunctions: false, isRestartable: false };
    tell({ type: "actor-restored", ...facts, life: 3, hasCheckpoint: true });
    expect(startOf(join(worker("other")))).toBeUndefined();
    const back = join(desk, { held: [{ actor, life: 3 }] });
    expect(startOf(back)).toMatchObject({ worker: "w_desk", life: 3, isResumed: true });
    const second = setUp();
    second.tell({ type: "actor-restored", ...facts, life: 3, hasCheckpoint: true });
    second.join(desk);
    expect(startOf(second.after(RETURN_WAIT_MS))).toMatchObject({ life: 4, isResumed: false });
    expect(startOf(after(RETURN_WAIT_MS))).toBeUndefined();
  });
});

describe("steps", () => {
  it("[S2] of stale, unknown and repeated events change nothing and are counted", () => {
    const { tell, join, create, state } = setUp();
    join(desk, {});
    create();
    const before = JSON.stringify([...state.actors.values()]);
    const old = worker("desk", 0);
    const none = worker("none");
    const nothing = asActorId("a_9");
    const events: ActorEvent[] = [
      { type: "worker-joined", ...old, ...ability, held: [] },
      { type: "worker-changed", ...none, ...ability },
      { type: "worker-left", ...old, mayReturn: true },
      { type: "actor-created", actor, needsFunctions: true, isRestartable: true },
      { type: "actor-released", actor: nothing },
      { type: "actor-started", ...none, actor, life: 1 },
      { type: "actor-checkpointed", ...desk, actor, life: 2 },
      { type: "actor-ended", ...old, actor, life: 1, reason: "failed", message: "", error: null },
      { type: "call-returned", ...desk, actor, life: 1, caller: 1, call: 1, outcome: ok },
    ];
    for (const event of events) expect(tell(event)).toEqual([]);
    expect(state.dropped).toBe(events.length);
    expect(JSON.stringify([...state.actors.values()])).toBe(before);
    // Time does not run backwards either.
    actorStep(state, { type: "ticked" }, 50);
    actorStep(state, { type: "ticked" }, 10);
    expect(state.nowMs).toBe(50);
  });
});
