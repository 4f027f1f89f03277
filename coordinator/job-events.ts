// A job as a stream of server-sent events: progress, results and failures as they come, its end.
import { randomBytes } from "node:crypto";
import type { Clock } from "../shared/data-plane/clock.ts";
import type { TargetFailure, TaskResult } from "../shared/graph/task.ts";
import { asClientId, asPeerId, randomText, type JobId } from "../shared/ids.ts";
import { TASKS_PER_JOB_MAX } from "../shared/limits.ts";
import type { JobEventName, JobProgress } from "../shared/protocol/http.ts";
import type { CoordinatorMessage, JobView } from "../shared/protocol/messages.ts";
import type { BlockSources } from "./block-sources.ts";
import type { JobBook } from "./job-book.ts";
import type { ClientPort } from "./ports.ts";
import type { SchedulerHost } from "./scheduler-host.ts";

/** A comment after this much quiet keeps proxies and laptops from giving the connection up. */
const HEARTBEAT_MS = 15_000;
/** What waits for a slow reader, at most: references only, the bytes are added when it reads. */
const WAITING_MAX = TASKS_PER_JOB_MAX;
/** Events are handed on together up to about this many characters. */
const CHUNK_CHARACTERS = 1 << 16;

export interface JobEventsParts {
  readonly host: Pick<SchedulerHost, "watch" | "clientLeft">;
  readonly book: Pick<JobBook, "view">;
  readonly sources: Pick<BlockSources, "locatedResult">;
  readonly clock: Clock;
}

export class JobEvents {
  readonly #parts: JobEventsParts;
  readonly #streams = new Set<JobEventStream>();

  constructor(parts: JobEventsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** A stream of a job's events; undefined when there is no such job. `leave` must be called at its end. */
  open(job: JobId): JobEventStream | undefined {
    const stream = new JobEventStream(this.#parts, job, () => this.#streams.delete(stream));
    if (!this.#parts.host.watch(stream, job)) return undefined;
    this.#streams.add(stream);
    return stream;
  }

  /** Jobs may have changed. The caller sees to it that this is not more often than four times a second. */
  changed(): void {
    for (const stream of this.#streams) stream.progressed();
  }
}

type Waiting =
  | { readonly result: TaskResult; readonly failure?: never }
  | { readonly failure: TargetFailure; readonly result?: never };

/** Follows a job as a client does, but is no holder of blocks and cannot be dialled. */
export class JobEventStream implements ClientPort {
  readonly client = asClientId(`c_${randomText(randomBytes(16))}`);
  readonly peer = asPeerId(`events-${this.client}`);
  readonly #parts: JobEventsParts;
  readonly #job: JobId;
  readonly #onLeave: () => void;
  #waiting: Waiting[] = [];
  /** How the job stood when it ended; kept here, as it may be deleted before a slow reader hears it. */
  #end: JobProgress | undefined;
  #hasProgress = true;
  #lastProgress = "";
  #hasLeft = false;
  #wake = (): void => undefined;

  constructor(parts: JobEventsParts, job: JobId, onLeave: () => void) {
    this.#parts = parts;
    this.#job = job;
    this.#onLeave = onLeave;
  }

  /** News of the job, from the host. */
  send(message: CoordinatorMessage): void {
    if (message.type !== "job-results" || this.#hasLeft) return;
    for (const { task, outputs } of message.results) {
      const refs = outputs.map(({ block, sizeBytes }) => ({ block, sizeBytes }));
      this.#waiting.push({ result: { task, outputs: refs } });
    }
    for (const failure of message.failures) this.#waiting.push({ failure });
    if (message.isLast) {
      this.#end = this.#progress();
      if (this.#end === undefined) this.leave();
    }
    // A reader so slow is let go; when it connects again it is told everything anew.
    if (this.#waiting.length > WAITING_MAX) this.leave();
    this.#wake();
  }

  end(): void {
    this.leave();
  }

  progressed(): void {
    this.#hasProgress = true;
    this.#wake();
  }

  /** Ends the stream without its last event; later calls do nothing. */
  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#waiting = [];
    this.#parts.host.clientLeft(this);
    this.#onLeave();
    this.#wake();
  }

  /** Text as it goes over the wire, made when the reader takes it. */
  async *text(): AsyncGenerator<string, void, undefined> {
    try {
      while (!this.#hasLeft) {
        const text = this.#takeProgress() + this.#takeNews();
        if (text !== "") yield text;
        else if (this.#end !== undefined) {
          yield eventText("end", this.#end);
          return;
        } else if (!(await this.#news())) yield ": still here\n\n";
      }
    } finally {
      this.leave();
    }
  }

  /** Resolves to true when there is something to tell, or to false when it has been quiet for long. */
  #news(): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(HEARTBEAT_MS, () => resolve(false));
      this.#wake = () => {
        this.#wake = () => undefined;
        cancel();
        resolve(true);
      };
    });
  }

  #takeProgress(): string {
    if (!this.#hasProgress || this.#end !== undefined) return "";
    this.#hasProgress = false;
    const progress = this.#progress();
    const text = progress === undefined ? "" : eventText("progress", progress);
    if (text === this.#lastProgress) return "";
    this.#lastProgress = text;
    return text;
  }

  #takeNews(): string {
    let text = "";
    let taken = 0;
    while (taken < this.#waiting.length && text.length < CHUNK_CHARACTERS) {
      const next = this.#waiting[taken];
      taken += 1;
      if (next?.failure !== undefined) text += eventText("failure", next.failure);
      if (next?.result !== undefined) text += eventText("result", this.#located(next.result));
    }
    this.#waiting.splice(0, taken);
    return text;
  }

  /** Small blocks come along; where the others are is of no use to a reader of HTTP. */
  #located(result: TaskResult): object {
    const { task, outputs } = this.#parts.sources.locatedResult(result);
    return {
      task,
      outputs: outputs.map(({ block, sizeBytes, bytes }) => ({
        block,
        sizeBytes,
        ...(bytes === undefined ? {} : { bytes }),
      })),
    };
  }

  #progress(): JobProgress | undefined {
    const view = this.#parts.book.view(this.#job);
    return view === undefined ? undefined : progressOf(view);
  }
}

const eventText = (name: JobEventName, data: object): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/** What changes of a view, without what is known from the start. */
const progressOf = (view: JobView): JobProgress => ({
  state: view.state,
  isOpen: view.isOpen,
  tasksTotal: view.tasksTotal,
  tasksDone: view.tasksDone,
  tasksRunning: view.tasksRunning,
  targetsTotal: view.targetsTotal,
  targetsDone: view.targetsDone,
  targetsFailed: view.targetsFailed,
  failure: view.failure,
});
