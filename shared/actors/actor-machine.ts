// Where each actor lives, what happens when its worker is lost, and how each of its calls ends.
// Rules are in SPEC.md. No clock and no I/O: time comes with each event, commands go to the host.
import { unreachable } from "../assert.ts";
import type { RemoteError } from "../graph/task.ts";
import type { ActorId } from "../ids.ts";
import { ACTOR_CALL_BYTES_MAX, ACTOR_CALLS_MAX } from "../limits.ts";
import type { ActorFailure } from "../protocol/actor-messages.ts";
import type {
  ActorCommand,
  ActorEvent,
  ActorFacts,
  CallName,
  CallOutcome,
  Life,
  WorkerIdentity,
} from "./actor-events.ts";
import { chooseHost, mayHave, whyWaiting } from "./actor-placement.ts";
import {
  type ActorCall,
  type ActorHost,
  type ActorRecord,
  type ActorsState,
  callKey,
} from "./actor-state.ts";

/** A page whose connection broke is usually back within two attempts: its state is the newest. */
export const RETURN_WAIT_MS = 2_000;
/** For so long an actor whose state exists nowhere else is waited for. */
export const GIVE_UP_AFTER_MS = 30_000;
/** Threads that died one after the other without answering a call: it would go on forever. */
const DEATHS_MAX = 5;

type Event<Type extends ActorEvent["type"]> = Extract<ActorEvent, { type: Type }>;

/** Applies one event; the commands are to be carried out in order. Never throws. */
export function actorStep(state: ActorsState, event: ActorEvent, nowMs: number): ActorCommand[] {
  state.nowMs = Math.max(state.nowMs, nowMs);
  const out: ActorCommand[] = [];
  apply(state, event, out);
  return out;
}

function apply(state: ActorsState, event: ActorEvent, out: ActorCommand[]): void {
  switch (event.type) {
    case "worker-joined":
      return workerJoined(state, event, out);
    case "worker-changed":
      return workerChanged(state, event, out);
    case "worker-left":
      return workerLeft(state, event, event.mayReturn, out);
    case "actor-created":
      return addActor(state, event, { life: 0, hasCheckpoint: false, isRestored: false }, out);
    case "actor-restored":
      return addActor(state, event, { ...event, isRestored: true }, out);
    case "actor-released":
      return released(state, event.actor, out);
    case "actor-started":
      return started(state, event, out);
    case "actor-ended":
      return ended(state, event, out);
    case "actor-checkpointed":
      return checkpointed(state, event, out);
    case "line-asked":
      return lineAsked(state, event, out);
    case "call-made":
      return callMade(state, event, out);
    case "call-returned":
      return callReturned(state, event, out);
    case "caller-left":
      return callerLeft(state, event.caller, out);
    case "ticked":
      return ticked(state, out);
    default:
      return unreachable(event);
  }
}

// Workers

function workerJoined(
  state: ActorsState,
  event: Event<"worker-joined">,
  out: ActorCommand[],
): void {
  const older = state.workers.get(event.worker);
  if (older !== undefined) {
    if (older.incarnation >= event.incarnation) return drop(state);
    workerLeft(state, older, true, out);
  }
  const { worker, incarnation, threads, paused, runsFunctions } = event;
  const ability = { threads, paused, runsFunctions };
  const host: ActorHost = { worker, incarnation, ability, actors: new Set() };
  state.workers.set(worker, host);
  for (const held of event.held) {
    const record = state.actors.get(held.actor);
    // Named twice: it is taken in already.
    if (record?.life === held.life && host.actors.has(held.actor)) continue;
    const isWanted = record?.phase === "waiting" && record.isAdoptable && record.life === held.life;
    if (isWanted && mayHave(host, record)) moveIn(record, host, true, out);
    else out.push({ type: "stop-actor", worker, incarnation, ...held });
  }
  placeWaiting(state, out);
}

function workerChanged(
  state: ActorsState,
  event: Event<"worker-changed">,
  out: ActorCommand[],
): void {
  const host = hostOf(state, event);
  if (host === undefined) return drop(state);
  const { threads, paused, runsFunctions } = event;
  host.ability = { threads, paused, runsFunctions };
  if (!runsFunctions) {
    for (const actor of host.actors) {
      const record = state.actors.get(actor);
      if (record?.needsFunctions !== true) continue;
      const { worker, incarnation } = host;
      out.push({ type: "stop-actor", worker, incarnation, actor, life: record.life });
      loseLife(state, record, false, "Its machine runs no functions of users any more.", out);
    }
  }
  placeWaiting(state, out);
}

