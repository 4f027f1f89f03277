// Who this tab is: an identity that survives reloads but not the duplication of a tab.
import { asWorkerId, randomText, type WorkerId } from "../../shared/ids.ts";
import { NAME_LENGTH_MAX } from "../../shared/limits.ts";
import { friendlyName } from "./friendly-name.ts";
import { browserMemory, tabMemory } from "./remembered.ts";

const IDENTITY_KEY = "tabswarm-worker";
const NAME_KEY = "tabswarm-name";
const FUNCTIONS_KEY = "tabswarm-functions";
const JOINED_KEY = "tabswarm-joined";
const CHANNEL = "tabswarm-workers";
/** Another tab of this browser answers within a few milliseconds, busy as it may be. */
const ANSWER_MS = 150;

export interface Identity {
  readonly worker: WorkerId;
  /** Stops to answer for it. */
  release(): void;
}

const newWorkerId = (): WorkerId =>
  asWorkerId(`w_${randomText(crypto.getRandomValues(new Uint8Array(16)))}`);

/**
 * The identity of this tab. Duplicating a tab copies its session storage: if another tab says that
 * it uses the same identity, this one takes a new one.
 */
export async function claimIdentity(): Promise<Identity> {
  const stored = tabMemory.read(IDENTITY_KEY);
  const isStored = stored !== null && /^w_[\w-]{22}$/.test(stored);
  const channel = new BroadcastChannel(CHANNEL);
  const isTaken = isStored && (await isAnswered(channel, stored));
  const worker = isStored && !isTaken ? asWorkerId(stored) : newWorkerId();
  tabMemory.write(IDENTITY_KEY, worker);
  channel.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (event.data === `who ${worker}`) channel.postMessage(`taken ${worker}`);
  });
  return { worker, release: () => channel.close() };
}

function isAnswered(channel: BroadcastChannel, worker: string): Promise<boolean> {
  return new Promise((resolve) => {
    const listening = new AbortController();
    const finish = (isTaken: boolean): void => {
      clearTimeout(timer);
      listening.abort();
      resolve(isTaken);
    };
    const timer = setTimeout(() => finish(false), ANSWER_MS);
    channel.addEventListener(
      "message",
      (event: MessageEvent<unknown>) => {
        if (event.data === `taken ${worker}`) finish(true);
      },
      { signal: listening.signal },
    );
    channel.postMessage(`who ${worker}`);
  });
}

const random32 = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;

/** What this machine was called last; at first a name that is made up, and kept. */
export function machineName(isMobile: boolean): string {
  const remembered = (browserMemory.read(NAME_KEY) ?? "").trim().slice(0, NAME_LENGTH_MAX).trim();
  if (remembered !== "") return remembered;
  const made = friendlyName(isMobile, random32);
  rememberName(made);
  return made;
}
export const rememberName = (name: string): void => browserMemory.write(NAME_KEY, name);

export const remembersFunctions = (): boolean => browserMemory.read(FUNCTIONS_KEY) === "yes";
export const rememberFunctions = (runsFunctions: boolean): void =>
  browserMemory.write(FUNCTIONS_KEY, runsFunctions ? "yes" : "no");

/** Whether this tab was a worker when it was last here: reloaded or restored, it is one again. */
export const remembersJoining = (): boolean => tabMemory.read(JOINED_KEY) === "yes";
export const rememberJoining = (hasJoined: boolean): void =>
  hasJoined ? tabMemory.write(JOINED_KEY, "yes") : tabMemory.forget(JOINED_KEY);
