// Joins the cluster with headless browsers, each one worker, and ends them without a trace.
import type { Page } from "playwright";
import { CommandError } from "../commands/command-error.ts";
import { HOW_TO_TRUST } from "../commands/trusted-authority.ts";
import { untrustedText } from "../node-trust.ts";
import { launchBrowser } from "./launch-browser.ts";

export interface HeadlessWorkersOptions {
  /** As printed by `serve`: ".../join#t=<token>". */
  readonly joinUrl: string;
  readonly browsers: number;
  /** Threads of each worker; undefined leaves the choice to the page. */
  readonly threads?: number;
  readonly name: string;
  /** Functions of users may run there, sandboxed. */
  readonly runsFunctions?: boolean;
  /** Over https: the SHA-256 of the coordinator's public key, in base64, once it is known to be its. */
  readonly trustedKey?: string;
  readonly executablePath: string;
  readonly say: (line: string) => void;
}

/** Why a worker ended without being asked to by us; `sentence` says so to a person. */
export interface WorkerEnd {
  /** "lost": its page or its browser died; "refused": also when its page turned out to be outdated. */
  readonly why: "lost" | "retired" | "removed" | "refused";
  readonly sentence: string;
}

export interface HeadlessWorkers {
  /**
   * Resolves when a worker is lost, or when the last one was let go: with what became of that one, or of
   * the first that was not let go gently. What befell the others before was said.
   */
  readonly ended: Promise<WorkerEnd>;
  /** Lets every page return its leases and ends the browsers; idempotent. */
  stop(): Promise<void>;
}

/** The join page shows its state as `<html data-worker-state="…">`; these mean that it has joined. */
const JOINED_STATES = ["idle", "fetching", "computing", "paused"];
/** It will not come back by itself from these. */
const FINAL_STATES = ["left", "refused"];
const JOIN_TIMEOUT_MS = 30_000;
/** A page that does not say goodbye in this time is ended; the coordinator notices by itself. */
const LEAVE_TIMEOUT_MS = 3_000;

interface HeadlessWorker {
  readonly ended: Promise<WorkerEnd>;
  stop(): Promise<void>;
}

/** Resolves when all have joined; when one cannot, ends the others and throws CommandError. */
export async function startHeadlessWorkers(
  options: HeadlessWorkersOptions,
): Promise<HeadlessWorkers> {
  const started = await Promise.allSettled(
    Array.from({ length: options.browsers }, (_, index) => startHeadlessWorker(options, index)),
  );
  const workers = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = started.find((one) => one.status === "rejected");
  const stop = async (): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.stop()));
  };
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return { ended: endOf(workers, options.say), stop };
}

/** See `HeadlessWorkers.ended`. The browser of a worker that was let go is ended at once. */
export function endOf(
  workers: readonly HeadlessWorker[],
  say: (line: string) => void,
): Promise<WorkerEnd> {
  return new Promise((resolve) => {
    let left = workers.length;
    let worst: WorkerEnd | undefined;
    for (const worker of workers) {
      void worker.ended.then((end) => {
        if (end.why === "lost") return resolve(end);
        if (worst === undefined || worst.why === "retired") worst = end;
        left -= 1;
        if (left === 0) return resolve(worst);
        say(`${end.sentence} ${left === 1 ? "1 other goes" : `${left} others go`} on.`);
        return worker.stop();
      });
    }
  });
}

