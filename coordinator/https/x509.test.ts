// Certificates as TLS takes them: real handshakes with the server's names, and with names that are not permitted.
import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { shakeHands } from "./tls-fixture.ts";
import { makeAuthority, permittedOf, signServer } from "./x509.ts";

const nowMs = Date.now();
const permitted = ["local", "127.0.0.0/8", "fc00::/7", "203.0.113.9/32"];
const authority = makeAuthority({ name: "Tabswarm at Küche", permitted, validDays: 3_650, nowMs });
const server = (names: readonly string[], validDays = 397) =>
  signServer(authority, { names, validDays, nowMs });

describe("makeAuthority", () => {
  it("makes an authority that says what it may sign for, and is valid at once and for its days", () => {
    const certificate = new X509Certificate(authority.cert);
    expect(certificate.subject).toBe("CN=Tabswarm at Küche");
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(permittedOf(authority.cert)).toEqual(permitted);
    // A day back for machines whose clocks are late.
    expect(Date.parse(certificate.validFrom)).toBeLessThan(nowMs - 86_000_000);
    const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000;
    expect(days).toBe(3_650);
  });
});

describe("signServer", () => {
  it("makes a certificate that is trusted by the authority, for its names and addresses only", async () => {
    const shown = server(["tower.local", "127.0.0.1"]);
    const peer = await shakeHands(shown, authority.cert, "tower.local");
    expect(peer.subjectaltname).toBe("DNS:tower.local, IP Address:127.0.0.1");
    expect(peer.ext_key_usage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    await shakeHands(shown, authority.cert, "127.0.0.1");
    await expect(shakeHands(shown, authority.cert, "other.local")).rejects.toThrow(/altnames/);
  });

  it("certifies the key that it is given", () => {
    const first = server(["tower.local"]);
    const second = signServer(authority, {
      names: ["127.0.0.1"],
      validDays: 1,
      nowMs,
      key: first.key,
    });
    expect(second.key).toBe(first.key);
    const keys = [first, second].map(({ cert }) =>
      new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" }),
    );
    expect(keys[0]).toEqual(keys[1]);
    const serials = [first, second].map(({ cert }) => new X509Certificate(cert).serialNumber);
    expect(serials[0]).not.toBe(serials[1]);
  });

  it.each([["example.com"], ["8.8.8.8"], ["2001:db8::1"], ["local.example.com"]])(
    "is refused by TLS for %s, which the authority may not sign for",
    async (name) => {
      const shown = server(["tower.local", name]);
      const refused = shakeHands(shown, authority.cert, "tower.local");
      await expect(refused).rejects.toThrow(/permitted subtree violation/);
    },
  );

  it("is refused by TLS when it signed for others itself", async () => {
    const middle = server(["tower.local"]);
    const below = signServer(middle, { names: ["127.0.0.1"], validDays: 10, nowMs });
    const chain = { cert: below.cert + middle.cert, key: below.key };
    const refused = shakeHands(chain, authority.cert, "127.0.0.1");
    await expect(refused).rejects.toThrow(/key usage does not include certificate/);
  });

  it("is refused after its days", async () => {
    const shown = server(["127.0.0.1"], 0.5);
    await expect(shakeHands(shown, authority.cert, "127.0.0.1")).rejects.toThrow(/expired/);
  });
});
