// What is known of the cluster's attempts: lanes of ended ones, and those under way; knows no clock.
import * as limits from "../../../shared/limits.ts";
import type { WorkerId } from "../../../shared/ids.ts";
import { attemptOutcomes, type Activity } from "../../../shared/protocol/telemetry.ts";
import { groupNames } from "../jobs/group-rows.ts";
import { LaneColumns } from "./lane-columns.ts";
import { Seats } from "./live-seats.ts";
import type { LiveAttempt, Machine } from "./machine-lanes.ts";

/** The coordinator remembers as many; a tab that is open for days must not grow. */
const ATTEMPTS_MAX = 200_000;
/** Rows in one answer; as many mean that there is more to ask for. */
export const PAGE_ROWS = 20_000;

/** Numbers of one run of the coordinator, in this history's own. */
interface Translation {
  readonly machines: Machine[];
  readonly groups: readonly string[];
}

export class ActivityHistory {
  readonly #attemptsMax: number;
  readonly #machines = new Map<WorkerId, Machine>();
  /** Only those that attempts here are of: the coordinator's list is of everything. */
  readonly #groups = new Names();
  #groupWords: readonly string[] = [];
  /** The lane of each attempt in the order in which they came: a ring, so that the oldest can go. */
  readonly #order: LaneColumns[] = [];
  readonly #seats = new Seats();
  #orderStart = 0;
  #run: string | null = null;
  #translation: Translation = { machines: [], groups: [] };
  #nextSeq = 0;
  #nowMs = 0;
  #hasForgotten = false;
  #live: readonly LiveAttempt[] = [];
  #liveByMachine = new Map<Machine, LiveAttempt[]>();
  #version = 0;

  constructor(attemptsMax: number = ATTEMPTS_MAX) {
    this.#attemptsMax = attemptsMax;
  }

  /** Which sequence number to ask from. */
  get since(): number {
    return this.#nextSeq;
  }

