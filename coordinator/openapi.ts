// The OpenAPI 3.1 document of the HTTP interface, made from the schemas that validate it.
import * as z from "zod";
import * as http from "../shared/protocol/http.ts";
import * as messages from "../shared/protocol/messages.ts";
import * as parts from "../shared/protocol/parts.ts";
import type { Access, Answer, Endpoint } from "./endpoint.ts";
import { readVersion } from "./version.ts";

type Json = Record<string, unknown>;

/** Schemas that get a name in the document; others are written out where they are used. */
const named: Readonly<Record<string, z.ZodType>> = {
  Json: parts.jsonSchema,
  BlockRef: parts.blockRefSchema,
  SmallBlock: parts.smallBlockSchema,
  RemoteError: parts.remoteErrorSchema,
  Task: http.taskSchema,
  Dataset: http.datasetSchema,
  DatasetRecord: http.datasetRecordSchema,
  JobSubmission: http.jobSubmissionSchema,
  JobExtension: http.jobExtensionSchema,
  Job: messages.jobViewSchema,
  JobProgress: http.jobProgressSchema,
  JobResultEvent: http.jobResultEventSchema,
  TargetFailure: messages.targetFailureSchema,
  Problem: http.problemSchema,
};

const COMPONENTS = "#/components/schemas/";
/** Problems that any endpoint may answer with. */
const PROBLEMS_OF_ALL = [400, 421, 429, 500];

const securityOf: Readonly<Record<Access, readonly Json[]>> = {
  submit: [{ submitToken: [] }],
  "any-token": [{ submitToken: [] }, { joinToken: [] }],
  ticket: [{ submitToken: [] }, { ticket: [] }],
  open: [],
};

/** The document as a JSON value. Operations are named by the table's keys. */
export function openApiDocument(endpoints: Readonly<Record<string, Endpoint>>): Json {
  const schemas = new Schemas();
  const paths: Record<string, Json> = {};
  for (const [name, described] of Object.entries(endpoints)) {
    const path = described.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = {
      ...paths[path],
      [described.method.toLowerCase()]: operation(name, described, schemas),
    };
  }
  return {
    openapi: "3.1.0",
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    info: {
      title: "Tabswarm",
      version: readVersion(),
      description:
        "The coordinator's HTTP interface. Errors are problem+json (RFC 9457). Live progress of the whole cluster is on the WebSocket /control.",
    },
    security: [{ submitToken: [] }],
    paths,
    components: {
      schemas: schemas.components(),
      responses: {
        Problem: {
          description: "Why it was not done.",
          content: { "application/problem+json": { schema: { $ref: `${COMPONENTS}Problem` } } },
        },
      },
      securitySchemes: {
        submitToken: bearer("What follows #t= in the dashboard's address."),
        joinToken: bearer("What follows #t= in the join address."),
        ticket: {
          type: "apiKey",
          in: "query",
          name: "ticket",
          description: "See POST /api/tickets.",
        },
      },
    },
  };
}

const bearer = (description: string): Json => ({ type: "http", scheme: "bearer", description });

function operation(name: string, described: Endpoint, schemas: Schemas): Json {
  const { summary, description, access, params, query, body, answers, problems } = described;
  const authProblems = access === "open" ? [] : [401];
  const responses: Record<string, Json> = {};
  for (const [status, answer] of Object.entries(answers)) {
    responses[status] = responseOf(answer, schemas);
  }
  for (const status of [...problems, ...authProblems, ...PROBLEMS_OF_ALL]) {
    responses[status] = { $ref: "#/components/responses/Problem" };
  }
  return {
    operationId: name,
    summary,
    ...(description === undefined ? {} : { description }),
    security: securityOf[access],
    parameters: [...parameters("path", params, schemas), ...parameters("query", query, schemas)],
    ...(body === undefined ? {} : { requestBody: requestBody(body.schema, schemas) }),
    responses,
  };
}

function parameters(where: "path" | "query", of: z.ZodType | undefined, schemas: Schemas): Json[] {
  if (!(of instanceof z.ZodObject)) return [];
  const shape: Readonly<Record<string, z.ZodType>> = of.shape;
  return Object.entries(shape).map(([name, schema]) => ({
    name,
    in: where,
    // Absent is what an exact optional calls missing, and others undefined.
    required: !(schema instanceof z.ZodExactOptional) && !schema.safeParse(undefined).success,
    schema: schemas.refer(schema),
  }));
}

const requestBody = (schema: z.ZodType | undefined, schemas: Schemas): Json => ({
  required: true,
  content:
    schema === undefined
      ? { "application/octet-stream": {} }
      : { "application/json": { schema: schemas.refer(schema) } },
});

function responseOf({ description, schema, types = [], events }: Answer, schemas: Schemas): Json {
  const content: Json = {};
  if (schema !== undefined) content["application/json"] = { schema: schemas.refer(schema) };
  for (const type of types)
    content[type] = events === undefined ? {} : eventStream(events, schemas);
  return { description, ...(Object.keys(content).length === 0 ? {} : { content }) };
}

/** OpenAPI 3.1 has no words for streams: an extension tells the data of each event. */
const eventStream = (events: Readonly<Record<string, z.ZodType>>, schemas: Schemas): Json => ({
  schema: { type: "string" },
  "x-events": Object.fromEntries(
    Object.entries(events).map(([name, schema]) => [name, schemas.refer(schema)]),
  ),
});

/** Turns zod's schemas into JSON Schema: named ones into references, which are collected. */
class Schemas {
  readonly #names = new Map(Object.entries(named).map(([name, schema]) => [schema, name]));
  readonly #registry = z.registry<{ id: string }>();

  constructor() {
    for (const [schema, id] of this.#names) this.#registry.add(schema, { id });
  }

  refer(schema: z.ZodType): Json {
    const name = this.#names.get(schema);
    if (name !== undefined) return { $ref: COMPONENTS + name };
    const one = z.registry<{ id: string }>();
    for (const [other, id] of this.#names) one.add(other, { id });
    one.add(schema, { id: "_" });
    return this.#convert(one)["_"] ?? {};
  }

  components(): Record<string, Json> {
    return this.#convert(this.#registry);
  }

  /** What is said of requests is what may be sent: transformations come after that. */
  #convert(registry: z.core.$ZodRegistry<{ id: string }>): Record<string, Json> {
    const { schemas } = z.toJSONSchema(registry, {
      io: "input",
      target: "draft-2020-12",
      uri: (id) => COMPONENTS + id,
    });
    return Object.fromEntries(
      Object.entries(schemas).map(([id, schema]) => {
        const { $schema: _, $id: __, ...rest } = schema;
        return [id, rest];
      }),
    );
  }
}
