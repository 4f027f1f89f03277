// The OpenAPI document: that it and the routes tell the same, and that real answers are as it says.
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import type { JobId } from "../shared/ids.ts";
import { httpPaths } from "../shared/protocol/http.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import { endpoints } from "./endpoints.ts";
import { openApiDocument } from "./openapi.ts";
import {
  httpOf,
  joinClient,
  makeBlock,
  ScriptedWorker,
  squaresJob,
  watchToEnd,
} from "./scripted-pages.ts";
import type { Coordinator } from "./start-coordinator.ts";

type Json = Record<string, unknown>;
interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { readonly content?: Record<string, { schema: Json }> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Json;
    readonly responses: Readonly<Record<string, Operation["responses"][string]>>;
  };
}

let fixture: CoordinatorFixture;
let coordinator: Coordinator;
const routes: string[] = [];

beforeEach(async () => {
  routes.length = 0;
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start({
    onRoute: ({ method, url }) => routes.push(`${String(method)} ${url}`),
  });
});
afterEach(() => fixture.remove());

/**
 * A validator of a schema in the document. Stricter than the schema: a member that it does not name is
 * an error, as it would be undocumented.
 */
function validatorOf(document: Document, schema: Json): z.ZodType {
  const strict = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(strict);
    if (typeof node !== "object" || node === null) return node;
    const closed = "properties" in node ? { additionalProperties: false } : {};
    const members = Object.entries({ ...closed, ...node }).map(([name, value]) => [
      name,
      name === "$ref" ? String(value).replace("#/components/schemas/", "#/$defs/") : strict(value),
    ]);
    return Object.fromEntries(members) as unknown;
  };
  const whole = { ...(strict(schema) as Json), $defs: strict(document.components.schemas) };
  return z.fromJSONSchema(whole as Parameters<typeof z.fromJSONSchema>[0]);
}

