// The coordinator's identity on disk: made once, renewed in time, never replaced without a word.
import { X509Certificate } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../../shared/data-plane/clock.ts";
import { IdentityError, openIdentity, type ServerIdentity } from "./server-identity.ts";
import { shakeHands } from "./tls-fixture.ts";
import { makeAuthority, signServer } from "./x509.ts";

const DAY_MS = 86_400_000;
let dataDir = "";
let said: string[] = [];
let nowUnixMs = 0;
let machine = { hostName: "Tower", addresses: ["192.168.1.20"] };

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "tabswarm-identity-"));
  said = [];
  nowUnixMs = Date.now();
  machine = { hostName: "Tower", addresses: ["192.168.1.20"] };
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const open = (furtherNames: readonly string[] = []): Promise<ServerIdentity> =>
  openIdentity({
    dataDir,
    names: {
      hostName: () => machine.hostName,
      ownAddresses: () => ["127.0.0.1", "::1", "fe80::1", ...machine.addresses],
      joinAddresses: () => machine.addresses,
      furtherNames,
    },
    nowUnixMs: () => nowUnixMs,
    say: (line) => said.push(line),
  });
const path = (name: string): string => join(dataDir, name);
const namesOf = ({ files }: ServerIdentity): string =>
  new X509Certificate(files.cert).subjectAltName ?? "";
const keyOf = ({ files }: ServerIdentity): Buffer =>
  new X509Certificate(files.cert).publicKey.export({ type: "spki", format: "der" });

describe("a fresh data folder", () => {
  it("gets an authority and a certificate that browsers of this network accept", async () => {
    const identity = await open();
    expect(identity.authority.name).toBe("Tabswarm at Tower");
    expect(identity.authority.fingerprint).toMatch(/^([0-9A-F]{4} ){15}[0-9A-F]{4}$/);
    expect((identity.authority.validUntilMs - nowUnixMs) / DAY_MS).toBeGreaterThan(3_640);
    expect(namesOf(identity)).toBe(
      "DNS:tower.local, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:192.168.1.20",
    );
    const { validFrom, validTo } = new X509Certificate(identity.files.cert);
    expect((Date.parse(validTo) - Date.parse(validFrom)) / DAY_MS).toBe(397);
    for (const name of ["tower.local", "localhost", "192.168.1.20"]) {
      await shakeHands(identity.files, identity.authority.pem, name);
    }
    expect(said).toEqual([]);
  });

  it.skipIf(process.platform === "win32")("keeps the keys from other users", async () => {
    await open();
    for (const name of ["authority-key.pem", "certificate-key.pem"]) {
      expect((await stat(path(name))).mode & 0o777).toBe(0o600);
    }
    await chmod(path("authority-key.pem"), 0o644);
    await open();
    expect((await stat(path("authority-key.pem"))).mode & 0o777).toBe(0o600);
    expect(said).toEqual([expect.stringMatching(/Others could read .*authority-key\.pem/)]);
  });

  it("takes the place of a certificate that signed itself", async () => {
    const own = makeAuthority({
      name: "Tabswarm coordinator",
      permitted: ["localhost"],
      validDays: 397,
      nowMs: nowUnixMs,
    });
    await writeFile(path("certificate.pem"), own.cert);
    await writeFile(path("certificate-key.pem"), own.key);
    const identity = await open();
    await shakeHands(identity.files, identity.authority.pem, "localhost");
  });
});

describe("an identity that was made before", () => {
  it("stays as it is while it is good", async () => {
    const first = await open();
    nowUnixMs += 300 * DAY_MS;
    const second = await open();
    expect(second.files).toEqual(first.files);
    expect(second.authority).toEqual(first.authority);
  });

  it("is certified anew, with the same key and authority, before its certificate ends", async () => {
    const first = await open();
    nowUnixMs += 370 * DAY_MS;
    const second = await open();
    expect(second.files.cert).not.toBe(first.files.cert);
    expect(await readFile(path("certificate.pem"), "utf8")).toBe(second.files.cert);
    expect(keyOf(second)).toEqual(keyOf(first));
    expect(second.authority).toEqual(first.authority);
  });

  it("follows new addresses and another host name", async () => {
    const first = await open();
    machine = { hostName: "laptop.home.arpa", addresses: ["10.0.0.7"] };
    const second = await open();
    expect(namesOf(second)).toMatch(/DNS:laptop\.home\.arpa/);
    expect(namesOf(second)).toMatch(/10\.0\.0\.7/);
    expect(namesOf(second)).not.toMatch(/192\.168\.1\.20|tower/);
    expect(keyOf(second)).toEqual(keyOf(first));
    await shakeHands(second.files, first.authority.pem, "10.0.0.7");
  });

  it("says once that its authority may not sign for an address, and leaves that out", async () => {
    await open();
    machine = { hostName: "Tower", addresses: ["203.0.113.9", "192.168.1.20"] };
    const identity = await open();
    await identity.renew();
    expect(said).toEqual([
      expect.stringMatching(/may not sign for 203\.0\.113\.9.*delete .*authority\.pem/),
    ]);
    expect(namesOf(identity)).not.toMatch(/203/);
    await shakeHands(identity.files, identity.authority.pem, "192.168.1.20");
  });

  it("may sign for a public address, or a name that the user gave, from the beginning", async () => {
    machine = { hostName: "Tower", addresses: ["203.0.113.9"] };
    const identity = await open(["cluster.uni.example"]);
    expect(said).toEqual([]);
    await shakeHands(identity.files, identity.authority.pem, "203.0.113.9");
    await shakeHands(identity.files, identity.authority.pem, "cluster.uni.example");
  });

  it("gets another authority, and says so, when the ten years are nearly over", async () => {
    const first = await open();
    nowUnixMs += 3_400 * DAY_MS;
    const second = await open();
    expect(second.authority.fingerprint).not.toBe(first.authority.fingerprint);
    expect(said).toEqual([expect.stringMatching(/ten years are nearly over.*Install it anew/)]);
  });
});

