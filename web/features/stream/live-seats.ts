// Gives each computing attempt a lane of its machine while its thread is not known, and keeps it there.
import type { LiveAttempt } from "./machine-lanes.ts";

interface Seat {
  readonly thread: number;
  readonly computingFromMs: number;
}

export class Seats {
  #seats = new Map<number, Seat>();

  clear(): void {
    this.#seats.clear();
  }

  /**
   * The same attempts, the computing ones with a lane: that which became free first. An attempt
   * began to compute after the answer before this one (`beforeMs`), which did not know of it, and
   * after the lane became free.
   */
  seat(attempts: readonly LiveAttempt[], beforeMs: number): LiveAttempt[] {
    const kept = new Map<number, Seat>();
    const taken = new Map<LiveAttempt["machine"], Set<number>>();
    for (const { attempt, machine, computingFromMs } of attempts) {
      const seat = this.#seats.get(attempt);
      if (seat === undefined || computingFromMs === null) continue;
      kept.set(attempt, seat);
      takenOf(taken, machine).add(seat.thread);
    }
    this.#seats = kept;
    return attempts.map((live) => {
      if (live.computingFromMs === null) return live;
      const seat = kept.get(live.attempt) ?? newSeat(live, takenOf(taken, live.machine), beforeMs);
      kept.set(live.attempt, seat);
      return { ...live, ...seat };
    });
  }
}

function takenOf<K>(taken: Map<K, Set<number>>, key: K): Set<number> {
  const known = taken.get(key) ?? new Set<number>();
  taken.set(key, known);
  return known;
}

function newSeat({ machine, grantedMs }: LiveAttempt, taken: Set<number>, beforeMs: number): Seat {
  let thread = -1;
  let freeMs = Number.POSITIVE_INFINITY;
  for (const [place, lane] of machine.threads.entries()) {
    if (taken.has(place) || lane.lastEndMs >= freeMs) continue;
    thread = place;
    freeMs = lane.lastEndMs;
  }
  if (thread < 0) {
    // More attempts than lanes seen so far: the first place that nobody has.
    thread = machine.threads.length;
    while (taken.has(thread)) thread += 1;
    freeMs = Number.NEGATIVE_INFINITY;
  }
  taken.add(thread);
  return { thread, computingFromMs: Math.max(grantedMs, beforeMs, freeMs) };
}
