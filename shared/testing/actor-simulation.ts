// Actors under bad luck, in virtual time: the actor machine, a network that breaks, delays and repeats,
// pages that die or come back, and clients that call. One seed is one story.
import { assert, present } from "../assert.ts";
import { assertActorInvariants } from "../actors/actor-invariants.ts";
import { actorStep } from "../actors/actor-machine.ts";
import { type ActorsState, createActorsState } from "../actors/actor-state.ts";
import type { ActorCommand, ActorEvent, CallOutcome } from "../actors/actor-events.ts";
import { type ActorId, asActorId, asIncarnation, asWorkerId, type Incarnation } from "../ids.ts";
import type { WorkerId } from "../ids.ts";
import { createPrng, nextFloat, nextInteger, type Prng } from "../prng.ts";
import { createTimeline, type Timeline } from "./virtual-timeline.ts";

/** How long faults rage, and how long all has to be well afterwards. */
const STORM_MS = 60_000;
const CALM_MS = 120_000;
const TICK_MS = 500;

/** A counter in a thread: each call adds one. */
interface SimulatedThread {
  readonly life: number;
  value: number;
  sinceCheckpoint: number;
  queue: Command<"send-call">[];
  isRunning: boolean;
  /** The newest call of each caller: what is repeated is not run again. */
  lastCalls: Map<number, number>;
}

interface SimulatedPage {
  readonly worker: WorkerId;
  incarnation: Incarnation | null;
  threads: Map<ActorId, SimulatedThread>;
  /** When the newest message of each direction arrives: none overtakes another. */
  lastToHostMs: number;
  lastToPageMs: number;
  runsFunctions: boolean;
  /** A start that is repeated after its thread died makes no second one. */
  readonly newestLives: Map<ActorId, number>;
  /** Of each connection that ended: what was to arrive until then had arrived, and is told late. */
  readonly receivedUntilMs: Map<Incarnation | null, number>;
}

interface SimulatedActor {
  readonly actor: ActorId;
  readonly needsFunctions: boolean;
  readonly isRestartable: boolean;
  readonly everyCalls: number | null;
  /** What the coordinator keeps. */
  checkpoint: number | null;
  life: number;
  /** Answers in the order in which the coordinator gave them. */
  readonly answers: number[];
  deaths: number;
}

interface SimulatedCall {
  readonly actor: ActorId;
  readonly retries: number;
  executions: number;
  outcome: CallOutcome | null;
  /** Its client or the coordinator went: nobody waits for it. */
  isForgotten: boolean;
}

type Command<Type extends ActorCommand["type"]> = Extract<ActorCommand, { type: Type }>;

export interface ActorStory {
  readonly commands: string;
  readonly answered: Readonly<Record<string, number>>;
  readonly running: number;
  readonly lost: number;
  readonly adoptions: number;
  readonly recoveries: number;
  readonly dropped: number;
}

interface World {
  readonly prng: Prng;
  readonly timeline: Timeline;
  state: ActorsState;
  readonly pages: SimulatedPage[];
  readonly actors: Map<ActorId, SimulatedActor>;
  readonly calls: Map<string, SimulatedCall>;
  readonly callers: Map<number, number>;
  nextCaller: number;
  nextIncarnation: number;
  isStorm: boolean;
  readonly log: string[];
  adoptions: number;
  recoveries: number;
  dropped: number;
}

/** Plays one seed to its end and checks everything on the way. Throws what went wrong. */
export function simulateActors(seed: number): ActorStory {
  const world = createWorld(seed);
  const { timeline } = world;
  for (let i = 0; i < 4; i += 1) addPage(world);
  for (let i = 0; i < 5; i += 1) addActor(world);
  for (let i = 0; i < 3; i += 1) world.callers.set((world.nextCaller += 1), 0);
  for (let atMs = TICK_MS; atMs <= STORM_MS + CALM_MS; atMs += TICK_MS) {
    timeline.after(atMs, () => tell(world, { type: "ticked" }));
  }
  for (let atMs = 0; atMs < STORM_MS;) {
    atMs += nextInteger(world.prng, 150);
    timeline.after(atMs, () => somethingHappens(world));
  }
  timeline.after(STORM_MS, () => {
    world.isStorm = false;
    for (const page of world.pages) {
      page.runsFunctions = true;
      if (page.incarnation === null) join(world, page);
      else changePage(world, page);
    }
  });
  while (timeline.advance());
  return judge(world);
}

