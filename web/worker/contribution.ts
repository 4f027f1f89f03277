// How much this machine has computed: in this visit, and in all, which the browser remembers.
import { readObject, type Remembering } from "./remembered.ts";

/** What was computed for others. */
export interface Contribution {
  /** Thread-milliseconds. */
  readonly computeMs: number;
  readonly tasks: number;
  readonly jobs: number;
}

/** What a visit has come to so far. */
export interface VisitTotals {
  readonly computeMs: number;
  readonly tasks: number;
  readonly jobs: ReadonlySet<string>;
}

export interface ContributionBook {
  /** Everything up to now, this visit included. */
  inAll(visit: VisitTotals): Contribution;
  /** Writes down what is new; other tabs of this browser write into the same book. */
  save(visit: VisitTotals): void;
}

const KEY = "tabswarm-contribution";
/** Jobs that are remembered by name, so that a reload in the middle of one does not count it twice. */
const JOBS_REMEMBERED_MAX = 200;

interface Page extends Contribution {
  readonly lastJobs: readonly string[];
}

function readPage(memory: Remembering): Page {
  const stored = readObject(memory, KEY) ?? {};
  const amount = (value: unknown): number =>
    typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
  const { lastJobs } = stored;
  return {
    computeMs: amount(stored["computeMs"]),
    tasks: amount(stored["tasks"]),
    jobs: amount(stored["jobs"]),
    lastJobs: Array.isArray(lastJobs)
      ? lastJobs.filter((job) => typeof job === "string").slice(-JOBS_REMEMBERED_MAX)
      : [],
  };
}

export function openContributionBook(memory: Remembering): ContributionBook {
  let page = readPage(memory);
  let saved: { readonly computeMs: number; readonly tasks: number } = { computeMs: 0, tasks: 0 };
  /** Jobs of this visit that are in the book already. */
  const savedJobs = new Set<string>();

  function added(onto: Page, visit: VisitTotals): Page {
    const known = new Set([...onto.lastJobs, ...savedJobs]);
    const fresh = [...visit.jobs].filter((job) => !known.has(job));
    return {
      computeMs: onto.computeMs + visit.computeMs - saved.computeMs,
      tasks: onto.tasks + visit.tasks - saved.tasks,
      jobs: onto.jobs + fresh.length,
      lastJobs: [...onto.lastJobs, ...fresh].slice(-JOBS_REMEMBERED_MAX),
    };
  }

  return {
    inAll(visit) {
      const { computeMs, tasks, jobs } = added(page, visit);
      return { computeMs, tasks, jobs };
    },
    save(visit) {
      if (visit.tasks === saved.tasks && visit.computeMs === saved.computeMs) return;
      // Read anew: another tab may have written meanwhile.
      page = added(readPage(memory), visit);
      saved = { computeMs: visit.computeMs, tasks: visit.tasks };
      for (const job of visit.jobs) savedJobs.add(job);
      memory.write(KEY, JSON.stringify(page));
    },
  };
}
