// Which clients follow which jobs, and the results that wait to be told to them.
import type { TaskResult } from "../shared/graph/task.ts";
import type { JobId } from "../shared/ids.ts";
import type { JobResult } from "../shared/protocol/messages.ts";
import type { ClientPort } from "./ports.ts";

/** Results in one message: about 100 kB of JSON. */
const RESULTS_PER_MESSAGE_MAX = 500;
/** Jobs that one client may follow. */
const WATCHES_PER_CLIENT_MAX = 256;

interface News {
  readonly results: TaskResult[];
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
  add(port: ClientPort, job: JobId, results: readonly TaskResult[], isLast: boolean): void {
    this.#tell(port, job, results, isLast);
    if (isLast) return;
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

  targetReady(job: JobId, result: TaskResult): void {
    this.#newsOf(job).results.push(result);
  }

  jobEnded(job: JobId): void {
    this.#newsOf(job).isLast = true;
  }

  /** Sends what has gathered: one message a job and client for all that one event brought. */
  flush(): void {
    for (const [job, { results, isLast }] of this.#news) {
      for (const [port, jobs] of this.#jobsByClient) {
        if (!jobs.has(job)) continue;
        if (isLast) jobs.delete(job);
        this.#tell(port, job, results, isLast);
      }
    }
    this.#news.clear();
  }

  #newsOf(job: JobId): News {
    const news = this.#news.get(job) ?? { results: [], isLast: false };
    this.#news.set(job, news);
    return news;
  }

  #tell(port: ClientPort, job: JobId, results: readonly TaskResult[], isLast: boolean): void {
    for (let at = 0; at < results.length || at === 0; at += RESULTS_PER_MESSAGE_MAX) {
      const end = at + RESULTS_PER_MESSAGE_MAX;
      const part = results.slice(at, end).map(this.#locate);
      const isLastPart = end >= results.length;
      port.send({ type: "job-results", job, results: part, isLast: isLast && isLastPart });
    }
  }
}
