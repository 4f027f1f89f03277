// Which certificate authority a command trusts besides the system's, and how headless browsers are told.
import { createHash, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { AUTHORITY_FILE, DATA_FOLDER } from "../https/authority-file.ts";
import { createTrust } from "../node-trust.ts";
import { CommandError } from "./command-error.ts";

export const HOW_TO_TRUST = "--ca tabswarm.pem";
const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * The authority for an address, in PEM format: of `--ca`, or that of the data folder here. Undefined for
 * plain http, and where there is none. Throws CommandError (2).
 */
export async function trustedAuthority(
  url: URL,
  path: string | undefined,
): Promise<string | undefined> {
  if (path === undefined) {
    if (url.protocol !== "https:") return undefined;
    return readFile(join(DATA_FOLDER, AUTHORITY_FILE), "utf8").catch(() => undefined);
  }
  if (url.protocol !== "https:") {
    throw new CommandError("--ca is for https: begin the coordinator's address with https://.", 2);
  }
  const pem = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new CommandError(`The file ${path} cannot be read. Check --ca.`, 2, { cause });
  });
  try {
    void new X509Certificate(pem);
  } catch (cause) {
    throw new CommandError(`${path} is no certificate in PEM format. Check --ca.`, 2, { cause });
  }
  return pem;
}

/**
 * The SHA-256 of the server's public key, in base64, as Chromium takes it, when Node trusts the server
 * by `ca`; undefined when it does not, and the browser has to judge by itself. Only the server's own key
 * will do: Chromium takes any certificate that is sent along for a match, and everybody can send the
 * authority's.
 */
export function pinServerKey(url: URL, ca: string | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    const { secureContext } = createTrust(ca);
    const host = url.hostname.replaceAll(/[[\]]/g, "");
    const socket: TLSSocket = connect({
      host,
      port: Number(url.port || 443),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(secureContext === undefined ? {} : { secureContext }),
    });
    socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () => socket.destroy());
    socket.once("secureConnect", () => {
      const key = socket.getPeerX509Certificate()?.publicKey;
      const spki = key?.export({ type: "spki", format: "der" });
      socket.destroy();
      resolve(spki === undefined ? undefined : createHash("sha256").update(spki).digest("base64"));
    });
    socket.once("error", () => resolve(undefined));
    socket.once("close", () => resolve(undefined));
  });
}