function createWorld(seed: number): World {
  return {
    prng: createPrng(seed),
    timeline: createTimeline(),
    state: createActorsState(),
    pages: [],
    actors: new Map(),
    calls: new Map(),
    callers: new Map(),
    nextCaller: 0,
    nextIncarnation: 0,
    isStorm: true,
    log: [],
    adoptions: 0,
    recoveries: 0,
    dropped: 0,
  };
}

const chance = (world: World, share: number): boolean =>
  world.isStorm && nextFloat(world.prng) < share;
const pick = <T>(world: World, items: readonly T[]): T =>
  items[nextInteger(world.prng, items.length)] as T;
const id = (prefix: string, n: number): string => `${prefix}_${String(n).padStart(22, "0")}`;

// The coordinator

function tell(world: World, event: ActorEvent): void {
  const commands = actorStep(world.state, event, world.timeline.nowMs);
  assertActorInvariants(world.state);
  for (const command of commands) carryOut(world, command);
}

function carryOut(world: World, command: ActorCommand): void {
  world.log.push(JSON.stringify(command));
  if (command.type === "answer-call") return answered(world, command);
  if (command.type === "actor-changed") {
    const record = world.state.actors.get(command.actor);
    const actor = world.actors.get(command.actor);
    if (record === undefined || actor === undefined) return;
    actor.life = record.life;
    actor.deaths = record.deaths;
    return;
  }
  if (command.type === "start-actor") {
    assert(world.state.actors.get(command.actor)?.life === command.life, "an old life is started");
    if (command.isResumed) world.adoptions += 1;
    else if (command.life > 1) world.recoveries += 1;
  }
  const page = world.pages.find(({ worker }) => worker === command.worker);
  if (page?.incarnation !== command.incarnation) return;
  const checkpoint = world.actors.get(command.actor)?.checkpoint ?? null;
  toPage(world, page, () => receive(world, page, command, checkpoint));
}

function answered(world: World, { caller, call, outcome }: Command<"answer-call">): void {
  const made = present(world.calls.get(`${caller}:${call}`), "an answered call");
  assert(made.outcome === null, "[G1] a call is answered twice");
  made.outcome = outcome;
  if (!outcome.ok) return;
  const value = "bytes" in outcome.value ? Number(outcome.value.bytes) : Number.NaN;
  world.actors.get(made.actor)?.answers.push(value);
}

/** The coordinator's process ends and another begins with what its journal has. */
function restartCoordinator(world: World): void {
  for (const page of world.pages) if (page.incarnation !== null) loseConnection(world, page);
  world.dropped += world.state.dropped;
  world.state = createActorsState();
  for (const call of world.calls.values()) call.isForgotten ||= call.outcome === null;
  const callers = [...world.callers.keys()];
  world.callers.clear();
  for (const _ of callers) world.callers.set((world.nextCaller += 1), 0);
  for (const actor of world.actors.values()) {
    const hasCheckpoint = actor.checkpoint !== null;
    tell(world, { type: "actor-restored", ...actor, hasCheckpoint });
  }
  for (const page of world.pages) comeBackLater(world, page);
}

// The network: in order, late, sometimes twice, and cut off when the connection is

function toHost(world: World, page: SimulatedPage, event: ActorEvent): void {
  page.lastToHostMs = deliver(world, page, page.lastToHostMs, () => tell(world, event), true);
}

function toPage(world: World, page: SimulatedPage, act: () => void): void {
  page.lastToPageMs = deliver(world, page, page.lastToPageMs, act);
}

/** `mayBeStale`: what the coordinator had received already is told after the connection's end, too. */
function deliver(
  world: World,
  page: SimulatedPage,
  lastMs: number,
  act: () => void,
  mayBeStale = false,
): number {
  const { timeline, prng } = world;
  const { incarnation } = page;
  const copies = chance(world, 0.1) ? 2 : 1;
  let atMs = lastMs;
  for (let i = 0; i < copies; i += 1) {
    const delayMs = chance(world, 0.03) ? nextInteger(prng, 4_000) : nextInteger(prng, 20);
    atMs = Math.max(atMs, timeline.nowMs + delayMs);
    timeline.after(atMs - timeline.nowMs, () => {
      const isLate = mayBeStale && timeline.nowMs <= (page.receivedUntilMs.get(incarnation) ?? 0);
      if ((page.incarnation === incarnation && incarnation !== null) || isLate) act();
    });
  }
  return atMs;
}

