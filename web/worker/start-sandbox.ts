// Starts a sandboxed thread: a hidden frame of an opaque origin with one Web Worker in it.
import type { Clock } from "../../shared/data-plane/clock.ts";
import type { Hash } from "../../shared/graph/task-key.ts";
import { SANDBOX_BUFFER_BYTES_MAX } from "../../shared/limits.ts";
// oxlint-disable-next-line import/default -- The bundler makes an address of it.
import sourceUrl from "../sandbox/thread.ts?worker&url";
import { type Pulse, watchPulse } from "./frame-pulse.ts";
import { openSandboxSession } from "./sandbox-session.ts";
import type { StartSandbox } from "./slot-sandbox.ts";

/** Served with a policy of its own, see coordinator/static-app.ts. */
const FRAME_PATH = "/sandbox.html";
/** A phone under load takes a second. */
const START_TIMEOUT_MS = 20_000;
const NOT_STARTED = "The sandbox did not start.";
const SILENT = "The sandbox fell silent: its process ended, most likely for want of memory.";
const THREAD_NAME = "tabswarm-sandbox";

/** A quarter of the machine's memory where it tells that it has little, which only Chromium does. */
const bufferBytesMax = Math.min(
  SANDBOX_BUFFER_BYTES_MAX,
  ((navigator as { deviceMemory?: number }).deviceMemory ?? Number.POSITIVE_INFINITY) * 2 ** 28,
);

export function createStartSandbox(options: {
  readonly hash: Hash;
  readonly clock: Clock;
}): StartSandbox {
  const { hash, clock } = options;
  let loading: Promise<string> | null = null;
  /** Fetched by the page, as the frame may fetch nothing; once, unless it failed. */
  const loadSource = (): Promise<string> => {
    loading ??= fetchText(sourceUrl)
      .then(asClassicScript)
      .catch((error: unknown) => {
        loading = null;
        throw error;
      });
    return loading;
  };

  return (onDeath) => {
    const work = new MessageChannel();
    const news = new MessageChannel();
    const frame = createFrame();
    let pulse: Pulse | null = null;
    const terminate = (): void => {
      stopTimeout();
      pulse?.stop();
      session.close();
      news.port1.close();
      // A frame that is gone takes its Worker with it, whatever that is doing.
      frame.remove();
    };
    const die = (why: string): void => {
      terminate();
      onDeath(why);
    };
    const stopTimeout = clock.after(START_TIMEOUT_MS, () => die(NOT_STARTED));
    const session = openSandboxSession({
      port: work.port1,
      hash,
      nowMs: () => clock.nowMs(),
      onReady() {
        stopTimeout();
        pulse = watchPulse(news.port1, clock, () => die(SILENT));
      },
      onDeath: die,
    });
    news.port1.onmessage = ({ data }: MessageEvent<unknown>) => {
      // Errors of a thread that has started are a function's own, thrown where nobody waits for it.
      if (pulse === null) die(`${NOT_STARTED} ${String(data)}`);
      else pulse.heard();
    };
    const handSource = (source: string): void =>
      frame.contentWindow?.postMessage({ source, name: THREAD_NAME, bufferBytesMax }, "*", [
        work.port2,
        news.port2,
      ]);
    frame.addEventListener("load", () => {
      loadSource().then(handSource, (error: unknown) => die(String(error)));
    });
    document.body.append(frame);
    return { run: session.run, terminate };
  };
}

function createFrame(): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.hidden = true;
  frame.title = "Sandbox";
  frame.src = FRAME_PATH;
  return frame;
}

/**
 * The bundle is a module without imports. Chromium loads no module Worker in an opaque origin, and in a
 * classic one functions must not see what the module keeps to itself.
 */
const asClassicScript = (source: string): string => `(() => {"use strict";${source}\n})();`;

async function fetchText(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The sandbox could not be loaded (${response.status}).`);
  return response.text();
}