async function startHeadlessWorker(
  options: HeadlessWorkersOptions,
  index: number,
): Promise<HeadlessWorker> {
  const name = options.browsers === 1 ? options.name : `${options.name} ${index + 1}`;
  const browser = await launchBrowser(options.executablePath, options.say, options.trustedKey);
  let stopping: Promise<void> | undefined;
  try {
    const url = workerUrl(options.joinUrl, name, options);
    // Nobody looks at the page: drawing its ripples took a twentieth of a short job's time.
    const page = await browser.newPage({ reducedMotion: "reduce" });
    // The page's own event also tells of a crashed sandbox, which the page gets over by itself.
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Inspector.enable");
    const lost = new Promise<WorkerEnd>((resolve) => {
      const report = (what: string) => (): void => {
        if (stopping !== undefined) return;
        resolve({ why: "lost", sentence: `The worker "${name}" ended: ${what}.` });
      };
      devtools.on("Inspector.targetCrashed", report("its page crashed"));
      browser.on("disconnected", report("its browser is gone"));
    });
    await join(page, url, lost);
    let hasLeft = false;
    const letGo = whenLetGo(page, name).finally(() => (hasLeft = true));
    const stop = async (): Promise<void> => {
      if (!hasLeft) await leave(page);
      await browser.close();
    };
    return { ended: Promise.race([lost, letGo]), stop: () => (stopping ??= stop()) };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

/** Resolves when the page says that it has left the cluster for good; never when it dies. */
async function whenLetGo(page: Page, name: string): Promise<WorkerEnd> {
  try {
    const html = await page.waitForSelector(selectorOf(FINAL_STATES), {
      state: "attached",
      timeout: 0,
    });
    const endedBy = await html.getAttribute("data-worker-ended-by");
    if (endedBy === "removed") {
      const sentence = `The worker "${name}" was removed at the dashboard: its unfinished work went to the others.`;
      return { why: "removed", sentence };
    }
    if (endedBy !== null) {
      const sentence = `The worker "${name}" was let go: it finished what it had begun and handed everything over.`;
      return { why: "retired", sentence };
    }
    const title = await page.getByRole("heading").first().innerText();
    return { why: "refused", sentence: `The worker "${name}" cannot go on: ${title}.` };
  } catch {
    return new Promise(() => undefined);
  }
}

const selectorOf = (states: readonly string[]): string =>
  states.map((state) => `html[data-worker-state="${state}"]`).join(", ");

/** The join address with what the page reads from its query: no person is there to press anything. */
export function workerUrl(
  joinUrl: string,
  name: string,
  { threads, runsFunctions }: Pick<HeadlessWorkersOptions, "threads" | "runsFunctions"> = {},
): URL {
  const url = new URL(joinUrl);
  url.searchParams.set("auto", "1");
  // Whoever started it chose how many threads it takes.
  url.searchParams.set("yield", "0");
  url.searchParams.set("name", name);
  if (threads !== undefined) url.searchParams.set("threads", String(threads));
  if (runsFunctions === true) url.searchParams.set("functions", "1");
  return url;
}

async function join(page: Page, url: URL, lost: Promise<WorkerEnd>): Promise<void> {
  try {
    await page.goto(url.href, { waitUntil: "domcontentloaded", timeout: JOIN_TIMEOUT_MS });
  } catch (cause) {
    if (/ERR_CERT_/.test(String(cause))) {
      throw new CommandError(untrustedText(url.origin, HOW_TO_TRUST), 1, { cause });
    }
    throw new CommandError(
      `${url.origin} does not answer. Is the coordinator running, and is the address right?`,
      1,
      { cause },
    );
  }
  const joined = page
    .waitForSelector(selectorOf([...JOINED_STATES, ...FINAL_STATES]), {
      state: "attached",
      timeout: JOIN_TIMEOUT_MS,
    })
    .then((html) => html.getAttribute("data-worker-state"))
    .catch(() => "silent");
  const outcome = await Promise.race([joined, lost]);
  if (typeof outcome === "object" && outcome !== null) throw new CommandError(outcome.sentence);
  // One that was let go already is told of as all are.
  if (outcome === "left" || JOINED_STATES.includes(outcome ?? "")) return;
  throw new CommandError(
    outcome === "refused"
      ? "The coordinator refused the worker. Copy the join address anew, with its token."
      : "The page opened but did not join. Is this the join address that `serve` printed?",
  );
}

/** Presses "Leave", which returns every lease, and waits for the page to say that it has left. */
async function leave(page: Page): Promise<void> {
  try {
    await page.getByRole("button", { name: "Leave" }).click({ timeout: LEAVE_TIMEOUT_MS });
    await page.waitForSelector('html[data-worker-state="left"]', {
      state: "attached",
      timeout: LEAVE_TIMEOUT_MS,
    });
  } catch {
    // A page that hangs or is gone: the coordinator sees its connection end and leases anew.
  }
}
