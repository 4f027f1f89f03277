// Who the coordinator is over https: its authority and its certificate, kept in the data folder and renewed.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmod, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import type { Clock } from "../../shared/data-plane/clock.ts";
import { AUTHORITY_FILE } from "./authority-file.ts";
import { isPermitted, permittedNames } from "./permitted-names.ts";
import { type CertifiedKey, makeAuthority, permittedOf, signServer } from "./x509.ts";

const AUTHORITY_DAYS = 3_650;
/** Browsers accept no longer validity of a server's certificate. */
const SERVER_DAYS = 397;
const DAY_MS = 86_400_000;
/** Certificates are made anew this long before their end. */
const RENEWED_BEFORE_MS = 30 * DAY_MS;
/** How often a running coordinator looks whether its addresses have changed: laptops move. */
const WATCH_MS = 30_000;
/** Far above what a machine has; a certificate goes over the wire at each connection. */
const NAMES_MAX = 64;

const AUTHORITY_KEY_FILE = "authority-key.pem";
const SERVER_FILE = "certificate.pem";
const SERVER_KEY_FILE = "certificate-key.pem";

/** What people install so that their browsers trust the coordinator. */
export interface LocalAuthority {
  readonly name: string;
  readonly pem: string;
  /** SHA-256 of the certificate in sixteen groups: "7F3A 91C2 …". */
  readonly fingerprint: string;
  readonly validUntilMs: number;
  /** The names and networks that it may sign for. */
  readonly permitted: readonly string[];
}

/** What a machine is called on its networks, read anew at each use. */
interface MachineNames {
  readonly hostName: () => string;
  /** All addresses, loopback and virtual ones, too. */
  readonly ownAddresses: () => readonly string[];
  /** Those at which other machines join. */
  readonly joinAddresses: () => readonly string[];
  /** Further names that people open it by. */
  readonly furtherNames: readonly string[];
}

export interface IdentityOptions {
  readonly dataDir: string;
  readonly names: MachineNames;
  /** Unix time. */
  readonly nowUnixMs: () => number;
  readonly say: (line: string) => void;
}

/** The files of the data folder are there, but no identity can be made of them. */
export class IdentityError extends Error {
  override name = "IdentityError";
}

/** Reads the identity of a data folder, makes what is missing, renews what is due. Rejects with IdentityError. */
export async function openIdentity(options: IdentityOptions): Promise<ServerIdentity> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const authority = await openAuthority(options);
  const identity = new ServerIdentity(options, authority);
  await identity.renew();
  return identity;
}

export class ServerIdentity {
  readonly authority: LocalAuthority;
  readonly #options: IdentityOptions;
  readonly #certified: CertifiedKey;
  readonly #told = new Set<string>();
  #files: CertifiedKey | undefined;

  constructor(options: IdentityOptions, certified: CertifiedKey) {
    this.#options = options;
    this.#certified = certified;
    this.authority = describeAuthority(certified.cert);
  }

  /** What a server shows now. */
  get files(): CertifiedKey {
    if (this.#files === undefined) throw new Error("The identity has not been opened.");
    return this.#files;
  }

  /** Makes another certificate when the present one is missing, ends soon or names other addresses. */
  async renew(): Promise<boolean> {
    const { dataDir, nowUnixMs } = this.#options;
    const certPath = join(dataDir, SERVER_FILE);
    const keyPath = join(dataDir, SERVER_KEY_FILE);
    const names = this.#namesToSign();
    const known = this.#files ?? (await readPair(certPath, keyPath));
    if (known !== undefined && this.#isGood(known, names)) {
      this.#files = known;
      return false;
    }
    // The key stays: headless browsers know the server by it.
    const key = known !== undefined && isUsableKey(known.key) ? known.key : undefined;
    const made = signServer(this.#certified, {
      names,
      validDays: SERVER_DAYS,
      nowMs: nowUnixMs(),
      ...(key === undefined ? {} : { key }),
    });
    await writePrivately(keyPath, made.key);
    await writePrivately(certPath, made.cert, 0o644);
    this.#files = made;
    return true;
  }

  /** Renews from time to time and tells of it; the returned function ends that. */
  watch(clock: Clock, onRenewed: (files: CertifiedKey) => void): () => void {
    let isEnded = false;
    let stop = (): void => {};
    const look = async (): Promise<void> => {
      try {
        const isNew = await this.renew();
        if (isNew && !isEnded) onRenewed(this.files);
      } catch (error) {
        this.#say(`The certificate could not be renewed: ${(error as Error).message}`);
      }
      if (!isEnded) stop = clock.after(WATCH_MS, () => void look());
    };
    stop = clock.after(WATCH_MS, () => void look());
    return () => {
      isEnded = true;
      stop();
    };
  }

  /** Says each line once: the same would come with every look. */
  #say(line: string): void {
    if (this.#told.has(line)) return;
    this.#told.add(line);
    this.#options.say(line);
  }

