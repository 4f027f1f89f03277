// What must hold after every step of the actor machine; checked by the simulation.
import { assert } from "../assert.ts";
import { ACTOR_CALL_BYTES_MAX, ACTOR_CALLS_MAX, ACTORS_PER_WORKER_MAX } from "../limits.ts";
import { chooseHost, mayHave } from "./actor-placement.ts";
import type { ActorRecord, ActorsState } from "./actor-state.ts";

/** Throws AssertionError when the state contradicts itself. */
export function assertActorInvariants(state: ActorsState): void {
  for (const host of state.workers.values()) {
    assert(host.actors.size <= ACTORS_PER_WORKER_MAX, "a worker has more actors than it may");
    for (const actor of host.actors) {
      const record = state.actors.get(actor);
      assert(record?.place?.worker === host.worker, "a worker has an actor that is not there");
      assert(record.place.incarnation === host.incarnation, "an actor is at an older connection");
      assert(mayHave(host, record) || host.ability.threads === 0, "a worker may not have this");
    }
  }
  for (const record of state.actors.values()) assertRecord(state, record);
}

function assertRecord(state: ActorsState, record: ActorRecord): void {
  const { phase, place, life } = record;
  const isPlaced = phase === "starting" || phase === "running";
  assert(
    isPlaced === (place !== null),
    `a ${phase} actor is ${place === null ? "no" : "some"}where`,
  );
  if (place !== null) {
    const host = state.workers.get(place.worker);
    assert(host?.actors.has(record.actor) === true, "the actor's worker does not know it");
    assert(life > 0, "an actor is somewhere before its first life");
  }
  assert(
    !record.hasLines || (phase === "running" && record.isDirty),
    "[D4] lines to what is clean",
  );
  assert(!record.isAdoptable || phase === "waiting", "only a waiting actor can come back");
  if (
    phase === "waiting" &&
    record.afterWait === "place" &&
    state.tickedAtMs >= record.waitUntilMs
  ) {
    assert(chooseHost(state, record) === undefined, "an actor waits though a worker could have it");
  }
  assertCalls(record);
}

function assertCalls(record: ActorRecord): void {
  const { phase, calls } = record;
  assert(phase !== "lost" || calls.size === 0, "a lost actor has calls");
  assert(calls.size <= ACTOR_CALLS_MAX, "too many calls wait");
  let bytes = 0;
  let isUnsentBefore = false;
  for (const call of calls.values()) {
    bytes += call.sizeBytes;
    assert(!call.isSent || phase === "running", "a call was sent to nobody");
    assert(call.isSent || phase !== "running", "a call was not sent though the actor runs");
    assert(!call.isSent || !isUnsentBefore, "a call was sent before an earlier one");
    assert(!call.isSent || record.isDirty, "a call was sent and nothing could be lost");
    assert(
      call.isSent || !call.isAnswered,
      "a call that did not begin is answered and still there",
    );
    isUnsentBefore ||= !call.isSent;
  }
  assert(bytes === record.callBytes, "the bytes of the calls are miscounted");
  assert(bytes <= ACTOR_CALL_BYTES_MAX, "the calls have too many bytes");
}
