// Which worker gets an actor: the least loaded one that may have it.
import { ACTORS_PER_WORKER_MAX } from "../limits.ts";
import type { ActorFacts } from "./actor-events.ts";
import type { ActorHost, ActorsState } from "./actor-state.ts";

export function mayHave(host: ActorHost, actor: Pick<ActorFacts, "needsFunctions">): boolean {
  const { threads, runsFunctions } = host.ability;
  return threads > 0 && (runsFunctions || !actor.needsFunctions);
}

/** The fewest actors a thread, then the most threads, then the smallest id; undefined if none may. */
export function chooseHost(
  state: ActorsState,
  actor: Pick<ActorFacts, "needsFunctions">,
): ActorHost | undefined {
  let best: ActorHost | undefined;
  for (const host of state.workers.values()) {
    const isOpen = !host.ability.paused && host.actors.size < ACTORS_PER_WORKER_MAX;
    if (isOpen && mayHave(host, actor) && (best === undefined || isBetter(host, best))) best = host;
  }
  return best;
}

function isBetter(a: ActorHost, b: ActorHost): boolean {
  // The load with this actor: an idle worker of many threads is better than one of few.
  const loadA = (a.actors.size + 1) / a.ability.threads;
  const loadB = (b.actors.size + 1) / b.ability.threads;
  if (loadA !== loadB) return loadA < loadB;
  if (a.ability.threads !== b.ability.threads) return a.ability.threads > b.ability.threads;
  return a.worker < b.worker;
}

/** Why nobody can have this actor now, in plain words. */
export function whyWaiting(state: ActorsState, actor: Pick<ActorFacts, "needsFunctions">): string {
  const hosts = [...state.workers.values()];
  if (hosts.length === 0) return "No worker has joined. Open the join link on a machine.";
  const able = hosts.filter((host) => mayHave(host, actor));
  if (able.length === 0) {
    return actor.needsFunctions
      ? "No worker runs functions of users. Agree to that on a joined page."
      : "No worker has a thread to spare.";
  }
  if (able.every((host) => host.ability.paused)) return "Every worker that could is paused.";
  return `Every worker that could has ${ACTORS_PER_WORKER_MAX} actors already.`;
}
