// How far a machine is to be relied on, judged by how its latest attempts ended.
import type { WorkerView } from "../shared/protocol/messages.ts";

/** Attempts that are judged: enough that one bad minute is forgotten within a few more. */
const JUDGED_MAX = 50;
/** Below this number nothing is said: one death of two attempts means little. */
const JUDGED_MIN = 5;
/** More than this share of faults of its own makes a machine doubtful. */
const FAULTS_SHARE_MAX = 1 / 5;

/** Ends that a machine is to blame for; others are the task's, or the network's. */
const OWN_FAULTS: ReadonlySet<string> = new Set(["thread-died", "out-of-memory", "timed-out"]);

/**
 * The rule: "new" below 5 ended attempts; "doubtful" while more than a fifth of its last 50 ended by a
 * fault of its own, which are deaths of threads, exhausted memory, exceeded limits of time, and being
 * lost while it computed; "good" otherwise. What is cancelled or given back does not count.
 */
export class Standing {
  /** Of each judged attempt, the oldest first: whether it ended by a fault of the machine. */
  readonly #ends: boolean[] = [];

  finished(): void {
    this.#add(false);
  }

  failed(reason: string): void {
    this.#add(OWN_FAULTS.has(reason));
  }

  /** The machine was lost while it computed so many. */
  lost(running: number): void {
    for (let i = 0; i < Math.min(running, JUDGED_MAX); i += 1) this.#add(true);
  }

  get word(): WorkerView["standing"] {
    if (this.#ends.length < JUDGED_MIN) return "new";
    const faults = this.#ends.filter(Boolean).length;
    return faults > this.#ends.length * FAULTS_SHARE_MAX ? "doubtful" : "good";
  }

  #add(isOwnFault: boolean): void {
    this.#ends.push(isOwnFault);
    if (this.#ends.length > JUDGED_MAX) this.#ends.shift();
  }
}
