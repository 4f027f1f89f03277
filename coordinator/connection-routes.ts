// A page's connection as this end sees it, and bytes to time: what the join page's doctor asks for.
import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import type { FastifyInstance } from "fastify";
import { SAMPLE_BYTES_MAX } from "../shared/protocol/http.ts";
import { addEndpoint } from "./endpoint.ts";
import { endpoints } from "./endpoints.ts";
import { plainAddress, whereaboutsOf } from "./network-addresses.ts";
import type { RequestGuard } from "./request-guard.ts";
import type { CoordinatorUrls } from "./http-api.ts";
import type { SchedulerHost } from "./scheduler-host.ts";

/** Enough to tell one broken machine from a broken network. */
const PEERS_NAMED_MAX = 8;

export interface ConnectionRoutesParts {
  readonly guard: RequestGuard;
  readonly host: SchedulerHost;
  /** How this machine is reached now. */
  readonly urls: () => Pick<CoordinatorUrls, "certificatePage">;
  /** Monotonic time. */
  readonly nowMs: () => number;
}

/** Adds the routes of the connection's test. */
export function addConnectionRoutes(server: FastifyInstance, parts: ConnectionRoutesParts): void {
  const { guard, host, nowMs, urls } = parts;
  addEndpoint(server, guard, endpoints.connection, ({ query, request }, reply) => {
    const interfaces = networkInterfaces();
    const address = plainAddress(request.ip);
    const { headers } = request;
    const peers = host.workers
      .filter(({ peer }) => peer !== query.peer)
      .map(({ peer, record }) => {
        const view = record.view(nowMs());
        return { peer, name: view.name, ...whereaboutsOf(view.address, interfaces) };
      });
    return reply.send({
      address,
      ...whereaboutsOf(address, interfaces),
      isProxied: ["via", "forwarded", "x-forwarded-for"].some((name) => name in headers),
      certificatePage: urls().certificatePage,
      peers: peers.slice(0, PEERS_NAMED_MAX),
    });
  });
  // Random, so that nothing on the way can make them fewer; the same each time, as making them takes time.
  let sample: Buffer | undefined;
  addEndpoint(server, guard, endpoints.connectionSample, ({ query }, reply) => {
    sample ??= randomBytes(SAMPLE_BYTES_MAX);
    return reply.type("application/octet-stream").send(sample.subarray(0, query.bytes));
  });
}
