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

export interface HeadlessWorkers {
  /** Resolves, with a sentence, when a browser ended without being asked to. */
  readonly ended: Promise<string>;
  /** Lets every page return its leases and ends the browsers; idempotent. */
  stop(): Promise<void>;
}

/** The join page shows its state as `<html data-worker-state="…">`; these mean that it has joined. */
const JOINED_STATES = ["idle", "fetching", "computing", "paused"];
const JOIN_TIMEOUT_MS = 30_000;
/** A page that does not say goodbye in this time is ended; the coordinator notices by itself. */
const LEAVE_TIMEOUT_MS = 3_000;

interface HeadlessWorker {
  readonly ended: Promise<string>;
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
  return { ended: Promise.race(workers.map(({ ended }) => ended)), stop };
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
    const ended = new Promise<string>((resolve) => {
      const report = (what: string) => (): void => {
        if (stopping === undefined) resolve(`The worker "${name}" ended: ${what}.`);
      };
      devtools.on("Inspector.targetCrashed", report("its page crashed"));
      browser.on("disconnected", report("its browser is gone"));
    });
    await join(page, url, ended);
    const stop = async (): Promise<void> => {
      await leave(page);
      await browser.close();
    };
    return { ended, stop: () => (stopping ??= stop()) };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

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

async function join(page: Page, url: URL, ended: Promise<string>): Promise<void> {
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
  const selector = [...JOINED_STATES, "refused"]
    .map((state) => `html[data-worker-state="${state}"]`)
    .join(", ");
  const joined = page
    .waitForSelector(selector, { state: "attached", timeout: JOIN_TIMEOUT_MS })
    .then((html) => html.getAttribute("data-worker-state"))
    .catch(() => "silent");
  const outcome = await Promise.race([joined, ended]);
  if (typeof outcome === "string" && JOINED_STATES.includes(outcome)) return;
  const reasons: Readonly<Record<string, string>> = {
    refused: "The coordinator refused the worker. Copy the join address anew, with its token.",
    silent: "The page opened but did not join. Is this the join address that `serve` printed?",
  };
  throw new CommandError(reasons[String(outcome)] ?? String(outcome));
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