describe("the OpenAPI document", () => {
  const document = openApiDocument(endpoints) as unknown as Document;
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );

  it("names exactly the routes that there are", () => {
    const interfaceRoutes = routes.flatMap((route) =>
      route.includes(" /api/") ? [route.replaceAll(/:(\w+)/g, "{$1}")] : [],
    );
    expect(interfaceRoutes.toSorted()).toEqual(documented.toSorted());
    expect(documented.length).toBeGreaterThan(20);
  });

  it("is valid OpenAPI 3.1 by the schema of that standard", async () => {
    const validator = new Validator();
    const result = await validator.validate({ ...document });
    expect(result).toMatchObject({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("is served to everybody, and refers to nothing that it lacks", async () => {
    const response = await fetch(`http://127.0.0.1:${coordinator.port}${httpPaths.openApi}`);
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(JSON.parse(text)).toEqual(document);
    const targets = [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
    expect(targets.length).toBeGreaterThan(20);
    for (const [, group = "", name = ""] of targets) {
      expect(document.components[group as "schemas"]).toHaveProperty(name);
    }
  });

  it("tells operations apart by a name of their own", () => {
    const names = Object.values(document.paths).flatMap((operations) =>
      Object.values(operations).map(({ operationId }) => operationId),
    );
    expect(new Set(names).size).toBe(documented.length);
  });

  /** Asks, checks status and body against the document, and resolves to a JSON body. */
  const answered = new Set<string>();
  const ask = async (
    method: string,
    path: string,
    template: string,
    body?: Uint8Array<ArrayBuffer> | object,
    token = coordinator.submitToken,
  ): Promise<Json> => {
    const response = await httpOf(coordinator, token)(method, path, body);
    const what = `${method} ${template} ${response.status}`;
    answered.add(what);
    const described = document.paths[template]?.[method.toLowerCase()]?.responses[response.status];
    if (described === undefined) throw new Error(`${what} is not documented.`);
    const content = ("$ref" in described ? document.components.responses["Problem"] : described)
      ?.content;
    const text = await response.text();
    if (content === undefined) {
      expect(text, what).toBe("");
      return {};
    }
    const type = response.headers.get("content-type")?.split(";", 1)[0] ?? "";
    expect(Object.keys(content), what).toContain(type);
    const schema = content[type]?.schema;
    if (schema === undefined) return {};
    const value = JSON.parse(text) as Json;
    expect(validatorOf(document, schema).safeParse(value).error, what).toBeUndefined();
    return value;
  };

  it("describes what a real coordinator answers", async () => {
    answered.clear();
    const { dataset } = await askForTables();
    await askForJobs();
    await ask("DELETE", `/api/datasets/${String(dataset)}`, "/api/datasets/{dataset}");
    await ask("GET", httpPaths.joinLinks, httpPaths.joinLinks);
    await ask("GET", "/api/connection", "/api/connection");
    await ask("GET", httpPaths.openApi, httpPaths.openApi);
    await askForTelemetry();
    const jsonAnswers = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, { responses }]) =>
        Object.entries(responses).flatMap(([status, { content = {} }]) =>
          content["application/json"]?.schema === undefined
            ? []
            : [`${method.toUpperCase()} ${path} ${status}`],
        ),
      ),
    );
    expect([...answered]).toEqual(expect.arrayContaining(jsonAnswers));
    expect([...answered].filter((what) => /[45]\d\d$/.test(what))).toHaveLength(6);
  });

  async function askForTables(): Promise<Json> {
    const { bytes, ref } = makeBlock([1, 2, 3, 4]);
    const path = httpPaths.block(ref.block);
    await ask("GET", path, "/api/blocks/{block}");
    await ask("PUT", path, "/api/blocks/{block}", bytes);
    await ask("PUT", path, "/api/blocks/{block}", bytes);
    await ask("GET", path, "/api/blocks/{block}");
    const dataset = {
      name: "prices.csv",
      series: ["A", "B"],
      dates: ["2020-01-01", "2020-01-02"],
      missingShare: 0,
      dropped: [],
      panelSeries: 2,
      panels: [ref],
    };
    await ask("POST", "/api/datasets", "/api/datasets", { ...dataset, panelSeries: 1 });
    const created = await ask("POST", "/api/datasets", "/api/datasets", dataset);
    await ask("GET", "/api/datasets", "/api/datasets");
    await ask("GET", `/api/datasets/${String(created["dataset"])}`, "/api/datasets/{dataset}");
    return created;
  }

  async function askForJobs(): Promise<void> {
    await ask("POST", "/api/jobs", "/api/jobs", { kind: "x" });
    await ask("POST", "/api/jobs", "/api/jobs", squaresJob(1), "wrong");
    const { job } = (await ask("POST", "/api/jobs", "/api/jobs", squaresJob(3))) as { job: JobId };
    await ask("POST", httpPaths.jobAction(job, "pause"), "/api/jobs/{job}/pause");
    await ask("POST", httpPaths.jobAction(job, "resume"), "/api/jobs/{job}/resume");
    await ask("GET", httpPaths.job(job), "/api/jobs/{job}");
    await ScriptedWorker.join(coordinator);
    await watchToEnd(await joinClient(coordinator), job);
    expect(await ask("GET", httpPaths.job(job), "/api/jobs/{job}")).toMatchObject({
      state: "done",
    });
    await ask("GET", "/api/jobs", "/api/jobs");
    await ask("GET", httpPaths.jobTargets(job), "/api/jobs/{job}/targets");
    await ask("GET", httpPaths.result(job, "json"), "/api/jobs/{job}/result");
    await ask("GET", httpPaths.result(job, "npy"), "/api/jobs/{job}/result");
    await ask("POST", "/api/tickets", "/api/tickets", { job, format: "events" });
    const nothing = { released: [], retried: [], tasks: [], targets: [] };
    await ask("POST", httpPaths.jobTasks(job), "/api/jobs/{job}/tasks", nothing);
    await ask("DELETE", httpPaths.job(job), "/api/jobs/{job}");
  }

  async function askForTelemetry(): Promise<void> {
    const { tasks } = squaresJob(2, 7);
    const submission = { ...squaresJob(2, 7), title: "Told of" };
    const { job } = (await ask("POST", "/api/jobs", "/api/jobs", submission)) as { job: JobId };
    await watchToEnd(await joinClient(coordinator), job);
    const asked = await ask("GET", httpPaths.activity(0, job), "/api/activity");
    const [attempt = 0] = (asked as { ended: { attempt: number[] } }).ended.attempt;
    await ask("GET", httpPaths.attempt(attempt), "/api/attempts/{attempt}");
    await ask("GET", httpPaths.system(0), "/api/system");
    await ask("GET", httpPaths.links, "/api/links");
    await ask("GET", httpPaths.jobGroups(job), "/api/jobs/{job}/groups");
    await ask("GET", httpPaths.jobGraph(job), "/api/jobs/{job}/graph");
    await ask("GET", httpPaths.jobStates(job), "/api/jobs/{job}/states");
    const task = tasks[0]?.key ?? "";
    await ask("GET", `/api/jobs/${job}/tasks/${task}`, "/api/jobs/{job}/tasks/{task}");
  }

  it("describes the events of a job", async () => {
    await ScriptedWorker.join(coordinator);
    const submit = httpOf(coordinator, coordinator.submitToken);
    const created = await submit("POST", httpPaths.jobs, squaresJob(2));
    const { job } = (await created.json()) as { job: JobId };
    const stream = await (await submit("GET", httpPaths.events(job))).text();
    const { content } = document.paths["/api/jobs/{job}/events"]?.["get"]?.responses["200"] ?? {};
    const described: object = content?.["text/event-stream"] ?? {};
    const schemas = (described as { readonly "x-events"?: Record<string, Json> })["x-events"] ?? {};
    const heard = new Set<string>();
    for (const [, name = "", data = ""] of stream.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)) {
      heard.add(name);
      const schema = schemas[name];
      if (schema === undefined) throw new Error(`The event ${name} is not documented.`);
      expect(validatorOf(document, schema).safeParse(JSON.parse(data)).error).toBeUndefined();
    }
    expect([...heard].toSorted()).toEqual(["end", "progress", "result"]);
  });
});
