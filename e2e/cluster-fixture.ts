// What every browser test needs: a coordinator process of its own, and ways to open pages on it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  type Browser,
  type BrowserContext,
  type LaunchOptions,
  type Page,
  chromium,
  test as base,
} from "@playwright/test";
import { joinAddresses } from "../coordinator/network-addresses.ts";

const root = resolve(import.meta.dirname, "..");

/** A running `tabswarm serve`, which can be killed and started again on the same data folder. */
export class CoordinatorProcess {
  readonly #dataDir: string;
  readonly #options: readonly string[];
  readonly #output: string[] = [];
  #child: ChildProcess | undefined;
  #scheme = "http";
  #port = 0;
  #dashboardToken = "";
  #joinToken = "";

  private constructor(dataDir: string, options: readonly string[]) {
    this.#dataDir = dataDir;
    this.#options = options;
  }

  /** With further options of `serve`. */
  static async start(...options: readonly string[]): Promise<CoordinatorProcess> {
    const dataDir = await mkdtemp(join(tmpdir(), "tabswarm-e2e-"));
    const coordinator = new CoordinatorProcess(dataDir, options);
    await coordinator.start();
    return coordinator;
  }

  /** Starts the process and waits for the addresses that it prints for a person. */
  async start(): Promise<void> {
    const args = ["coordinator/tabswarm.js", "serve", "--host", "0.0.0.0"];
    args.push("--port", String(this.#port), "--data", this.#dataDir, ...this.#options);
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let text = "";
    await new Promise<void>((done, fail) => {
      const read = (data: Buffer): void => {
        text += data.toString();
        this.#output.push(data.toString());
        const dashboard = /(https?):\/\/\S+?:(\d+)\/#t=([\w-]+)/.exec(text);
        const joining = /https?:\/\/\S+?:(\d+)\/join#t=([\w-]+)/.exec(text);
        if (dashboard === null || joining === null) return;
        this.#scheme = dashboard[1] ?? "http";
        this.#port = Number(dashboard[2]);
        this.#dashboardToken = dashboard[3] ?? "";
        this.#joinToken = joining[2] ?? "";
        done();
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("exit", (code) => fail(new Error(`The coordinator ended (${code}): ${text}`)));
    });
  }

  get output(): string {
    return this.#output.join("");
  }

  get port(): number {
    return this.#port;
  }

  get dataDir(): string {
    return this.#dataDir;
  }

  get submitToken(): string {
    return this.#dashboardToken;
  }

  get joinToken(): string {
    return this.#joinToken;
  }

  /** The dashboard, on the LAN address: by plain http, a page that is no secure context. */
  dashboardUrl(host = lanHost()): string {
    return `${this.#scheme}://${host}:${this.#port}/#t=${this.#dashboardToken}`;
  }

  joinUrl(host = lanHost()): string {
    return `${this.#scheme}://${host}:${this.#port}/join#t=${this.#joinToken}`;
  }

  apiUrl(path: string): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}${path}`;
  }

  /** Ends the process at once, as a power cut would. */
  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  async close(): Promise<void> {
    await this.kill("SIGTERM");
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}

/** The address other machines would use; loopback on a machine without a network. */
function lanHost(): string {
  return joinAddresses(networkInterfaces())[0] ?? "127.0.0.1";
}

/** Opens a join page as a machine called `name` and waits until it is part of the cluster. */
export async function joinWorker(
  context: BrowserContext,
  coordinator: CoordinatorProcess,
  name: string,
  threads = 1,
  options: { readonly runsFunctions?: boolean; readonly host?: string } = {},
): Promise<Page> {
  const page = await context.newPage();
  const url = new URL(coordinator.joinUrl(options.host));
  url.searchParams.set("auto", "1");
  // A machine that runs tests is always busy; workers that gave way would make them slow.
  url.searchParams.set("yield", "0");
  url.searchParams.set("name", name);
  url.searchParams.set("threads", String(threads));
  if (options.runsFunctions === true) url.searchParams.set("functions", "1");
  await page.goto(url.href);
  await page.locator("html[data-worker-state]:not([data-worker-state=connecting])").waitFor();
  return page;
}

export interface Machine {
  readonly browser: Browser;
  /** Stops every process of the browser, as a closed lid does. */
  sleep(): void;
  wake(): void;
  close(): Promise<void>;
}

/** A browser in processes of its own, which stand for another machine. */
async function startMachine(launchOptions: LaunchOptions): Promise<Machine> {
  const server = await chromium.launchServer(launchOptions);
  const { pid } = server.process();
  if (pid === undefined) throw new Error("The browser has no process.");
  // Playwright starts browsers in a process group of their own.
  const signal = (name: NodeJS.Signals): void => void process.kill(-pid, name);
  return {
    browser: await chromium.connect(server.wsEndpoint()),
    sleep: () => signal("SIGSTOP"),
    wake: () => signal("SIGCONT"),
    close: async () => {
      // A sleeping process would not hear that it shall end.
      signal("SIGCONT");
      await server.close();
    },
  };
}

/**
 * From now on all that the page sends over data channels is lost without a word, as on a network that
 * drops packets, and no new channel opens; HTTP and WebSocket go on. (Chromium's own emulation of packet loss does not reach them.)
 * Returns how many messages were lost so far.
 */
export async function losePeerPackets(page: Page): Promise<() => Promise<number>> {
  const lost = await page.evaluateHandle(() => {
    const lost = { messages: 0 };
    RTCDataChannel.prototype.send = () => {
      lost.messages += 1;
    };
    // No packet of a new connection would come through either.
    RTCPeerConnection.prototype.setRemoteDescription = () => new Promise(() => undefined);
    return lost;
  });
  return () => lost.evaluate(({ messages }) => messages);
}

interface Fixtures {
  readonly coordinator: CoordinatorProcess;
  readonly machine: Machine;
  readonly tidyBrowser: void;
}

export const test = base.extend<Fixtures>({
  // Pages that a test leaves open go on drawing, and looking for their coordinator, during all that follow.
  tidyBrowser: [
    async ({ browser }, lend) => {
      const before = new Set(browser.contexts());
      await lend();
      const opened = browser.contexts().filter((context) => !before.has(context));
      await Promise.all(opened.map((context) => context.close()));
    },
    { auto: true },
  ],
  machine: async ({ launchOptions }, lend) => {
    const machine = await startMachine(launchOptions);
    await lend(machine);
    await machine.close();
  },
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from the pattern.
  coordinator: async ({}, lend) => {
    const coordinator = await CoordinatorProcess.start();
    await lend(coordinator);
    await coordinator.close();
  },
});

export { expect } from "@playwright/test";