// Pages

function addPage(world: World): void {
  const worker = asWorkerId(id("w", world.pages.length));
  const page: SimulatedPage = {
    worker,
    incarnation: null,
    threads: new Map(),
    lastToHostMs: 0,
    lastToPageMs: 0,
    runsFunctions: nextFloat(world.prng) < 0.7,
    newestLives: new Map(),
    receivedUntilMs: new Map(),
  };
  world.pages.push(page);
  comeBackLater(world, page);
}

function join(world: World, page: SimulatedPage): void {
  page.incarnation = asIncarnation((world.nextIncarnation += 1));
  const held = [...page.threads].map(([actor, { life }]) => ({ actor, life }));
  const identity = { worker: page.worker, incarnation: page.incarnation };
  const ability = abilityOf(page);
  toHost(world, page, { type: "worker-joined", ...identity, ...ability, held });
}

const abilityOf = (page: SimulatedPage) => ({
  threads: 1 + (Number(page.worker.slice(-1)) % 3),
  paused: false,
  runsFunctions: page.runsFunctions,
});

function changePage(world: World, page: SimulatedPage): void {
  const { worker, incarnation } = page;
  if (incarnation === null) return;
  toHost(world, page, { type: "worker-changed", worker, incarnation, ...abilityOf(page) });
}

function loseConnection(world: World, page: SimulatedPage): void {
  const { timeline, prng } = world;
  page.receivedUntilMs.set(page.incarnation, timeline.nowMs + nextInteger(prng, 2_000));
  page.incarnation = null;
  for (const thread of page.threads.values()) {
    // Those who made these calls are told that they are lost.
    thread.queue = [];
    thread.lastCalls = new Map();
  }
}

function comeBackLater(world: World, page: SimulatedPage): void {
  const delayMs = nextInteger(world.prng, chance(world, 0.3) ? 45_000 : 1_500);
  world.timeline.after(delayMs, () => {
    if (page.incarnation === null) join(world, page);
  });
}

/** The connection breaks; the coordinator sees it some time later, or first at the return. */
function breakConnection(world: World, page: SimulatedPage, diesToo: boolean): void {
  const { worker, incarnation } = page;
  if (incarnation === null) return;
  loseConnection(world, page);
  if (diesToo) page.threads = new Map();
  world.timeline.after(nextInteger(world.prng, 3_000), () =>
    tell(world, { type: "worker-left", worker, incarnation, mayReturn: true }),
  );
  comeBackLater(world, page);
}

function leaveGently(world: World, page: SimulatedPage): void {
  const { worker, incarnation } = page;
  if (incarnation === null) return;
  // In order, so at the coordinator before the goodbye.
  for (const [actor, thread] of page.threads) keepCheckpoint(world, page, actor, thread);
  toHost(world, page, { type: "worker-left", worker, incarnation, mayReturn: false });
  page.threads = new Map();
  world.timeline.after(5_000, () => {
    if (page.incarnation !== incarnation) return;
    page.incarnation = null;
    comeBackLater(world, page);
  });
}

function receive(
  world: World,
  page: SimulatedPage,
  command: Command<"start-actor" | "stop-actor" | "send-call" | "admit-line">,
  checkpoint: number | null,
): void {
  const { actor, life } = command;
  if (command.type === "admit-line") return;
  const thread = page.threads.get(actor);
  if (command.type === "stop-actor") {
    if (thread?.life === life) page.threads.delete(actor);
  } else if (command.type === "send-call") {
    if (thread?.life !== life || command.call <= (thread.lastCalls.get(command.caller) ?? -1))
      return;
    thread.lastCalls.set(command.caller, command.call);
    thread.queue.push(command);
    runNext(world, page, actor, thread);
  } else if (command.isResumed) {
    if (thread?.life === life) say(world, page, { type: "actor-started", actor, life });
    else sayDead(world, page, actor, life);
  } else if (life > (page.newestLives.get(actor) ?? 0)) {
    page.newestLives.set(actor, life);
    if (chance(world, 0.05)) return sayDead(world, page, actor, life);
    page.threads.set(actor, {
      life,
      value: checkpoint ?? 0,
      sinceCheckpoint: 0,
      queue: [],
      isRunning: false,
      lastCalls: new Map(),
    });
    say(world, page, { type: "actor-started", actor, life });
  }
}

