// One port for https and plain http: real sockets that trust the coordinator's authority, and some that do not.
import { once } from "node:events";
import { X509Certificate } from "node:crypto";
import { createConnection } from "node:net";
import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { httpPaths } from "../../shared/protocol/http.ts";
import { CoordinatorFixture } from "../coordinator-fixture.ts";
import { createTrust } from "../node-trust.ts";
import type { Coordinator } from "../start-coordinator.ts";
import { openIdentity, type ServerIdentity } from "./server-identity.ts";
import { peerAt } from "./tls-fixture.ts";
import type { CertifiedKey } from "./x509.ts";

let fixture: CoordinatorFixture;
let identity: ServerIdentity;
let coordinator: Coordinator;
let addresses = ["192.168.1.20"];
/** Tells the running coordinator of a renewed certificate, as its timer would. */
let renewed: (files: CertifiedKey) => void;
let isWatched = false;

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
  addresses = ["192.168.1.20"];
  identity = await openIdentity({
    dataDir: fixture.dataDir,
    names: {
      hostName: () => "tower",
      ownAddresses: () => addresses,
      joinAddresses: () => addresses,
      furtherNames: [],
    },
    nowUnixMs: Date.now,
    say: (line) => fixture.log.push(line),
  });
  coordinator = await fixture.start({
    https: {
      files: identity.files,
      authority: identity.authority,
      watch: (_clock, onRenewed) => {
        renewed = onRenewed;
        isWatched = true;
        return () => (isWatched = false);
      },
    },
  });
});
afterEach(() => fixture.remove());

const plainUrl = (path: string): string => `http://127.0.0.1:${coordinator.port}${path}`;
const plain = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(plainUrl(path), { redirect: "manual", ...init });
const secure = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  createTrust(identity.authority.pem).fetch(`https://127.0.0.1:${coordinator.port}${path}`, {
    headers,
    signal: AbortSignal.timeout(10_000),
  });

