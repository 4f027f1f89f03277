// The certificate for https: the user's own, or one that openssl makes once for the data folder.
import { execFile } from "node:child_process";
import { chmod, mkdir, readFile } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { joinAddresses } from "../network-addresses.ts";
import { CommandError } from "./command-error.ts";

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Browsers accept no longer validity of a server's certificate. */
const VALID_DAYS = "397";

/** Throws CommandError. */
export async function loadCertificate(
  dataDir: string,
  files: { readonly cert?: string; readonly key?: string },
  say: (line: string) => void,
): Promise<Certificate> {
  if ((files.cert === undefined) !== (files.key === undefined)) {
    throw new CommandError("--cert and --key belong together; give both or none.", 2);
  }
  if (files.cert !== undefined && files.key !== undefined) {
    return { cert: await readPem(files.cert), key: await readPem(files.key) };
  }
  const certPath = join(dataDir, "certificate.pem");
  const keyPath = join(dataDir, "certificate-key.pem");
  const known = await readPair(certPath, keyPath);
  if (known !== undefined) return known;
  await makeCertificate(dataDir, certPath, keyPath);
  say("Made a certificate for this coordinator; browsers warn of it once on each machine.");
  return { cert: await readPem(certPath), key: await readPem(keyPath) };
}

async function readPair(certPath: string, keyPath: string): Promise<Certificate | undefined> {
  try {
    return { cert: await readFile(certPath), key: await readFile(keyPath) };
  } catch {
    return undefined;
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

/** Node cannot make certificates; openssl is on nearly every system. */
async function makeCertificate(dataDir: string, certPath: string, keyPath: string): Promise<void> {
  const names = [
    "DNS:localhost",
    `DNS:${hostname()}`,
    "IP:127.0.0.1",
    ...joinAddresses(networkInterfaces()).map((address) => `IP:${address}`),
  ];
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  try {
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const subject = ["-subj", "/CN=Tabswarm coordinator"];
    const extension = ["-addext", `subjectAltName=${names.join(",")}`];
    const files = ["-keyout", keyPath, "-out", certPath];
    const args = ["req", ...kind, "-days", VALID_DAYS, ...subject, ...extension, ...files];
    await promisify(execFile)("openssl", args);
    await chmod(keyPath, 0o600);
  } catch (cause) {
    throw new CommandError(
      "No certificate could be made because openssl did not run. Install it, or give your own " +
        "certificate with --cert FILE --key FILE (mkcert makes good ones).",
      1,
      { cause },
    );
  }
}
