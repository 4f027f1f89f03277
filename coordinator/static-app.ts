// Serves the built web app with strict headers; a fresh nonce goes into every copy of its page.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { freshToken } from "./access-tokens.ts";
import { HttpProblem } from "./problem.ts";

/** Stands in the pages where each response gets its own nonce. */
const NONCE_MARK = "__NONCE__";

/** The policy for a response to `host`, which the guard has checked. */
function contentSecurityPolicy(host: string, nonce: string | undefined): string {
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    // Safari long did not take 'self' to include WebSockets, so they are named.
    `connect-src 'self' ws://${host} wss://${host}`,
    `style-src 'self'${nonce === undefined ? "" : ` 'nonce-${nonce}'`}`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    // The one frame is the sandbox for functions of users.
    "frame-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** The page of the frame in which functions of users run. */
const SANDBOX_PAGE = "sandbox.html";

/**
 * The policy of the sandbox: an origin of its own, without storage or access to any page, and no
 * connection of any kind. Its Worker, which has the same policy, evaluates the functions.
 */
const sandboxPolicy = (nonce: string): string =>
  [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'unsafe-eval'`,
    "worker-src blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    "sandbox allow-scripts",
  ].join("; ");

/** Make a page cross-origin isolated, which gives it shared memory. */
const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** Browsers ignore isolation elsewhere, and complain about it in the console of every page. */
function isTrustworthy(request: FastifyRequest): boolean {
  return (
    request.protocol === "https" ||
    /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(request.headers.host ?? "")
  );
}

/** Headers of every response, pages and workers and data alike. */
export function setStrictHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({
    "content-security-policy": contentSecurityPolicy(request.headers.host ?? "", undefined),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    ...(isTrustworthy(request) ? ISOLATION : {}),
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": cachingOf(request.url),
  });
}

/** How long a response may be kept; pages, blocks and errors say otherwise for themselves. */
function cachingOf(url: string): string {
  // Files under assets/ have their content's hash in their names.
  if (url.startsWith("/assets/")) return "public, max-age=31536000, immutable";
  return url.startsWith("/api/") ? "no-store" : "no-cache";
}

/** Paths of the page itself: anything that is neither a file nor the interface. */
const isPagePath = (path: string): boolean =>
  !path.startsWith("/api/") && !/\.[a-z0-9]+$/i.test(path);

/** Adds the app's files, and its page for every path that the app routes by itself. */
export async function serveApp(server: FastifyInstance, staticDir: string): Promise<void> {
  const send = async (reply: FastifyReply, file: string, policy: (nonce: string) => string) => {
    const page = await readFile(join(staticDir, file), "utf8").catch(() => {
      throw new HttpProblem(503, "The web app is not built yet. Run: npm run build");
    });
    const nonce = freshToken();
    return reply
      .type("text/html; charset=utf-8")
      .header("cache-control", "no-store")
      .header("content-security-policy", policy(nonce))
      .send(page.replaceAll(NONCE_MARK, nonce));
  };
  const sendPage = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    send(reply, "index.html", (nonce) => contentSecurityPolicy(request.headers.host ?? "", nonce));

  // Its policy says who may frame it; the older header knows no such exception. Firefox takes a page of an
  // opaque origin for one of another site, which an isolated page may frame only when it says so.
  server.get(`/${SANDBOX_PAGE}`, (_request, reply) =>
    send(
      reply.removeHeader("x-frame-options").header("cross-origin-resource-policy", "cross-origin"),
      SANDBOX_PAGE,
      sandboxPolicy,
    ),
  );
  server.get("/", sendPage);
  server.get("/index.html", sendPage);
  if (existsSync(staticDir)) {
    await server.register(fastifyStatic, {
      root: staticDir,
      index: false,
      cacheControl: false,
    });
  }
  server.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "/";
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (isRead && isPagePath(path)) return sendPage(request, reply);
    throw new HttpProblem(404, "There is nothing at this address.");
  });
}