  /** The coordinator's clock at its last answer, Unix milliseconds; 0 before the first. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get machines(): readonly Machine[] {
    return [...this.#machines.values()];
  }

  /** Kernels and functions as people call them, told apart. */
  get groups(): readonly string[] {
    const { list } = this.#groups;
    if (this.#groupWords.length !== list.length) {
      this.#groupWords = [...groupNames(list).values()].map(({ label, mark }) =>
        mark === "" ? label : `${label} (${mark})`,
      );
    }
    return this.#groupWords;
  }

  get live(): readonly LiveAttempt[] {
    return this.#live;
  }

  liveOf(machine: Machine): readonly LiveAttempt[] {
    return this.#liveByMachine.get(machine) ?? [];
  }

  /** Ended attempts held. */
  get count(): number {
    return this.#order.length;
  }

  /** Whether older attempts fell off here, or were forgotten by the coordinator before. */
  get hasForgotten(): boolean {
    return this.#hasForgotten;
  }

  /** Grows with every answer that changed something. */
  get version(): number {
    return this.#version;
  }

  /** When the oldest held attempt was leased, or the oldest one under way; null without any. */
  get firstMs(): number | null {
    let firstMs = Number.POSITIVE_INFINITY;
    for (const { threads, unplaced } of this.#machines.values()) {
      for (const lane of [...threads, unplaced]) {
        if (lane.count > 0) firstMs = Math.min(firstMs, lane.grantedMsAt(lane.first));
      }
    }
    for (const { grantedMs } of this.#live) firstMs = Math.min(firstMs, grantedMs);
    return Number.isFinite(firstMs) ? firstMs : null;
  }

  /** When the latest attempt ended; null when none has. */
  get lastMs(): number | null {
    let lastMs = Number.NEGATIVE_INFINITY;
    for (const { threads, unplaced } of this.#machines.values()) {
      for (const lane of [...threads, unplaced]) lastMs = Math.max(lastMs, lane.lastEndMs);
    }
    return Number.isFinite(lastMs) ? lastMs : null;
  }

  /**
   * Takes the answer to a question from `since`. True when there is more to ask for at once. What an
   * earlier run of the coordinator told is kept: it is true still, and only this page remembers it.
   */
  take(answer: Activity): boolean {
    if (answer.run !== this.#run) {
      const isAnother = this.#run !== null;
      this.#run = answer.run;
      this.#translation = { machines: [], groups: [] };
      this.#seats.clear();
      const asked = this.#nextSeq;
      this.#nextSeq = 0;
      // This was the answer to a number of the earlier run: what came before it is missing.
      if (isAnother && asked > 0) return true;
    }
    const askedSeq = this.#nextSeq;
    this.#translate(answer);
    this.#hasForgotten ||= answer.firstSeq > askedSeq;
    this.#takeEnded(answer);
    this.#takeLive(answer);
    this.#nextSeq = Math.max(askedSeq, answer.nextSeq);
    this.#nowMs = answer.nowMs;
    this.#version += 1;
    const hasPage = answer.ended.seq.length >= PAGE_ROWS;
    return hasPage || this.#nextSeq - Math.max(askedSeq, answer.firstSeq) >= PAGE_ROWS;
  }

  #translate({ workers, groups }: Activity): void {
    const { machines } = this.#translation;
    for (const [place, { worker, name }] of workers.entries()) {
      const known = this.#machines.get(worker);
      const machine = known ?? {
        worker,
        name,
        threads: [],
        unplaced: new LaneColumns(false),
      };
      machine.name = name;
      if (known === undefined) this.#machines.set(worker, machine);
      machines[place] = machine;
    }
    this.#translation = { machines, groups };
  }

  #takeEnded({ ended }: Activity): void {
    const { machines, groups } = this.#translation;
    for (const [row, seq] of ended.seq.entries()) {
      const machine = machines[ended.worker[row] ?? -1];
      if (seq < this.#nextSeq || machine === undefined) continue;
      const lane = laneOf(machine, ended.thread[row] ?? -1);
      lane.add({
        attempt: ended.attempt[row] ?? 0,
        endMs: ended.endMs[row] ?? 0,
        fetchMs: ended.fetchMs[row] ?? 0,
        waitMs: ended.waitMs[row] ?? 0,
        computeMs: ended.computeMs[row] ?? 0,
        group: this.#groups.placeOf(groups[ended.group[row] ?? -1] ?? ""),
        outcome: attemptOutcomes[ended.outcome[row] ?? 0] ?? "finished",
        isSpeculative: ended.isSpeculative[row] === 1,
      });
      this.#note(lane);
    }
  }

  #note(lane: LaneColumns): void {
    if (this.#order.length < this.#attemptsMax) {
      this.#order.push(lane);
      return;
    }
    this.#order[this.#orderStart]?.dropFirst();
    this.#order[this.#orderStart] = lane;
    this.#orderStart = (this.#orderStart + 1) % this.#attemptsMax;
    this.#hasForgotten = true;
  }

  #takeLive({ live, nowMs }: Activity): void {
    const { machines, groups } = this.#translation;
    const attempts: LiveAttempt[] = [];
    for (const [row, attempt] of live.attempt.entries()) {
      const machine = machines[live.worker[row] ?? -1];
      if (machine === undefined) continue;
      attempts.push({
        attempt,
        machine,
        thread: -1,
        group: this.#groups.placeOf(groups[live.group[row] ?? -1] ?? ""),
        grantedMs: live.grantedMs[row] ?? nowMs,
        computingFromMs: live.isRunning[row] === 1 ? nowMs : null,
        isSpeculative: live.isSpeculative[row] === 1,
      });
    }
    this.#live = this.#seats.seat(attempts, this.#nowMs);
    this.#liveByMachine = new Map();
    for (const one of this.#live) {
      const known = this.#liveByMachine.get(one.machine);
      if (known === undefined) this.#liveByMachine.set(one.machine, [one]);
      else known.push(one);
    }
  }
}

function laneOf(machine: Machine, thread: number): LaneColumns {
  if (thread < 0 || thread >= limits.THREADS_PER_WORKER_MAX) return machine.unplaced;
  while (machine.threads.length <= thread) machine.threads.push(new LaneColumns(true));
  return machine.threads[thread] ?? machine.unplaced;
}

/** Names by the order in which they came. */
class Names {
  readonly list: string[] = [];
  readonly #places = new Map<string, number>();

  placeOf(name: string): number {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = this.list.push(name) - 1;
    this.#places.set(name, place);
    return place;
  }
}