function workerLeft(
  state: ActorsState,
  of: WorkerIdentity,
  mayReturn: boolean,
  out: ActorCommand[],
): void {
  const host = hostOf(state, of);
  if (host === undefined) return drop(state);
  state.workers.delete(host.worker);
  for (const actor of host.actors) {
    const record = state.actors.get(actor);
    if (record !== undefined) loseLife(state, record, mayReturn, "Its worker was lost.", out);
  }
  placeWaiting(state, out);
}

/** The worker, unless this is of another of its connections. */
function hostOf(state: ActorsState, of: WorkerIdentity): ActorHost | undefined {
  const host = state.workers.get(of.worker);
  return host?.incarnation === of.incarnation ? host : undefined;
}

// Lives

function addActor(
  state: ActorsState,
  facts: ActorFacts,
  known: { readonly life: number; readonly hasCheckpoint: boolean; readonly isRestored: boolean },
  out: ActorCommand[],
): void {
  if (state.actors.has(facts.actor)) return drop(state);
  const { actor, needsFunctions, isRestartable } = facts;
  const { life, hasCheckpoint } = known;
  // After a restart of the coordinator its worker is about to come back with it.
  const isAdoptable = known.isRestored && life > 0;
  const canBeMade = !isAdoptable || hasCheckpoint || isRestartable;
  const waitMs = !isAdoptable ? 0 : canBeMade ? RETURN_WAIT_MS : GIVE_UP_AFTER_MS;
  const record: ActorRecord = {
    actor,
    needsFunctions,
    isRestartable,
    phase: "waiting",
    life,
    place: null,
    hasCheckpoint,
    isDirty: isAdoptable,
    hasLines: false,
    isAdoptable,
    waitUntilMs: state.nowMs + waitMs,
    afterWait: canBeMade ? "place" : "give-up",
    deaths: 0,
    why: isAdoptable ? "Its worker has not come back yet." : null,
    error: null,
    calls: new Map(),
    callBytes: 0,
  };
  state.actors.set(actor, record);
  const told = out.length;
  place(state, record, out);
  if (out.length === told) changed(record, out);
}

/** Places what may be placed now. */
function placeWaiting(state: ActorsState, out: ActorCommand[]): void {
  for (const record of state.actors.values()) {
    if (record.phase === "waiting") place(state, record, out);
  }
}

/** False when it has to wait on. */
function place(state: ActorsState, record: ActorRecord, out: ActorCommand[]): boolean {
  if (record.afterWait === "give-up" || state.nowMs < record.waitUntilMs) return false;
  const host = chooseHost(state, record);
  if (host === undefined) {
    const why = whyWaiting(state, record);
    if (record.why !== why) {
      record.why = why;
      changed(record, out);
    }
    return false;
  }
  record.life += 1;
  // A new life begins with the checkpoint or with nothing: it has nothing to lose yet.
  record.isDirty = false;
  moveIn(record, host, false, out);
  return true;
}

function moveIn(
  record: ActorRecord,
  host: ActorHost,
  isResumed: boolean,
  out: ActorCommand[],
): void {
  const { worker, incarnation } = host;
  const { actor, life } = record;
  host.actors.add(actor);
  record.place = { worker, incarnation };
  record.phase = "starting";
  record.isAdoptable = false;
  record.why = null;
  out.push({ type: "start-actor", worker, incarnation, actor, life, isResumed });
  changed(record, out);
}

function started(state: ActorsState, event: Event<"actor-started">, out: ActorCommand[]): void {
  const record = living(state, event);
  if (record === undefined || record.phase !== "starting") return drop(state);
  record.phase = "running";
  changed(record, out);
  for (const call of record.calls.values()) send(state, record, call, out);
}

function ended(state: ActorsState, event: Event<"actor-ended">, out: ActorCommand[]): void {
  const record = living(state, event);
  if (record === undefined) return drop(state);
  const { reason, message, error } = event;
  record.deaths += 1;
  if (reason === "failed") {
    moveOut(state, record);
    giveUp(record, message, error, out);
  } else if (record.deaths > DEATHS_MAX) {
    const why = `Its thread died ${record.deaths} times without answering a call. ${message}`;
    settleSent(record, why, out);
    moveOut(state, record);
    giveUp(record, why, error, out);
  } else {
    loseLife(state, record, false, message, out);
    placeWaiting(state, out);
  }
}

function checkpointed(
  state: ActorsState,
  event: Event<"actor-checkpointed">,
  out: ActorCommand[],
): void {
  const record = living(state, event);
  if (record === undefined) return drop(state);
  // Calls at the worker may have run since.
  record.isDirty = record.hasLines || [...record.calls.values()].some((call) => call.isSent);
  if (record.hasCheckpoint) return;
  record.hasCheckpoint = true;
  changed(record, out);
}

