// Which clients follow which jobs, and the results that wait to be told to them.
import type { TargetFailure, TaskResult } from "../shared/graph/task.ts";
import type { JobId } from "../shared/ids.ts";
import { CONTROL_MESSAGE_BYTES_MAX } from "../shared/limits.ts";
import type { JobResult } from "../shared/protocol/messages.ts";
import type { ClientPort } from "./ports.ts";

/** Results in one message: about 100 kB of JSON, or ten times that with the bytes of small blocks. */
const RESULTS_PER_MESSAGE_MAX = 500;
/** A message stays well below what a page takes. */
const SMALL_BYTES_PER_MESSAGE_MAX = CONTROL_MESSAGE_BYTES_MAX / 2;
/** Jobs that one client may follow. */
const WATCHES_PER_CLIENT_MAX = 256;

/** What those who follow a job are told at once. */
export interface News {
  readonly results: TaskResult[];
  readonly failures: TargetFailure[];
  isLast: boolean;
}

export class Watchers {
  readonly #locate: (result: TaskResult) => JobResult;
  readonly #jobsByClient = new Map<ClientPort, Set<JobId>>();
  readonly #news = new Map<JobId, News>();

  /** `locate` says where a result's blocks can be had at the moment of telling. */
  constructor(locate: (result: TaskResult) => JobResult) {
    this.#locate = locate;
  }

  /** Tells the client what is there already; increments follow. */
  add(port: ClientPort, job: JobId, news: News): void {
    this.#tell(port, job, news);
    if (news.isLast) return;
    const jobs = this.#jobsByClient.get(port) ?? new Set();
    this.#jobsByClient.set(port, jobs);
    if (jobs.size < WATCHES_PER_CLIENT_MAX) jobs.add(job);
  }

  remove(port: ClientPort, job: JobId): void {
    this.#jobsByClient.get(port)?.delete(job);
  }

  leave(port: ClientPort): void {
    this.#jobsByClient.delete(port);
  }

  isWatched(job: JobId): boolean {
    return [...this.#jobsByClient.values()].some((jobs) => jobs.has(job));
  }

  targetReady(job: JobId, result: TaskResult): void {
    this.#newsOf(job).results.push(result);
  }

  targetFailed(job: JobId, failure: TargetFailure): void {
    this.#newsOf(job).failures.push(failure);
  }

  jobEnded(job: JobId): void {
    this.#newsOf(job).isLast = true;
  }

  /** Sends what has gathered: one message a job and client for all that one event brought. */
  flush(): void {
    for (const [job, news] of this.#news) {
      for (const [port, jobs] of this.#jobsByClient) {
        if (!jobs.has(job)) continue;
        if (news.isLast) jobs.delete(job);
        this.#tell(port, job, news);
      }
    }
    this.#news.clear();
  }

  #newsOf(job: JobId): News {
    const news = this.#news.get(job) ?? { results: [], failures: [], isLast: false };
    this.#news.set(job, news);
    return news;
  }

  #tell(port: ClientPort, job: JobId, { results, failures, isLast }: News): void {
    let part: JobResult[] = [];
    let partBytes = 0;
    const send = (isEnd: boolean): void => {
      const told = isEnd ? failures : [];
      port.send({
        type: "job-results",
        job,
        results: part,
        failures: told,
        isLast: isEnd && isLast,
      });
      part = [];
      partBytes = 0;
    };
    for (const result of results) {
      const located = this.#locate(result);
      const bytes = located.outputs.reduce((sum, output) => sum + (output.bytes?.length ?? 0), 0);
      const isFull =
        part.length >= RESULTS_PER_MESSAGE_MAX || partBytes + bytes > SMALL_BYTES_PER_MESSAGE_MAX;
      if (isFull) send(false);
      part.push(located);
      partBytes += bytes;
    }
    send(true);
  }
}
