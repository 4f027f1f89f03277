// One endpoint of the HTTP interface: what it takes, what it answers, and how it becomes a route.
// The same description validates requests and becomes the OpenAPI document, so they cannot differ.
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import * as z from "zod";
import { HttpProblem } from "./problem.ts";
import type { RequestGuard } from "./request-guard.ts";

/**
 * Who is admitted: "submit", by the submit token; "any-token", by that or the join token; "ticket", by
 * the submit token or, where no header can be set, by a ticket in the query; "open", everybody.
 */
export type Access = "submit" | "any-token" | "ticket" | "open";

/** One possible success. */
export interface Answer {
  readonly description: string;
  /** Of a JSON body. */
  readonly schema?: z.ZodType;
  /** Content types of a body that is not JSON. */
  readonly types?: readonly string[];
  /** Of a stream of server-sent events: the schema of each event's data, by the event's name. */
  readonly events?: Readonly<Record<string, z.ZodType>>;
}

interface Body<T> {
  /** As messages begin with it: "The job". */
  readonly what: string;
  /** None for bytes, which the handler reads by itself. */
  readonly schema?: z.ZodType<T>;
  readonly bytesMax: number;
}

export interface Endpoint<P = unknown, Q = unknown, B = unknown> {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** As fastify has it: parameters begin with a colon. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: Body<B>;
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Statuses that it answers with problem+json, besides those that any endpoint may. */
  readonly problems: readonly number[];
}

/** Infers what the handler gets from the schemas. */
export const endpoint = <P = undefined, Q = undefined, B = undefined>(
  description: Endpoint<P, Q, B>,
): Endpoint<P, Q, B> => description;

/** What a request said, validated. */
export interface Asked<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly request: FastifyRequest;
}

/** The body or parameter as its schema has it. Throws 400 with the first thing that is wrong. */
function parseInput<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
  throw new HttpProblem(400, `${what} is not valid${place}: ${issue?.message ?? "unknown"}.`);
}

/** Adds the endpoint's route. The token is checked before the body is read. */
export function addEndpoint<P, Q, B>(
  server: FastifyInstance,
  guard: RequestGuard,
  described: Endpoint<P, Q, B>,
  handle: (asked: Asked<P, Q, B>, reply: FastifyReply) => FastifyReply | Promise<FastifyReply>,
): void {
  const { method, path, params, query, body, access } = described;
  server.route({
    method,
    url: path,
    exposeHeadRoute: false,
    ...(body === undefined ? {} : { bodyLimit: body.bytesMax }),
    onRequest: (request, _reply, done) => {
      admit(guard, access, request);
      done();
    },
    handler: (request, reply) => {
      const asked = {
        params: parsePart(params, request.params, "The address"),
        query: parsePart(query, request.query, "The request"),
        body: parsePart(body?.schema, request.body, body?.what ?? "The body"),
        request,
      };
      return handle(asked, reply);
    },
  });
}

function admit(guard: RequestGuard, access: Access, request: FastifyRequest): void {
  const { headers, ip } = request;
  if (access === "open") return;
  if (access === "any-token") guard.requireRole(headers, ip);
  // A ticket is redeemed by the handler, which knows what it has to be for.
  else if (access === "submit" || !hasTicket(request.query)) guard.requireSubmit(headers, ip);
}

const hasTicket = (query: unknown): boolean =>
  typeof query === "object" && query !== null && "ticket" in query;

function parsePart<T>(schema: z.ZodType<T> | undefined, value: unknown, what: string): T {
  // Without a schema the type is undefined: there is nothing that a handler could read.
  return schema === undefined ? (undefined as T) : parseInput(schema, value, what);
}
