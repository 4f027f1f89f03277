// Server-sent events of a job, by token or by a ticket, as EventSource cannot send a token.
import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { addEndpoint } from "./endpoint.ts";
import { endpoints } from "./endpoints.ts";
import type { JobEvents } from "./job-events.ts";
import { noSuchJob } from "./job-routes.ts";
import { HttpProblem } from "./problem.ts";
import type { RequestGuard } from "./request-guard.ts";
import type { TicketOffice } from "./tickets.ts";

/** Streams at once: as many as there may be clients. */
const STREAMS_MAX = 64;

export interface EventRoutesParts {
  readonly guard: RequestGuard;
  readonly tickets: TicketOffice;
  readonly events: JobEvents;
}

/** Adds the route of a job's events. */
export function addEventRoutes(server: FastifyInstance, parts: EventRoutesParts): void {
  const { guard, tickets, events } = parts;
  addEndpoint(server, guard, endpoints.jobEvents, ({ params: { job }, query }, reply) => {
    if (query.ticket !== undefined && !tickets.redeem(query.ticket, job, "events")) {
      throw new HttpProblem(401, "This ticket has been used or is too old. Get a new one.");
    }
    if (events.size >= STREAMS_MAX) throw new HttpProblem(503, "Too many streams of events.");
    const stream = events.open(job);
    if (stream === undefined) throw noSuchJob();
    const body = Readable.from(stream.text(), { objectMode: false });
    // The body itself would not end before the next news came, which it waits for.
    reply.raw.once("close", () => stream.leave());
    return reply
      .type("text/event-stream; charset=utf-8")
      .header("x-accel-buffering", "no")
      .send(body);
  });
}