function runNext(world: World, page: SimulatedPage, actor: ActorId, thread: SimulatedThread): void {
  const call = thread.isRunning ? undefined : thread.queue.shift();
  if (call === undefined) return;
  thread.isRunning = true;
  const { incarnation } = page;
  const name = `${call.caller}:${call.call}`;
  present(world.calls.get(name), "a running call").executions += 1;
  world.timeline.after(nextInteger(world.prng, 30), () => {
    if (page.threads.get(actor) !== thread) return;
    thread.isRunning = false;
    if (chance(world, 0.03)) {
      page.threads.delete(actor);
      return sayDead(world, page, actor, thread.life);
    }
    thread.value += 1;
    thread.sinceCheckpoint += 1;
    // The connection that it came from is gone: nobody waits for the answer.
    if (page.incarnation === incarnation) returned(world, page, actor, thread, call);
    runNext(world, page, actor, thread);
  });
}

function returned(
  world: World,
  page: SimulatedPage,
  actor: ActorId,
  thread: SimulatedThread,
  { caller, call }: Command<"send-call">,
): void {
  const { everyCalls } = present(world.actors.get(actor), "an actor");
  const isDue = everyCalls !== null && thread.sinceCheckpoint >= everyCalls;
  if (isDue) keepCheckpoint(world, page, actor, thread);
  const value = { bytes: String(thread.value) };
  const { life } = thread;
  say(world, page, {
    type: "call-returned",
    actor,
    life,
    caller,
    call,
    outcome: { ok: true, value },
  });
}

function keepCheckpoint(
  world: World,
  page: SimulatedPage,
  actor: ActorId,
  thread: SimulatedThread,
): void {
  const { worker, incarnation } = page;
  const known = present(world.actors.get(actor), "an actor");
  if (incarnation === null || known.everyCalls === null) return;
  thread.sinceCheckpoint = 0;
  const { life, value } = thread;
  const keep = (): void => {
    // As the host does: kept only when it is of the present life.
    const record = world.state.actors.get(actor);
    const isPresent = record?.life === life && record.place?.incarnation === incarnation;
    if (isPresent) known.checkpoint = value;
    tell(world, { type: "actor-checkpointed", worker, incarnation, actor, life });
  };
  page.lastToHostMs = deliver(world, page, page.lastToHostMs, keep, true);
}

type Said = "actor-started" | "call-returned" | "actor-ended";
type WithoutIdentity<T> = T extends unknown ? Omit<T, "worker" | "incarnation"> : never;

function say(
  world: World,
  page: SimulatedPage,
  event: WithoutIdentity<Extract<ActorEvent, { type: Said }>>,
): void {
  const { worker, incarnation } = page;
  if (incarnation !== null) toHost(world, page, { ...event, worker, incarnation });
}

function sayDead(world: World, page: SimulatedPage, actor: ActorId, life: number): void {
  const message = "The thread died.";
  say(world, page, {
    type: "actor-ended",
    actor,
    life,
    reason: "thread-died",
    message,
    error: null,
  });
}

// What people and fate do

function somethingHappens(world: World): void {
  if (!world.isStorm) return;
  const dice = nextFloat(world.prng);
  const page = pick(world, world.pages);
  if (dice < 0.008) breakConnection(world, page, true);
  else if (dice < 0.025) breakConnection(world, page, false);
  else if (dice < 0.03) leaveGently(world, page);
  else if (dice < 0.033) restartCoordinator(world);
  else if (dice < 0.036) {
    page.runsFunctions = !page.runsFunctions;
    changePage(world, page);
  } else if (dice < 0.045) addActor(world);
  else if (dice < 0.05) release(world);
  else if (dice < 0.055) replaceCaller(world);
  else if (dice < 0.07) askForLine(world);
  else makeCall(world);
}

