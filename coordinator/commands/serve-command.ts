// `tabswarm serve`: a coordinator until Ctrl-C, and how to reach it.
import { resolve } from "node:path";
import QRCode from "qrcode";
import type { CoordinatorUrls } from "../http-api.ts";
import type { LocalAuthority } from "../https/server-identity.ts";
import { CommandError } from "./command-error.ts";
import { loadCertificate } from "./certificate.ts";
import { startBuiltCoordinator } from "./local-coordinator.ts";
import { listenForStop } from "./stop-signal.ts";

export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly data: string;
  readonly https?: boolean;
  /** False refuses functions of users, wherever they would run. */
  readonly functions: boolean;
  readonly cert?: string;
  readonly key?: string;
}

export async function serve(options: ServeOptions): Promise<void> {
  const stop = listenForStop();
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    const dataDir = resolve(options.data);
    const { host, port, cert, key, functions: allowsFunctions } = options;
    const https =
      options.https === true
        ? await loadCertificate({
            dataDir,
            host,
            say,
            ...(cert === undefined ? {} : { cert }),
            ...(key === undefined ? {} : { key }),
          })
        : false;
    const coordinator = await startBuiltCoordinator(
      { host, port, dataDir, https, allowsFunctions, log: say },
      say,
    );
    try {
      const authority = https === false ? undefined : https.authority;
      process.stdout.write(await welcomeText(coordinator.urls(), authority));
      await stop.stopped;
    } finally {
      await coordinator.close();
    }
    say("Stopped. Jobs, datasets and results are kept; start again to go on.");
  } finally {
    stop.release();
  }
}

async function welcomeText(
  urls: CoordinatorUrls,
  authority: LocalAuthority | undefined,
): Promise<string> {
  const [first, ...others] = urls.join;
  if (first === undefined) throw new CommandError("This machine has no address to join at.");
  // Colours are for terminals; in a log file the plain characters scan as well.
  const format = process.stdout.isTTY
    ? { type: "terminal" as const, small: true }
    : { type: "utf8" as const };
  const code = await QRCode.toString(first, format);
  return [
    "",
    "Tabswarm is running.",
    "",
    `  Dashboard   ${urls.dashboard}`,
    `  Join        ${first}`,
    ...others.map((url) => `              ${url}`),
    "",
    ...trustLines(urls, authority),
    "Open the join address on every machine that should help, or scan it:",
    "",
    code,
    "Whoever has the dashboard's address can use the cluster. Press Ctrl-C to stop.",
    "",
  ].join("\n");
}

/** A browser that warns does so before it shows anything of ours: the terminal tells what to do. */
const trustLines = (
  { certificatePage }: CoordinatorUrls,
  authority: LocalAuthority | undefined,
): readonly string[] =>
  certificatePage === null || authority === undefined
    ? []
    : [
        `Where browsers warn, open ${certificatePage} to install the certificate authority, and compare`,
        `its fingerprint: ${authority.fingerprint}`,
        "",
      ];
