// `tabswarm work`: joins a cluster with headless browsers until it is stopped.
import { findBrowser } from "../browser/find-browser.ts";
import { startHeadlessWorkers } from "../browser/headless-worker.ts";
import { CommandError } from "./command-error.ts";
import { pinServerKey, trustedAuthority } from "./trusted-authority.ts";
import { listenForStop } from "./stop-signal.ts";

export interface WorkOptions {
  readonly browsers: number;
  readonly threads?: number;
  readonly name: string;
  /** Functions of users may run there, sandboxed. */
  readonly functions?: boolean;
  readonly ca?: string;
}

export async function work(joinUrl: string, options: WorkOptions): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const stop = listenForStop();
  try {
    const { functions, ca, ...workers } = options;
    const trustedKey = await trustedKeyOf(checkJoinUrl(joinUrl), ca);
    const executablePath = await findBrowser(say);
    const runsFunctions = functions === true;
    const starting = startHeadlessWorkers({
      joinUrl,
      executablePath,
      say,
      runsFunctions,
      ...(trustedKey === undefined ? {} : { trustedKey }),
      ...workers,
    });
    const started = await Promise.race([starting, stop.stopped]);
    if (started === undefined) {
      // Stopped while joining: what comes up all the same is ended, and failures do not matter now.
      const late = await starting.catch(() => undefined);
      await late?.stop();
      return;
    }
    const { browsers } = options;
    say(
      `Joined with ${browsers} headless ${browsers === 1 ? "browser" : "browsers"}. Press Ctrl-C to leave.`,
    );
    const end = await Promise.race([started.ended, stop.stopped]);
    await started.stop();
    if (end === undefined) say("Left; unfinished work went back to the others.");
    else if (end.why === "retired") say(end.sentence);
    else throw new CommandError(end.sentence);
  } finally {
    stop.release();
  }
}

/** What the browsers need to know of an https coordinator. Throws CommandError (2). */
async function trustedKeyOf(url: URL, path: string | undefined): Promise<string | undefined> {
  const ca = await trustedAuthority(url, path);
  return url.protocol === "https:" ? pinServerKey(url, ca) : undefined;
}

/** Throws CommandError for anything but an http address. */
function checkJoinUrl(joinUrl: string): URL {
  const url = URL.canParse(joinUrl) ? new URL(joinUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new CommandError(
      `"${joinUrl}" is not an address. Give the join address that "tabswarm serve" prints, in quotes.`,
      2,
    );
  }
  if (!/^#t=./.test(url.hash)) {
    throw new CommandError(
      "The join address lacks its token: put the whole address in quotes, with #t=… at its end.",
      2,
    );
  }
  return url;
}
