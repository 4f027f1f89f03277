// The routes of the certificate authority: its page, and its certificate as a file for every platform.
import { createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { httpPaths } from "../../shared/protocol/http.ts";
import { freshToken } from "../access-tokens.ts";
import { certificatePageHtml, certificatePagePolicy, escapeHtml } from "./certificate-page.ts";
import type { LocalAuthority } from "./server-identity.ts";
import { derOf } from "./x509.ts";

/** Adds them to a server that guards its requests; everybody may read what they answer. */
export function addCertificateRoutes(server: FastifyInstance, authority: LocalAuthority): void {
  const page = httpPaths.certificatePage;
  server.get(page, (request, reply) => {
    const nonce = freshToken();
    return reply
      .type("text/html; charset=utf-8")
      .header("cache-control", "no-store")
      .header("content-security-policy", certificatePagePolicy(nonce))
      .send(
        certificatePageHtml({
          authority,
          host: request.headers.host ?? "",
          isSecure: request.protocol === "https",
          userAgent: request.headers["user-agent"] ?? "",
          nonce,
        }),
      );
  });
  const der = derOf(authority.pem);
  // The types by which systems know what to do with the file.
  const files = [
    ["tabswarm.crt", "application/x-x509-ca-cert", der],
    ["tabswarm.pem", "application/x-pem-file", authority.pem],
    ["tabswarm.mobileconfig", "application/x-apple-aspen-config", appleProfile(authority, der)],
  ] as const;
  for (const [name, type, content] of files) {
    server.get(`${page}/${name}`, (_request, reply) =>
      reply.type(type).header("cache-control", "no-store").send(content),
    );
  }
}

/** A configuration profile with the certificate in it, which is what iPhones and iPads install. */
function appleProfile({ name, fingerprint }: LocalAuthority, der: Buffer): string {
  const title = escapeHtml(name);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadType</key><string>Configuration</string>
  <key>PayloadVersion</key><integer>1</integer>
  <key>PayloadIdentifier</key><string>tabswarm.authority.${idOf(fingerprint, "profile")}</string>
  <key>PayloadUUID</key><string>${idOf(fingerprint, "profile")}</string>
  <key>PayloadDisplayName</key><string>${title}</string>
  <key>PayloadDescription</key><string>Lets this device trust a Tabswarm coordinator in your network.</string>
  <key>PayloadContent</key>
  <array>
    <dict>
      <key>PayloadType</key><string>com.apple.security.root</string>
      <key>PayloadVersion</key><integer>1</integer>
      <key>PayloadIdentifier</key><string>tabswarm.authority.${idOf(fingerprint, "certificate")}</string>
      <key>PayloadUUID</key><string>${idOf(fingerprint, "certificate")}</string>
      <key>PayloadDisplayName</key><string>${title}</string>
      <key>PayloadContent</key>
      <data>${der.toString("base64")}</data>
    </dict>
  </array>
</dict>
</plist>
`;
}

/** The same for the same authority, so that installing it twice replaces it. A UUID of version 8 (RFC 9562). */
function idOf(fingerprint: string, part: string): string {
  const hex = createHash("sha256").update(`${fingerprint} ${part}`).digest("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
