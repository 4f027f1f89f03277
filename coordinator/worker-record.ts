// What is known of one connected worker beside the scheduler's view: its name, links and counts.
import { GivenBlocks } from "../shared/worker/given-blocks.ts";
import type { AttemptId, Incarnation, PeerId } from "../shared/ids.ts";
import { SUSPECT_AFTER_MS } from "../shared/limits.ts";
import type { LinkReport, WorkerHello, WorkerMessage } from "../shared/protocol/messages.ts";
import type { Condition, WorkerView } from "../shared/protocol/messages.ts";
import { Standing } from "./standing.ts";

type Status = Extract<WorkerMessage, { type: "status" }>;

/** Tasks that a machine did, kept over its reconnections. */
export interface WorkerTally {
  tasksDone: number;
  tasksFailed: number;
  /** Thread-milliseconds. */
  computeMs: number;
  readonly standing: Standing;
}

export const newTally = (): WorkerTally => ({
  tasksDone: 0,
  tasksFailed: 0,
  computeMs: 0,
  standing: new Standing(),
});

/** Of a worker that tells nothing of itself. */
const UNKNOWN_CONDITION: Condition = {
  pausedBy: null,
  memoryBytes: 0,
  busyShare: 0,
  pressure: null,
  battery: null,
  lagMs: null,
};

/** Of a worker that nothing was timed on. */
const UNTIMED = { relativeSpeed: 1, speeds: [] };

export class WorkerRecord {
  readonly #hello: WorkerHello;
  readonly incarnation: Incarnation;
  readonly #peer: PeerId;
  readonly #address: string;
  readonly tally: WorkerTally;
  /** Unix milliseconds. */
  readonly #joinedAtMs: number;
  /** Monotonic time at which it was told that it may leave. */
  retiredAtMs: number | null = null;
  /** It gave leases back and has not said since how it is. */
  hasReturned = false;
  /** Attempts leased to this incarnation and not yet ended. */
  readonly leased = new Set<AttemptId>();
  /** Small blocks that it was given with leases, and still keeps. */
  readonly given = new GivenBlocks();
  #isRetiring = false;
  /** It knows that it is to finish: a status that says otherwise means a change of mind. */
  #knowsItRetires = false;
  #status: Omit<Status, "type">;
  #heardAtMs: number;
  #links: readonly LinkReport[] = [];
  /** Bytes of links that are no longer reported, so that the sums never fall. */
  #retiredBytesDirect = 0;
  /** Stays true when the channels close. */
  #hasMovedDirectly = false;
  #retiredBytesCoordinator = 0;

  constructor(
    hello: WorkerHello,
    identity: {
      readonly incarnation: Incarnation;
      readonly peer: PeerId;
      readonly address: string;
      readonly joinedAtMs: number;
    },
    tally: WorkerTally,
    nowMs: number,
  ) {
    this.#hello = hello;
    this.incarnation = identity.incarnation;
    this.#peer = identity.peer;
    this.#address = identity.address;
    this.#joinedAtMs = identity.joinedAtMs;
    this.tally = tally;
    this.#heardAtMs = nowMs;
    const { name, threads, paused, hidden, runsFunctions } = hello;
    this.#status = { name, threads, paused, hidden, runsFunctions, running: [], cacheBytes: 0 };
  }

  /** Actors that live on from before its connection was lost. */
  get heldActors(): NonNullable<WorkerHello["actors"]> {
    return this.#hello.actors ?? [];
  }

  get name(): string {
    return this.#status.name;
  }

  get status(): Omit<Status, "type"> {
    return this.#status;
  }

  heard(nowMs: number): void {
    this.#heardAtMs = nowMs;
  }

  get threadsMax(): number {
    return this.#hello.threadsMax;
  }

  /** It is to finish what it runs, hand over what only it holds, and leave. */
  get isRetiring(): boolean {
    return this.#isRetiring;
  }