function released(state: ActorsState, actor: ActorId, out: ActorCommand[]): void {
  const record = state.actors.get(actor);
  if (record === undefined) return drop(state);
  if (record.place !== null) {
    out.push({ type: "stop-actor", ...record.place, actor, life: record.life });
  }
  settleSent(record, "The actor was released while it ran.", out, false);
  endCalls(record, "The actor was released.", null, out);
  moveOut(state, record);
  state.actors.delete(actor);
  changed(record, out);
  // There may be room for another one now.
  placeWaiting(state, out);
}

/** The present life ended; what it knew beyond its checkpoint is lost, unless it returns. */
function loseLife(
  state: ActorsState,
  record: ActorRecord,
  mayReturn: boolean,
  why: string,
  out: ActorCommand[],
): void {
  settleSent(record, why, out);
  moveOut(state, record);
  const canBeMade = !record.isDirty || record.hasCheckpoint || record.isRestartable;
  if (!canBeMade && !mayReturn) {
    return giveUp(record, `${why} It had no checkpoint.`, null, out);
  }
  record.phase = "waiting";
  record.isAdoptable = mayReturn;
  record.afterWait = canBeMade ? "place" : "give-up";
  const waitMs = !canBeMade ? GIVE_UP_AFTER_MS : mayReturn && record.isDirty ? RETURN_WAIT_MS : 0;
  record.waitUntilMs = state.nowMs + waitMs;
  record.why = why;
  changed(record, out);
}

function moveOut(state: ActorsState, record: ActorRecord): void {
  if (record.place === null) return;
  state.workers.get(record.place.worker)?.actors.delete(record.actor);
  record.place = null;
  record.hasLines = false;
}

/** It will not come back. */
function giveUp(
  record: ActorRecord,
  why: string,
  error: RemoteError | null,
  out: ActorCommand[],
): void {
  record.phase = "lost";
  record.isAdoptable = false;
  record.why = why;
  record.error = error;
  endCalls(record, why, error, out);
  changed(record, out);
}

/** The actor, if this is of its present life at its present place. */
function living(state: ActorsState, of: WorkerIdentity & Life): ActorRecord | undefined {
  const record = state.actors.get(of.actor);
  const isPresent =
    record?.life === of.life &&
    record.place?.worker === of.worker &&
    record.place.incarnation === of.incarnation;
  return isPresent ? record : undefined;
}

// Calls

/** Nothing follows when the actor does not run: the client asks again when it does. */
function lineAsked(state: ActorsState, event: Event<"line-asked">, out: ActorCommand[]): void {
  const record = state.actors.get(event.actor);
  if (record?.phase !== "running" || record.place === null) return drop(state);
  record.hasLines = true;
  record.isDirty = true;
  const { actor, life, place } = record;
  out.push({ type: "admit-line", ...place, actor, life, caller: event.caller });
}

function callMade(state: ActorsState, event: Event<"call-made">, out: ActorCommand[]): void {
  const last = state.lastCalls.get(event.caller);
  if (last !== undefined && event.call <= last) return drop(state);
  state.lastCalls.set(event.caller, event.call);
  const record = state.actors.get(event.actor);
  if (record === undefined) {
    return answer(event, failed("gone", "There is no such actor; it was released."), out);
  }
  if (record.phase === "lost") {
    return answer(
      event,
      failed("gone", `${lostWords(record.why)} The call did not run.`, record.error),
      out,
    );
  }
  const { sizeBytes } = event;
  const isFull =
    record.calls.size >= ACTOR_CALLS_MAX || record.callBytes + sizeBytes > ACTOR_CALL_BYTES_MAX;
  if (isFull) {
    const text = `The actor is too busy: ${record.calls.size} calls wait for it. Try again later.`;
    return answer(event, failed("busy", text), out);
  }
  const { caller, method, args, limitMs, retries } = event;
  const call: ActorCall = {
    caller,
    call: event.call,
    method,
    args,
    sizeBytes,
    deadlineAtMs: state.nowMs + event.deadlineMs,
    limitMs,
    retriesLeft: retries,
    isSent: false,
    mayHaveRun: false,
    isAnswered: false,
  };
  record.calls.set(callKey(call), call);
  record.callBytes += sizeBytes;
  if (record.phase === "running") send(state, record, call, out);
}