describe("https", () => {
  it("serves pages and the interface to those who trust the authority, and to nobody else", async () => {
    const page = await secure("/join");
    expect(await page.text()).toContain("<title>App</title>");
    const authorization = `Bearer ${coordinator.joinToken}`;
    const links: unknown = await (await secure(httpPaths.joinLinks, { authorization })).json();
    expect(links).toEqual({
      links: [`https://127.0.0.1:${coordinator.port}/join#t=${coordinator.joinToken}`],
      certificatePage: plainUrl("/certificate"),
    });
    const untrusting = fetch(`https://127.0.0.1:${coordinator.port}/join`);
    await expect(untrusting).rejects.toMatchObject({
      cause: { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" },
    });
  });

  it("carries control sockets, and refuses those of pages that came by plain http", async () => {
    const url = `wss://127.0.0.1:${coordinator.port}${httpPaths.control}`;
    const ca = identity.authority.pem;
    const socket = new WebSocket(url, { ca, origin: `https://127.0.0.1:${coordinator.port}` });
    await once(socket, "open");
    socket.terminate();
    const foreign = new WebSocket(url, { ca, origin: `http://127.0.0.1:${coordinator.port}` });
    const [error] = (await once(foreign, "error")) as [Error];
    expect(error.message).toMatch(/403/);
    const unsafe = new WebSocket(url.replace("wss:", "ws:"));
    const [refusal] = (await once(unsafe, "error")) as [Error];
    expect(refusal.message).toMatch(/307/);
  });

  it("shows a renewed certificate to new connections, without a restart", async () => {
    const before = await peerAt(coordinator.port, identity.authority.pem, "192.168.1.20");
    addresses = ["10.0.0.7"];
    await identity.renew();
    renewed(identity.files);
    const after = await peerAt(coordinator.port, identity.authority.pem, "10.0.0.7");
    expect(after.serialNumber).not.toBe(before.serialNumber);
    expect(after.subjectaltname).toMatch(/10\.0\.0\.7/);
  });
});

describe("plain http on the same port", () => {
  it("has the certificate's page for those who do not trust it yet", async () => {
    const page = await plain("/certificate");
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; style-src 'nonce-/,
    );
    const html = await page.text();
    expect(html).toContain("Trust this coordinator");
    expect(html).toContain(identity.authority.fingerprint.split(" ")[15]);
    const trusted = await (await secure("/certificate")).text();
    expect(trusted).toContain("It works");
  });

  it.each([
    ["tabswarm.crt", "application/x-x509-ca-cert"],
    ["tabswarm.pem", "application/x-pem-file"],
    ["tabswarm.mobileconfig", "application/x-apple-aspen-config"],
  ])("has the certificate as %s", async (name, type) => {
    const response = await plain(`/certificate/${name}`);
    expect(response.headers.get("content-type")).toBe(type);
    const bytes = Buffer.from(await response.arrayBuffer());
    const certificate = name.endsWith("mobileconfig")
      ? Buffer.from(/<data>([^<]+)</.exec(bytes.toString())?.[1] ?? "", "base64")
      : bytes;
    const expected = new X509Certificate(identity.authority.pem).fingerprint256;
    expect(new X509Certificate(certificate).fingerprint256).toBe(expected);
    // Windows opens DER by that name; programs read PEM.
    if (name === "tabswarm.crt") expect(bytes.subarray(0, 2).toString("hex")).toBe("3082");
    if (name === "tabswarm.pem") expect(bytes.toString()).toMatch(/^-----BEGIN CERTIFICATE-----/);
    // Nothing of what is served may hold a key.
    expect(bytes.toString("latin1")).not.toMatch(/PRIVATE/);
  });

  it("leads everything else to https", async () => {
    for (const path of ["/", "/join?name=x", "/sandbox.html", "/certificate-key.pem"]) {
      const response = await plain(path);
      expect(response.status).toBe(307);
      expect(response.headers.get("location")).toBe(`https://127.0.0.1:${coordinator.port}${path}`);
    }
  });

  it("refuses programs, whose tokens were in the request already, and hosts that are not this machine", async () => {
    const headers = { authorization: `Bearer ${coordinator.submitToken}` };
    for (const method of ["GET", "POST", "DELETE"]) {
      const response = await plain(httpPaths.jobs, { method, headers });
      expect(response.status).toBe(403);
      expect(await response.text()).toMatch(/speaks https only/);
    }
    const sent = httpRequest(plainUrl("/"), { headers: { host: "evil.example" } }).end();
    const [response] = await once(sent, "response");
    expect(response.statusCode).toBe(421);
    expect(response.headers.location).toBeUndefined();
    response.resume();
  });

  it("drops what speaks neither, and ends with connections that say nothing", async () => {
    const nonsense = createConnection(coordinator.port, "127.0.0.1");
    nonsense.write("\0\0\0nonsense\r\n\r\n");
    nonsense.resume();
    await once(nonsense, "close");
    const silent = createConnection(coordinator.port, "127.0.0.1");
    await once(silent, "connect");
    const half = createConnection(coordinator.port, "127.0.0.1");
    half.write("GET / HT");
    await once(half, "connect");
    // Those two are known to the server once it has answered another one.
    await (await plain("/certificate")).text();
    const ended = Promise.all([once(silent, "close"), once(half, "close")]);
    silent.on("error", () => {});
    half.on("error", () => {});
    expect(isWatched).toBe(true);
    await coordinator.close();
    await ended;
    expect(isWatched).toBe(false);
  });
});

describe("a certificate of the owner's", () => {
  it("has nothing to install: its page is one of the app's", async () => {
    const other = await CoordinatorFixture.create();
    const theirs = await other.start({ https: { files: identity.files } });
    expect(theirs.urls().certificatePage).toBeNull();
    const response = await fetch(`http://127.0.0.1:${theirs.port}/certificate`, {
      redirect: "manual",
    });
    expect(response.headers.get("location")).toBe(`https://127.0.0.1:${theirs.port}/certificate`);
    await other.remove();
  });
});
