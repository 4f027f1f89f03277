// The certificate for https: the user's own, or one of an authority that is made for the data folder.
import { readFile } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import type { ServerCertificate } from "../https/plain-http.ts";
import { joinAddresses, ownAddresses } from "../network-addresses.ts";
import { CommandError } from "./command-error.ts";

export interface CertificateOptions {
  readonly dataDir: string;
  /** The address or name to listen on. */
  readonly host: string;
  readonly cert?: string;
  readonly key?: string;
  readonly say: (line: string) => void;
}

/** Throws CommandError. */
export async function loadCertificate(options: CertificateOptions): Promise<ServerCertificate> {
  const { cert, key } = options;
  if ((cert === undefined) !== (key === undefined)) {
    throw new CommandError("--cert and --key belong together; give both or none.", 2);
  }
  if (cert !== undefined && key !== undefined) {
    return { files: { cert: await readPem(cert), key: await readPem(key) } };
  }
  return loadIdentity(options);
}

async function loadIdentity({
  dataDir,
  host,
  say,
}: CertificateOptions): Promise<ServerCertificate> {
  // Loaded only here: most coordinators serve plain http.
  const { IdentityError, openIdentity } = await import("../https/server-identity.ts");
  const isEverywhere = host === "0.0.0.0" || host === "::";
  try {
    return await openIdentity({
      dataDir,
      names: {
        hostName: hostname,
        ownAddresses: () => ownAddresses(networkInterfaces()),
        joinAddresses: () => joinAddresses(networkInterfaces()),
        furtherNames: isEverywhere ? [] : [host],
      },
      nowUnixMs: Date.now,
      say,
    });
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    throw new CommandError(error.message, 1, { cause: error });
  }
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new CommandError(`The file ${path} cannot be read. Check --cert and --key.`, 2, {
      cause,
    });
  }
}