function addActor(world: World): void {
  const actor = asActorId(id("a", world.actors.size));
  const everyCalls = pick(world, [1, 1, 3, null]);
  const needsFunctions = nextFloat(world.prng) < 0.5;
  const isRestartable = nextFloat(world.prng) < 0.3;
  world.actors.set(actor, {
    actor,
    needsFunctions,
    isRestartable,
    everyCalls,
    checkpoint: null,
    life: 0,
    answers: [],
    deaths: 0,
  });
  tell(world, { type: "actor-created", actor, needsFunctions, isRestartable });
}

function release(world: World): void {
  const actor = [...world.actors.keys()].at(-1);
  if (actor === undefined || world.actors.size < 3) return;
  tell(world, { type: "actor-released", actor });
}

function replaceCaller(world: World): void {
  const caller = pick(world, [...world.callers.keys()]);
  world.callers.delete(caller);
  for (const [name, call] of world.calls) {
    if (name.startsWith(`${caller}:`)) call.isForgotten ||= call.outcome === null;
  }
  tell(world, { type: "caller-left", caller });
  world.callers.set((world.nextCaller += 1), 0);
}

/** What goes over lines is not played here: coordinator/actor-lines.test.ts does. */
function askForLine(world: World): void {
  const caller = pick(world, [...world.callers.keys()]);
  const actor = pick(world, [...world.actors.keys()]);
  tell(world, { type: "line-asked", caller, actor });
}

function makeCall(world: World): void {
  const caller = pick(world, [...world.callers.keys()]);
  const call = (world.callers.get(caller) ?? 0) + 1;
  world.callers.set(caller, call);
  const actor = pick(world, [...world.actors.keys()]);
  const retries = pick(world, [0, 0, 0, 1, 2]);
  const made = { actor, retries, executions: 0, outcome: null, isForgotten: false };
  world.calls.set(`${caller}:${call}`, made);
  const event: ActorEvent = {
    type: "call-made",
    caller,
    call,
    actor,
    method: "add",
    args: { bytes: "" },
    sizeBytes: 10,
    deadlineMs: 200 + nextInteger(world.prng, 20_000),
    limitMs: null,
    retries,
  };
  tell(world, event);
  if (chance(world, 0.1)) tell(world, event);
}

// The judgement

function judge(world: World): ActorStory {
  const answered: Record<string, number> = {};
  for (const [name, call] of world.calls) {
    const { outcome } = call;
    assert(outcome !== null || call.isForgotten, `[G4] call ${name} was never answered`);
    assert(call.executions <= 1 + call.retries, `[G1][G2] call ${name} ran too often`);
    const kind = outcome === null ? "forgotten" : outcome.ok ? "ok" : outcome.code;
    answered[kind] = (answered[kind] ?? 0) + 1;
    if (kind === "ok") assert(call.executions > 0, `call ${name} was answered and never ran`);
    if (kind === "gone" || kind === "late" || kind === "busy") {
      assert(call.executions === 0, `call ${name} ran, though its caller was told otherwise`);
    }
  }
  for (const page of world.pages) {
    for (const [actor, { life }] of page.threads) {
      const record = world.state.actors.get(actor);
      const isWanted = record?.place?.worker === page.worker && record.life === life;
      assert(isWanted, "[R3] a thread that nobody wants lives on");
    }
  }
  let running = 0;
  let lost = 0;
  for (const record of world.state.actors.values()) {
    const actor = present(world.actors.get(record.actor), "an actor");
    assert(
      record.phase === "running" || record.phase === "lost",
      `[S4] ${record.phase} at the end`,
    );
    if (record.phase === "running") running += 1;
    else lost += 1;
    const mayBeLost = (actor.checkpoint === null && !actor.isRestartable) || record.deaths > 5;
    assert(record.phase === "running" || mayBeLost, "[R1] an actor is lost that could be made");
    const threads = world.pages.filter(({ threads }) => {
      return threads.get(record.actor)?.life === record.life;
    });
    assert(record.phase === "lost" || threads.length === 1, "[G7] one thread has the present life");
    // Each answer counts one call more than all before: nothing that was answered is undone.
    if (actor.everyCalls !== 1) continue;
    assert(
      actor.answers.every((value, i) => value > (actor.answers[i - 1] ?? 0)),
      "[G8] an answered call was undone",
    );
  }
  return {
    commands: world.log.join("\n"),
    answered,
    running,
    lost,
    adoptions: world.adoptions,
    recoveries: world.recoveries,
    dropped: world.dropped + world.state.dropped,
  };
}
