// What dashboards ask of the cluster's doings: attempts, figures over time, graphs, stories, links.
import type { FastifyInstance } from "fastify";
import type { Links } from "../shared/protocol/telemetry.ts";
import type { ActivityLog } from "./activity-log.ts";
import type { BlockSources } from "./block-sources.ts";
import { addEndpoint } from "./endpoint.ts";
import { endpoints } from "./endpoints.ts";
import type { JobBook } from "./job-book.ts";
import { JobGraphs } from "./job-graphs.ts";
import { noSuchJob } from "./job-routes.ts";
import type { Journal } from "./journal.ts";
import type { RequestGuard } from "./request-guard.ts";
import type { SchedulerHost } from "./scheduler-host.ts";
import type { SystemSampler } from "./system-history.ts";
import { TaskStories } from "./task-stories.ts";

export interface TelemetryRoutesParts {
  readonly guard: RequestGuard;
  readonly journal: Journal;
  readonly book: JobBook;
  readonly sources: BlockSources;
  readonly host: SchedulerHost;
  readonly activity: ActivityLog;
  readonly system: Pick<SystemSampler, "history">;
  /** Monotonic time. */
  readonly nowMs: () => number;
}

/** Adds the routes of telemetry; all are for clients only. */
export function addTelemetryRoutes(server: FastifyInstance, parts: TelemetryRoutesParts): void {
  const { guard, activity, book, system } = parts;
  addEndpoint(server, guard, endpoints.activity, ({ query }, reply) => {
    const { since, limit, job } = query;
    if (job !== undefined && book.view(job) === undefined) throw noSuchJob();
    return reply.send(activity.read(since, limit, job));
  });
  addEndpoint(server, guard, endpoints.system, ({ query }, reply) =>
    reply.send(system.history(query.since)),
  );
  addEndpoint(server, guard, endpoints.links, (_asked, reply) => reply.send(linksOf(parts)));

  const graphs = new JobGraphs(parts);
  addEndpoint(server, guard, endpoints.jobGroups, ({ params }, reply) =>
    reply.send(graphs.groups(params.job)),
  );
  addEndpoint(server, guard, endpoints.jobGraph, ({ params }, reply) =>
    reply.send(graphs.graph(params.job)),
  );
  addEndpoint(server, guard, endpoints.jobStates, ({ params }, reply) =>
    reply.send(graphs.states(params.job)),
  );

  const stories = new TaskStories(parts);
  addEndpoint(server, guard, endpoints.task, ({ params }, reply) =>
    reply.send(stories.of(params.job, params.task)),
  );
  addEndpoint(server, guard, endpoints.attempt, ({ params }, reply) =>
    reply.send(stories.ofAttempt(params.attempt)),
  );
}

/** The ways between machines, and from the coordinator; those from dashboards are no machine's. */
function linksOf({ host, sources }: TelemetryRoutesParts): Links {
  const workers = new Set(host.workers.map(({ worker }) => worker));
  const links = host.workers.flatMap(({ worker, record }) =>
    record.links.flatMap(({ peer, state, bytesReceived, bytesPerMs, why }) => {
      const holder = peer === null ? null : sources.holderOf(peer);
      const from = holder === null ? null : [...workers].find((one) => one === holder);
      if (from === undefined) return [];
      return [{ to: worker, from, state, bytes: bytesReceived, bytesPerMs, why }];
    }),
  );
  return { links };
}
