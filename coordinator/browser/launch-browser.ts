// Starts headless browsers with the flags that a worker on a home network needs.
import { chromium, type Browser } from "playwright";
import { CommandError } from "../commands/command-error.ts";

const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  // Chromium takes only the last list of this switch: the first name lets direct channels use real
  // addresses, as a headless browser has nobody to resolve mDNS names; the others repeat Playwright's.
  "--disable-features=WebRtcHideLocalIpsWithMdns,Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,HttpsUpgrades,AcceptCHFrame,PaintHolding,ThirdPartyStoragePartitioning,DestroyProfileOnBrowserClose",
  // Direct channels also where loopback is the only interface.
  "--allow-loopback-in-peer-connection",
];

/**
 * A headless browser; closing it leaves no process behind. It takes a server with `trustedKey` (SHA-256
 * of its public key, base64) without knowing its authority. Throws CommandError.
 */
export async function launchBrowser(
  executablePath: string,
  say: (line: string) => void,
  trustedKey?: string,
): Promise<Browser> {
  const trust =
    trustedKey === undefined ? [] : [`--ignore-certificate-errors-spki-list=${trustedKey}`];
  const launch = (chromiumSandbox: boolean): Promise<Browser> =>
    chromium.launch({
      executablePath,
      headless: true,
      args: [...FLAGS, ...trust],
      chromiumSandbox,
      // We end browsers ourselves, after the pages have said goodbye.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  // Chromium refuses to run its sandbox as root.
  const isRoot = process.getuid?.() === 0;
  try {
    return await launch(!isRoot);
  } catch (error) {
    if (!isRoot && /sandbox/i.test(String(error))) {
      say("The browser's sandbox is not available on this system; running without it.");
      return await launch(false);
    }
    const reason = String(error).split("\n")[0] ?? "";
    throw new CommandError(
      `The browser ${executablePath} did not start (${reason}). Set TABSWARM_BROWSER to another one.`,
      1,
      { cause: error },
    );
  }
}
