// How Node clients trust a coordinator over https: with an authority of its own besides those of the system.
import { readFileSync } from "node:fs";
import { Agent, request as httpsRequest } from "node:https";
import { Readable } from "node:stream";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";

/** The part of fetch that clients of a coordinator use. */
export type NodeFetch = (
  url: string,
  init: {
    readonly method?: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array<ArrayBuffer>;
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

/** What a client's connections are made by. */
export interface Trust {
  readonly fetch: NodeFetch;
  /** For other TLS connections; undefined where Node's own trust is enough. */
  readonly secureContext?: SecureContext;
}

/** Trusts these authorities, in PEM format, besides Node's own; the same for all connections of a client. */
export function createTrust(ca: string | undefined): Trust {
  if (ca === undefined) return { fetch };
  // Naming an authority replaces all that Node knows, so they are named again.
  const secureContext = createSecureContext({
    ca: [...rootCertificates, ...extraAuthorities(), ca],
  });
  const agent = new Agent({ keepAlive: true, secureContext });
  return { secureContext, fetch: (url, init) => fetchBy(agent, url, init) };
}

/** What NODE_EXTRA_CA_CERTS names; Node has said already if it cannot be read. */
function extraAuthorities(): readonly string[] {
  const path = process.env["NODE_EXTRA_CA_CERTS"];
  if (path === undefined || path === "") return [];
  try {
    return [readFileSync(path, "utf8")];
  } catch {
    return [];
  }
}

/** Node's own fetch takes no authorities. */
function fetchBy(
  agent: Agent,
  url: string,
  { method = "GET", headers, body, signal }: Parameters<NodeFetch>[1],
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const request = httpsRequest(url, {
      agent,
      method,
      headers: { ...headers, ...length },
      signal,
    });
    request.once("error", reject);
    request.once("response", (message) => {
      const status = message.statusCode ?? 0;
      const isEmpty = status === 204 || status === 304 || method === "HEAD";
      if (isEmpty) message.resume();
      const type = message.headers["content-type"];
      resolve(
        new Response(
          isEmpty ? null : (Readable.toWeb(message) as ReadableStream<Uint8Array<ArrayBuffer>>),
          {
            status,
            headers: type === undefined ? {} : { "content-type": type },
          },
        ),
      );
    });
    request.end(body);
  });
}

/** Of node:tls, where the certificate is good but of an authority that is not trusted. */
const UNTRUSTED_CODES: ReadonlySet<string> = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_UNTRUSTED",
]);
const PROBE_TIMEOUT_MS = 5_000;

/**
 * Why nothing can be had at an address, in a sentence that says what to do; null when all that is known
 * is that nobody answers. `howToTrust` says how an authority is given: "--ca FILE".
 */
export async function whyUnanswered(
  baseUrl: string,
  trust: Trust,
  howToTrust: string,
): Promise<string | null> {
  try {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    // An address of the interface is never led elsewhere, so that the answer is the coordinator's own.
    const response = await trust.fetch(`${baseUrl}/api/openapi.json`, { headers: {}, signal });
    const problem = (await response.json().catch(() => null)) as { detail?: unknown } | null;
    const isRefusal = response.status === 403 || response.status === 421;
    return isRefusal && typeof problem?.detail === "string" ? problem.detail : null;
  } catch (error) {
    const code = codeOf(error);
    if (UNTRUSTED_CODES.has(code)) return untrustedText(baseUrl, howToTrust);
    if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
      return `The certificate at ${baseUrl} is not for this name. Use an address that the coordinator printed.`;
    }
    if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
      return `The certificate at ${baseUrl} is not valid now. Check the clocks of both machines.`;
    }
    const isPlain = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|EPROTO/.test(code);
    return isPlain ? `${baseUrl} speaks plain http: begin the address with http://.` : null;
  }
}

/** The page of the certificate is on the same port, by plain http. */
export const untrustedText = (baseUrl: string, howToTrust: string): string =>
  `The certificate at ${baseUrl} is of an authority that is not trusted here. Get it from ` +
  `${baseUrl.replace(/^https:/, "http:")}/certificate as tabswarm.pem, compare its fingerprint with ` +
  `what the coordinator printed, and give it with ${howToTrust}.`;

/** fetch wraps the true error once. */
function codeOf(error: unknown): string {
  for (const candidate of [error, (error as { cause?: unknown } | null)?.cause]) {
    const code = (candidate as { code?: unknown } | null | undefined)?.code;
    if (typeof code === "string") return code;
  }
  return "";
}