describe("damage", () => {
  it("of the certificate or its key is mended", async () => {
    const first = await open();
    await writeFile(path("certificate.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n");
    const second = await open();
    await shakeHands(second.files, first.authority.pem, "localhost");
    expect(keyOf(second)).toEqual(keyOf(first));
    await writeFile(path("certificate-key.pem"), "");
    const third = await open();
    await shakeHands(third.files, first.authority.pem, "localhost");
    await rm(path("certificate-key.pem"));
    const fourth = await open();
    await shakeHands(fourth.files, first.authority.pem, "localhost");
  });

  const other = makeAuthority({
    name: "x",
    permitted: ["local"],
    validDays: 9_999,
    nowMs: Date.now(),
  });
  const leaf = signServer(other, { names: ["a.local"], validDays: 9_000, nowMs: Date.now() });
  it.each([
    ["no key", "authority-key.pem", null, /key of the authority is missing/],
    ["no certificate", "authority.pem", null, /certificate of the authority is missing/],
    ["bytes that are no certificate", "authority.pem", "nonsense", /authority is damaged/],
    ["bytes that are no key", "authority-key.pem", "nonsense", /authority is damaged/],
    ["the key of another", "authority-key.pem", other.key, /do not belong together/],
    ["a server's certificate", "authority.pem", leaf.cert, /do not belong together/],
  ])("of the authority is told, not mended: %s", async (_, name, text, message) => {
    await open();
    if (text === null) await rm(path(name));
    else await writeFile(path(name), text);
    await expect(open()).rejects.toThrow(IdentityError);
    await expect(open()).rejects.toThrow(message);
    await expect(open()).rejects.toThrow(/a copy, or delete both/);
  });
});

describe("watch", () => {
  /** Time stands still until a test moves it. */
  class ManualClock implements Clock {
    readonly waiting = new Set<() => void>();
    nowMs = (): number => nowUnixMs;
    after = (_delayMs: number, callback: () => void): (() => void) => {
      this.waiting.add(callback);
      return () => void this.waiting.delete(callback);
    };
    ring(): void {
      const due = [...this.waiting];
      this.waiting.clear();
      for (const callback of due) callback();
    }
  }

  it("tells of a certificate that names the machine's new address, and of nothing else", async () => {
    const identity = await open();
    const clock = new ManualClock();
    const heard: string[] = [];
    let wake = (): void => {};
    const heardOne = new Promise<void>((resolve) => (wake = resolve));
    const stop = identity.watch(clock, (files) => {
      heard.push(files.cert);
      wake();
    });
    machine = { ...machine, addresses: ["10.0.0.7"] };
    clock.ring();
    await heardOne;
    expect(new X509Certificate(heard[0] ?? "").checkIP("10.0.0.7")).toBe("10.0.0.7");
    await expect.poll(() => clock.waiting.size).toBe(1);
    clock.ring();
    await expect.poll(() => clock.waiting.size).toBe(1);
    expect(heard).toHaveLength(1);
    stop();
    expect(clock.waiting.size).toBe(0);
  });

  it("goes on, and says why once, when the folder cannot be written", async () => {
    const identity = await open();
    const clock = new ManualClock();
    const stop = identity.watch(clock, () => {});
    await rm(dataDir, { recursive: true });
    for (const address of ["10.0.0.7", "10.0.0.8"]) {
      machine = { ...machine, addresses: [address] };
      clock.ring();
      await expect.poll(() => clock.waiting.size).toBe(1);
    }
    expect(said).toEqual([expect.stringMatching(/could not be renewed/)]);
    stop();
  });
});
