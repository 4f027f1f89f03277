import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadAccessTokens, roleOf } from "./access-tokens.ts";
import { RequestGuard } from "./request-guard.ts";

const tokens = { joinToken: "join-token-0123456789ab", submitToken: "submit-token-0123456789" };
let clockMs = 0;

const guard = (scheme: "http" | "https" = "http"): RequestGuard =>
  new RequestGuard({
    tokens,
    scheme,
    ownAddresses: () => ["192.168.1.5", "fd12::7"],
    allowedHosts: ["Cluster.home"],
    nowMs: () => clockMs,
  });

describe("RequestGuard", () => {
  beforeEach(() => {
    clockMs = 0;
  });

  it.each([
    "localhost:7070",
    "127.0.0.1:7070",
    "[::1]:7070",
    "192.168.1.5:7070",
    "192.168.1.5",
    "[fd12::7]:80",
    "cluster.home:7070",
    `${hostname()}:7070`,
    `${hostname()}.local`,
  ])("answers to %s", (host) => {
    expect(() => guard().checkHost({ host })).not.toThrow();
  });

  it.each([
    undefined,
    "",
    "evil.example",
    "192.168.1.6:7070",
    "localhost.evil.example",
    "a b",
    "::1",
  ])("refuses the host %s with 421", (host) => {
    expect(() => guard().checkHost({ host })).toThrow(expect.objectContaining({ status: 421 }));
  });

  it("wants the Origin to be exactly scheme and host", () => {
    const host = "localhost:7070";
    expect(() =>
      guard().checkOrigin({ host, origin: "http://localhost:7070" }, false),
    ).not.toThrow();
    for (const origin of [
      "http://localhost:7071",
      "https://localhost:7070",
      "null",
      "http://evil",
    ]) {
      expect(() => guard().checkOrigin({ host, origin }, true)).toThrow(
        expect.objectContaining({ status: 403 }),
      );
    }
    expect(() =>
      guard("https").checkOrigin({ host, origin: "https://localhost:7070" }, false),
    ).not.toThrow();
  });

  it("lets a request without Origin pass only with a bearer token", () => {
    const host = "localhost";
    expect(() => guard().checkOrigin({ host }, false)).toThrow();
    expect(() => guard().checkOrigin({ host, authorization: "Bearer x" }, false)).not.toThrow();
    expect(() => guard().checkOrigin({ host }, true)).not.toThrow();
  });

  it("tells the roles apart", () => {
    const one = guard();
    const join = { authorization: `Bearer ${tokens.joinToken}` };
    const submit = { authorization: `Bearer ${tokens.submitToken}` };
    expect(one.requireRole(join, "a")).toBe("join");
    expect(one.requireRole(submit, "a")).toBe("submit");
    expect(() => one.requireSubmit(submit, "a")).not.toThrow();
    expect(() => one.requireSubmit(join, "a")).toThrow(expect.objectContaining({ status: 401 }));
    expect(() => one.requireRole({ authorization: "Basic x" }, "a")).toThrow();
  });

  it("limits wrong tokens by address, yet admits the right one", () => {
    const one = guard();
    const wrong = { authorization: "Bearer wrong" };
    const statuses = Array.from({ length: 25 }, () => {
      try {
        return one.requireRole(wrong, "10.0.0.1");
      } catch (error) {
        return (error as { status: number }).status;
      }
    });
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    expect(statuses.slice(20)).toEqual([429, 429, 429, 429, 429]);
    const right = { authorization: `Bearer ${tokens.joinToken}` };
    expect(one.requireRole(right, "10.0.0.1")).toBe("join");
    expect(() => one.requireRole(wrong, "10.0.0.2")).toThrow(
      expect.objectContaining({ status: 401 }),
    );
    clockMs = 60_000;
    expect(() => one.requireRole(wrong, "10.0.0.1")).toThrow(
      expect.objectContaining({ status: 401 }),
    );
  });

  it("limits requests by address", () => {
    const one = guard();
    for (let i = 0; i < 4_000; i += 1) one.checkRate("a");
    expect(() => one.checkRate("a")).toThrow(expect.objectContaining({ status: 429 }));
    expect(() => one.checkRate("b")).not.toThrow();
    clockMs = 1_000;
    expect(() => one.checkRate("a")).not.toThrow();
  });
});

describe("access tokens", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tabswarm-tokens-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("survive a restart, readable by the owner only", async () => {
    const first = await loadAccessTokens(folder);
    expect(await loadAccessTokens(folder)).toEqual(first);
    expect(first.joinToken).not.toBe(first.submitToken);
    expect((await stat(join(folder, "tokens.json"))).mode & 0o777).toBe(0o600);
  });

  it("are made anew when the file is damaged", async () => {
    await writeFile(join(folder, "tokens.json"), "{ not json");
    const tokensNow = await loadAccessTokens(folder);
    expect(JSON.parse(await readFile(join(folder, "tokens.json"), "utf8"))).toEqual(tokensNow);
  });

  it("roleOf knows no others", () => {
    expect(roleOf(tokens, "")).toBeUndefined();
    expect(roleOf(tokens, `${tokens.joinToken}x`)).toBeUndefined();
  });
});