  /** The dashboard asks it to. */
  retire(): void {
    this.#isRetiring = true;
  }

  applyStatus(status: Status): void {
    this.#status = status;
    const isFinishing = status.condition?.pausedBy === "finishing";
    // Until the dashboard's wish has arrived there, the page does not know of it.
    if (isFinishing || this.#knowsItRetires) this.#isRetiring = isFinishing;
    this.#knowsItRetires = isFinishing;
    if (!this.#isRetiring) this.retiredAtMs = null;
  }

  applyLinks(links: readonly LinkReport[]): void {
    const reported = new Map(links.map((link) => [link.peer, link]));
    for (const old of this.#links) {
      // A link that is gone, or counts from zero again, keeps what it had carried.
      const bytesNow = reported.get(old.peer)?.bytesReceived ?? -1;
      if (bytesNow >= old.bytesReceived) continue;
      if (old.peer === null) this.#retiredBytesCoordinator += old.bytesReceived;
      else this.#retiredBytesDirect += old.bytesReceived;
    }
    this.#links = [...reported.values()];
    this.#hasMovedDirectly ||= this.#links.some(
      (link) => link.peer !== null && link.bytesReceived + link.bytesSent > 0,
    );
  }

  /** What it told last of its ways to other machines and to the coordinator. */
  get links(): readonly LinkReport[] {
    return this.#links;
  }

  view(
    nowMs: number,
    { relativeSpeed, speeds }: Pick<WorkerView, "relativeSpeed" | "speeds"> = UNTIMED,
  ): WorkerView {
    const { tasksDone, tasksFailed, computeMs, standing } = this.tally;
    const { name, threads, hidden, runsFunctions, running, cacheBytes } = this.#status;
    const direct = this.#links.filter((link) => link.peer !== null);
    const coordinator = this.#links.find((link) => link.peer === null);
    const bytesDirect = direct.reduce(
      (sum, link) => sum + link.bytesReceived,
      this.#retiredBytesDirect,
    );
    const bytesCoordinator = (coordinator?.bytesReceived ?? 0) + this.#retiredBytesCoordinator;
    return {
      worker: this.#hello.worker,
      peer: this.#peer,
      name,
      device: this.#hello.device,
      address: this.#address,
      threads,
      threadsMax: this.#hello.threadsMax,
      state: this.#state(nowMs),
      hidden,
      runsFunctions,
      running: running.length,
      leased: this.leased.size,
      tasksDone,
      tasksFailed,
      computeMs,
      cacheBytes,
      bytesDirect,
      bytesCoordinator,
      ...pathOf(direct, this.#hasMovedDirectly, bytesCoordinator > 0),
      joinedAtMs: this.#joinedAtMs,
      condition: this.#status.condition ?? UNKNOWN_CONDITION,
      isRetiring: this.#isRetiring,
      relativeSpeed,
      speeds,
      standing: standing.word,
    };
  }

  #state(nowMs: number): WorkerView["state"] {
    if (nowMs - this.#heardAtMs > SUSPECT_AFTER_MS) return "silent";
    if (this.#status.running.length > 0) return "computing";
    if (this.#status.paused) return "paused";
    return this.leased.size > 0 ? "fetching" : "idle";
  }
}

/**
 * Which way this machine's blocks travel, and when not directly, why: what is open or failed now, or
 * else the way that they took last, as channels close when the other page does.
 */
function pathOf(
  direct: readonly LinkReport[],
  hasMovedDirectly: boolean,
  hasUsedCoordinator: boolean,
): Pick<WorkerView, "path" | "why"> {
  if (direct.some((link) => link.state === "open")) return { path: "direct", why: null };
  const failed = direct.find((link) => link.state === "failed");
  if (failed !== undefined) return { path: "coordinator", why: failed.why };
  if (hasMovedDirectly) return { path: "direct", why: null };
  return { path: hasUsedCoordinator ? "coordinator" : "unknown", why: null };
}