  #namesToSign(): readonly string[] {
    const { hostName, ownAddresses, joinAddresses, furtherNames } = this.#options.names;
    const machine = hostName().toLowerCase();
    const inOrder = [
      ...furtherNames,
      machine,
      `${machine}.local`,
      "localhost",
      "127.0.0.1",
      "::1",
      ...joinAddresses(),
      ...ownAddresses(),
    ].filter(isNameOrAddress);
    const { permitted } = this.authority;
    for (const name of [...furtherNames, ...joinAddresses()]) {
      if (!isPermitted(name, permitted)) this.#say(outsideText(name, this.#options.dataDir));
    }
    const fitting = inOrder.filter((name) => isPermitted(name, permitted));
    return [...new Set(fitting)].slice(0, NAMES_MAX);
  }

  #isGood({ cert, key }: CertifiedKey, names: readonly string[]): boolean {
    try {
      const certificate = new X509Certificate(cert);
      const authority = new X509Certificate(this.#certified.cert);
      const nowMs = this.#options.nowUnixMs();
      return (
        certificate.checkIssued(authority) &&
        certificate.verify(authority.publicKey) &&
        certificate.checkPrivateKey(createPrivateKey(key)) &&
        Date.parse(certificate.validFrom) <= nowMs &&
        Date.parse(certificate.validTo) - RENEWED_BEFORE_MS > nowMs &&
        sameNames(certificate, names)
      );
    } catch {
      return false;
    }
  }
}

const outsideText = (name: string, dataDir: string): string =>
  `The certificate authority of this data folder may not sign for ${name}, so browsers warn there. ` +
  `To have one that may, delete ${join(dataDir, AUTHORITY_FILE)} and ${AUTHORITY_KEY_FILE}, start ` +
  "again and install the new authority; or give a certificate of yours with --cert and --key.";

/** IPv6 addresses of one link cannot stand in an address of a page, as they need the name of the link. */
const isNameOrAddress = (name: string): boolean =>
  isIP(name) === 0
    ? /^(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/i.test(name)
    : !/^fe[89ab]/i.test(name);

/** Whether the certificate is for exactly these names, however addresses are written. */
function sameNames(certificate: X509Certificate, names: readonly string[]): boolean {
  const listed = (certificate.subjectAltName ?? "").split(", ").length;
  return (
    listed === names.length &&
    names.every((name) =>
      isIP(name) === 0
        ? certificate.checkHost(name, { subject: "never" }) !== undefined
        : certificate.checkIP(name) !== undefined,
    )
  );
}

function isUsableKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === "ec";
  } catch {
    return false;
  }
}

async function openAuthority({
  dataDir,
  names,
  nowUnixMs,
  say,
}: IdentityOptions): Promise<CertifiedKey> {
  const certPath = join(dataDir, AUTHORITY_FILE);
  const keyPath = join(dataDir, AUTHORITY_KEY_FILE);
  const [cert, key] = await Promise.all([readIfThere(certPath), readIfThere(keyPath)]);
  if (cert !== undefined || key !== undefined) {
    const known = checkAuthority(cert, key, certPath, keyPath);
    await protectKey(keyPath, say);
    const endsMs = Date.parse(new X509Certificate(known.cert).validTo);
    if (endsMs - SERVER_DAYS * DAY_MS > nowUnixMs()) return known;
    say(
      "The certificate authority's ten years are nearly over; a new one was made. Install it anew.",
    );
  }
  const made = makeAuthority({
    name: `Tabswarm at ${names.hostName()}`,
    permitted: permittedNames(
      [names.hostName(), ...names.furtherNames, ...names.joinAddresses()].filter(isNameOrAddress),
    ),
    validDays: AUTHORITY_DAYS,
    nowMs: nowUnixMs(),
  });
  // The key first: a certificate without its key would be taken for damage.
  await writePrivately(keyPath, made.key);
  await writePrivately(certPath, made.cert, 0o644);
  return made;
}

/** Replacing a damaged authority without a word would make every machine that trusts it warn. */
function checkAuthority(
  cert: string | undefined,
  key: string | undefined,
  certPath: string,
  keyPath: string,
): CertifiedKey {
  const refuse = (what: string, cause?: unknown): never => {
    throw new IdentityError(
      `${what} Put back both ${certPath} and ${keyPath} from a copy, or delete both: then a new ` +
        "authority is made, which has to be installed on every machine.",
      { cause },
    );
  };
  if (cert === undefined) return refuse("The certificate of the authority is missing.");
  if (key === undefined) return refuse("The key of the authority is missing.");
  try {
    const certificate = new X509Certificate(cert);
    if (certificate.ca && certificate.checkPrivateKey(createPrivateKey(key))) return { cert, key };
  } catch (cause) {
    return refuse("The certificate authority is damaged.", cause);
  }
  return refuse("The authority's certificate and key do not belong together.");
}

function describeAuthority(pem: string): LocalAuthority {
  const certificate = new X509Certificate(pem);
  return {
    name: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? "Tabswarm",
    pem,
    fingerprint: certificate.fingerprint256.replaceAll(/(..):(..):?/g, "$1$2 ").trim(),
    validUntilMs: Date.parse(certificate.validTo),
    permitted: permittedOf(pem),
  };
}

/** Whoever can read the key can be this coordinator to every machine that trusts the authority. */
async function protectKey(path: string, say: (line: string) => void): Promise<void> {
  // Windows has no such rights; there the folder's own are what protects it.
  if (process.platform === "win32" || ((await stat(path)).mode & 0o077) === 0) return;
  await chmod(path, 0o600);
  say(`Others could read ${path}; its rights are corrected.`);
}

async function readPair(certPath: string, keyPath: string): Promise<CertifiedKey | undefined> {
  const [cert, key] = await Promise.all([readIfThere(certPath), readIfThere(keyPath)]);
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new IdentityError(`${path} cannot be read: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

/** Whole or not at all. */
async function writePrivately(path: string, text: string, mode = 0o600): Promise<void> {
  const draft = `${path}.new`;
  await writeFile(draft, text, { mode });
  // The mode counts only for files that were not there.
  await chmod(draft, mode);
  await rename(draft, path);
}
