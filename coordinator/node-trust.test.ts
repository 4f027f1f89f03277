// Node clients over https: with the coordinator's authority they work, without it they say what to do.
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import { ClusterError, connect } from "./client.ts";
import { checkAnswers } from "./commands/connect.ts";
import { pinServerKey } from "./commands/trusted-authority.ts";
import { openIdentity, type ServerIdentity } from "./https/server-identity.ts";
import { makeAuthority } from "./https/x509.ts";
import { createNodeBlocks } from "./node-blocks.ts";
import { createTrust, whyUnanswered } from "./node-trust.ts";
import { makeBlock } from "./scripted-pages.ts";
import type { Coordinator } from "./start-coordinator.ts";

let fixture: CoordinatorFixture;
let identity: ServerIdentity;
let coordinator: Coordinator;
let baseUrl = "";

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
  identity = await openIdentity({
    dataDir: fixture.dataDir,
    names: {
      hostName: () => "tower",
      ownAddresses: () => [],
      joinAddresses: () => [],
      furtherNames: [],
    },
    nowUnixMs: Date.now,
    say: () => {},
  });
  coordinator = await fixture.start({ https: identity });
  baseUrl = `https://127.0.0.1:${coordinator.port}`;
});
afterEach(() => fixture.remove());

const other = makeAuthority({
  name: "Another",
  permitted: ["127.0.0.0/8"],
  validDays: 10,
  nowMs: Date.now(),
});

describe("connect", () => {
  it("works with the coordinator's authority: sockets, requests and blocks", async () => {
    const ca = identity.authority.pem;
    const cluster = await connect(baseUrl, { token: coordinator.submitToken, ca });
    const future = cluster.submit(() => 1);
    await expect.poll(async () => (await cluster.jobs()).length).toBe(1);
    future.release();
    await cluster.close();

    const blocks = createNodeBlocks(baseUrl, coordinator.submitToken, createTrust(ca).fetch);
    const { bytes, ref } = makeBlock(Array.from({ length: 200_000 }, (_, i) => i));
    await blocks.upload(ref.block, bytes, new AbortController().signal);
    let received = 0;
    const got = await blocks.request(ref.block, {
      sizeBytes: bytes.length,
      stallMs: 10_000,
      onProgress: (count) => (received += count),
    });
    expect(Buffer.compare(got, bytes)).toBe(0);
    expect(received).toBe(bytes.length);
    const wrong = createNodeBlocks(baseUrl, "wrong", createTrust(ca).fetch);
    await expect(wrong.upload(ref.block, bytes, new AbortController().signal)).rejects.toThrow(
      /token is missing or wrong/,
    );
    const abort = new AbortController();
    abort.abort();
    await expect(blocks.upload(ref.block, bytes, abort.signal)).rejects.toThrow(ClusterError);
  });

  it.each([
    ["none", undefined],
    ["another authority", other.cert],
  ])("without it says where to get it: %s", async (_, ca) => {
    const options = { token: coordinator.submitToken, ...(ca === undefined ? {} : { ca }) };
    const page = `http://127.0.0.1:${coordinator.port}/certificate`;
    const refused = connect(baseUrl, options);
    await expect(refused).rejects.toThrow(ClusterError);
    await expect(connect(baseUrl, options)).rejects.toThrow(
      new RegExp(`not trusted here. Get it from ${page} as tabswarm.pem.*connect\\(url, { ca }\\)`),
    );
  });
});

describe("whyUnanswered", () => {
  const why = (url: string, ca = identity.authority.pem): Promise<string | null> =>
    whyUnanswered(url, createTrust(ca), "--ca FILE");

  it("tells the two schemes apart, in both directions", async () => {
    const plainUrl = baseUrl.replace("https:", "http:");
    expect(await why(plainUrl)).toBeNull();
    expect(await whyUnanswered(plainUrl, createTrust(undefined), "")).toMatch(
      /begin the address with https:/,
    );
    const second = await CoordinatorFixture.create();
    const plain = await second.start();
    expect(await why(`https://127.0.0.1:${plain.port}`)).toMatch(
      /begin the address with http:\/\//,
    );
    await second.remove();
  });

  it("names a wrong name, and is silent about silence", async () => {
    await coordinator.close();
    // The same identity, asked for by an address that it does not have.
    const bare = await fixture.start({ https: identity, host: "0.0.0.0" });
    expect(await why(`https://127.0.0.2:${bare.port}`)).toMatch(/not for this name/);
    const nobody: Server = createServer();
    nobody.listen(0, "127.0.0.1");
    await once(nobody, "listening");
    const { port } = nobody.address() as { port: number };
    nobody.close();
    await once(nobody, "close");
    expect(await why(`https://127.0.0.1:${port}`)).toBeNull();
  });

  it("ends a command before its work begins", async () => {
    const address = { baseUrl, token: "x" };
    await expect(checkAnswers(address)).rejects.toThrow(/--ca tabswarm\.pem/);
    await expect(checkAnswers({ ...address, ca: identity.authority.pem })).resolves.toBeUndefined();
  });
});

describe("pinServerKey", () => {
  it("names the server's key only when the authority vouches for it", async () => {
    const url = new URL(`${baseUrl}/join`);
    const key = await pinServerKey(url, identity.authority.pem);
    expect(key).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(await pinServerKey(url, other.cert)).toBeUndefined();
    expect(await pinServerKey(url, undefined)).toBeUndefined();
    expect(await pinServerKey(new URL("https://127.0.0.1:1"), undefined)).toBeUndefined();
  });
});