function send(state: ActorsState, record: ActorRecord, call: ActorCall, out: ActorCommand[]): void {
  if (record.place === null || call.isSent) return;
  if (state.nowMs >= call.deadlineAtMs) return endLate(record, call, out);
  call.isSent = true;
  call.mayHaveRun = true;
  record.isDirty = true;
  const { caller, method, args, limitMs } = call;
  const deadlineMs = call.deadlineAtMs - state.nowMs;
  const { actor, life, place } = record;
  out.push({
    type: "send-call",
    ...place,
    actor,
    life,
    caller,
    call: call.call,
    method,
    args,
    deadlineMs,
    limitMs,
  });
}

function callReturned(
  state: ActorsState,
  event: Event<"call-returned">,
  out: ActorCommand[],
): void {
  const record = living(state, event);
  const call = record?.calls.get(callKey(event));
  if (record === undefined || call?.isSent !== true) return drop(state);
  record.deaths = 0;
  endCall(record, call, event.outcome, out);
}

/** Calls at the lost thread: those that may run twice are kept, the others end as "lost". */
function settleSent(record: ActorRecord, why: string, out: ActorCommand[], mayRetry = true): void {
  for (const call of record.calls.values()) {
    if (!call.isSent) continue;
    if (mayRetry && call.retriesLeft > 0 && !call.isAnswered) {
      call.retriesLeft -= 1;
      call.isSent = false;
    } else {
      endCall(record, call, failed("lost", `${why} The call may or may not have run.`), out);
    }
  }
}

function endCalls(
  record: ActorRecord,
  why: string,
  error: RemoteError | null,
  out: ActorCommand[],
): void {
  for (const call of record.calls.values()) {
    const words = record.phase === "lost" ? lostWords(why) : why;
    const outcome = unless(call, "gone", words, error);
    endCall(record, call, outcome, out);
  }
}

function callerLeft(state: ActorsState, caller: number, out: ActorCommand[]): void {
  state.lastCalls.delete(caller);
  for (const record of state.actors.values()) {
    for (const call of record.calls.values()) {
      if (call.caller !== caller) continue;
      // One at the worker is not sent again, and its answer goes nowhere.
      if (call.isSent) call.retriesLeft = 0;
      else endCall(record, call, unless(call, "gone", "The client has left."), out);
    }
  }
}

function endLate(record: ActorRecord, call: ActorCall, out: ActorCommand[]): void {
  const text = `Its deadline passed before it was begun. ${record.why ?? ""}`.trim();
  endCall(record, call, unless(call, "late", text), out);
}

/** It is at the worker: it counts until the worker has done with it, but nobody waits for it. */
function answerLate(call: ActorCall, out: ActorCommand[]): void {
  const text = "The call's deadline passed while it was at the worker. It may or may not have run.";
  answer(call, failed("lost", text), out);
  call.isAnswered = true;
}

function endCall(
  record: ActorRecord,
  call: ActorCall,
  outcome: CallOutcome,
  out: ActorCommand[],
): void {
  if (!record.calls.delete(callKey(call))) return;
  record.callBytes -= call.sizeBytes;
  if (!call.isAnswered) answer(call, outcome, out);
}

function answer({ caller, call }: CallName, outcome: CallOutcome, out: ActorCommand[]): void {
  out.push({ type: "answer-call", caller, call, outcome });
}

function ticked(state: ActorsState, out: ActorCommand[]): void {
  state.tickedAtMs = state.nowMs;
  for (const record of state.actors.values()) {
    if (record.phase === "waiting" && state.nowMs >= record.waitUntilMs) {
      if (record.afterWait === "give-up") {
        giveUp(record, `${record.why ?? ""} It had no checkpoint.`.trim(), null, out);
      } else place(state, record, out);
    }
    for (const call of record.calls.values()) {
      if (state.nowMs < call.deadlineAtMs || call.isAnswered) continue;
      if (call.isSent) answerLate(call, out);
      else endLate(record, call, out);
    }
  }
}

// Small things

const changed = ({ actor }: ActorRecord, out: ActorCommand[]): void =>
  void out.push({ type: "actor-changed", actor });

const drop = (state: ActorsState): void => void (state.dropped += 1);

const lostWords = (why: string | null): string =>
  `The actor is lost: ${why ?? "its worker is gone."}`;

/** What a call hears that will not be run (again): it did not run, unless an earlier sending did. */
function unless(
  call: ActorCall,
  code: "gone" | "late",
  why: string,
  error: RemoteError | null = null,
): ActorFailure {
  return call.mayHaveRun
    ? failed("lost", `${why} The call may or may not have run.`, error)
    : failed(code, `${why} The call did not run.`, error);
}

function failed(
  code: ActorFailure["code"],
  message: string,
  error: RemoteError | null = null,
): ActorFailure {
  return {
    ok: false,
    code,
    message: message.slice(0, 4_000),
    ...(error === null ? {} : { error }),
  };
}
