// The HTTP server: guards, strict headers, plain errors, and all routes.
import fastify, { type FastifyInstance } from "fastify";
import { addBlockRoutes, type BlockRoutesParts } from "./block-routes.ts";
import { addConnectionRoutes, type ConnectionRoutesParts } from "./connection-routes.ts";
import { addEndpoint } from "./endpoint.ts";
import { endpoints } from "./endpoints.ts";
import { addCertificateRoutes } from "./https/certificate-routes.ts";
import type { LocalAuthority } from "./https/server-identity.ts";
import { addEventRoutes, type EventRoutesParts } from "./event-routes.ts";
import { addJobRoutes, type JobRoutesParts } from "./job-routes.ts";
import { openApiDocument } from "./openapi.ts";
import { HttpProblem, problemBody } from "./problem.ts";
import { addResultRoutes, type ResultRoutesParts } from "./result-routes.ts";
import { addTelemetryRoutes, type TelemetryRoutesParts } from "./telemetry-routes.ts";
import { TicketOffice } from "./tickets.ts";
import { serveApp, setStrictHeaders } from "./static-app.ts";
import { addWorkerRoutes, type WorkerRoutesParts } from "./worker-routes.ts";

/** A body for which no route says otherwise. */
const BODY_BYTES_MAX = 64 * 1024;

export interface HttpApiParts
  extends
    BlockRoutesParts,
    JobRoutesParts,
    ConnectionRoutesParts,
    WorkerRoutesParts,
    Omit<EventRoutesParts, "tickets">,
    Omit<ResultRoutesParts, "tickets">,
    TelemetryRoutesParts {
  /** Monotonic time. */
  readonly nowMs: () => number;
  readonly staticDir: string;
  /** How this machine is reached now. */
  readonly urls: () => CoordinatorUrls;
  /** What people install so that their browsers trust the coordinator, if anything. */
  readonly authority: LocalAuthority | null;
}

/** Full addresses, with their tokens in the fragment. */
export interface CoordinatorUrls {
  /** For this machine. */
  readonly dashboard: string;
  /** For every network, the likeliest first. */
  readonly join: readonly string[];
  /** Where other machines get the certificate authority; null where nothing is to be installed. */
  readonly certificatePage: string | null;
}

export interface TlsFiles {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
}

/** A server without routes: the other parts need its socket before the routes can be made. */
export function createHttpServer(https: TlsFiles | false): FastifyInstance {
  const options = {
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: true,
    logger: false,
  } as const;
  if (https === false) return fastify(options);
  return fastify({ ...options, https });
}

/** Makes a fresh server check and protect every request, and answer errors as problem+json. */
export function guardRequests(
  server: FastifyInstance,
  { guard, log }: Pick<HttpApiParts, "guard" | "log">,
): void {
  server.addHook("onRequest", (request, reply, done) => {
    setStrictHeaders(request, reply);
    guard.checkRate(request.ip);
    guard.checkHost(request.headers);
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (!isRead) guard.checkOrigin(request.headers, false);
    done();
  });
  server.setErrorHandler((error, request, reply) => {
    const { status, detail } = describe(error);
    if (status >= 500)
      log(`${request.method} ${request.url.split("?", 1)[0]}: ${errorText(error)}`);
    return reply
      .code(status)
      .header("cache-control", "no-store")
      .type("application/problem+json")
      .send(problemBody(status, detail));
  });
}

/** Adds guards and routes to a fresh server. */
export async function addHttpApi(server: FastifyInstance, parts: HttpApiParts): Promise<void> {
  const { guard, authority } = parts;
  guardRequests(server, parts);
  // Only JSON and blocks are understood; this removes the parser for plain text.
  server.removeContentTypeParser("text/plain");
  const tickets = new TicketOffice(parts.nowMs);
  addBlockRoutes(server, parts);
  addJobRoutes(server, parts);
  addWorkerRoutes(server, parts);
  addEventRoutes(server, { ...parts, tickets });
  addResultRoutes(server, { ...parts, tickets });
  addTelemetryRoutes(server, parts);
  addEndpoint(server, guard, endpoints.joinLinks, (_asked, reply) => {
    const { join, certificatePage } = parts.urls();
    return reply.send({ links: join, certificatePage });
  });
  addConnectionRoutes(server, parts);
  // Made once, as it takes some milliseconds; it tells nothing that the sources do not.
  let document: object | undefined;
  addEndpoint(server, guard, endpoints.openApi, (_asked, reply) =>
    reply.send((document ??= openApiDocument(endpoints))),
  );
  if (authority !== null) addCertificateRoutes(server, authority);
  await serveApp(server, parts.staticDir);
}

const errorText = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Status and text for any error: ours in full, the library's as far as they are the sender's. */
function describe(error: unknown): { status: number; detail: string } {
  if (error instanceof HttpProblem) return { status: error.status, detail: error.message };
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (typeof status === "number" && status >= 400 && status < 500) {
    return { status, detail: errorText(error) };
  }
  return { status: 500, detail: "The coordinator could not do this. Its terminal shows why." };
}
