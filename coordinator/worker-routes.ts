// Workers over HTTP: their settings, a gentle end, and a quick one.
import type { FastifyInstance } from "fastify";
import type { WorkerId } from "../shared/ids.ts";
import type { WorkerSettings } from "../shared/protocol/telemetry.ts";
import { addEndpoint } from "./endpoint.ts";
import { endpoints } from "./endpoints.ts";
import type { WorkerPort } from "./ports.ts";
import { HttpProblem } from "./problem.ts";
import type { RequestGuard } from "./request-guard.ts";
import type { SchedulerHost } from "./scheduler-host.ts";

export interface WorkerRoutesParts {
  readonly guard: RequestGuard;
  readonly host: SchedulerHost;
  readonly log: (line: string) => void;
}

/** Adds the routes of workers. */
export function addWorkerRoutes(server: FastifyInstance, parts: WorkerRoutesParts): void {
  const { guard, host, log } = parts;
  addEndpoint(server, guard, endpoints.changeWorker, ({ params, body }, reply) => {
    const port = requireWorker(host, params.worker);
    checkSettings(port, body);
    port.send({ type: "settings", ...body });
    return reply.code(204).send();
  });
  addEndpoint(server, guard, endpoints.retireWorker, ({ params }, reply) => {
    const port = requireWorker(host, params.worker);
    if (!port.record.isRetiring) {
      log(`${port.record.name} is asked to finish and leave.`);
      host.retireWorker(port);
    }
    return reply.code(204).send();
  });
  addEndpoint(server, guard, endpoints.removeWorker, ({ params }, reply) => {
    const port = requireWorker(host, params.worker);
    log(`${port.record.name} is removed.`);
    port.end("removed", "The dashboard removed this machine from the cluster.");
    return reply.code(204).send();
  });
}

function requireWorker(host: SchedulerHost, worker: WorkerId): WorkerPort {
  const port = host.workers.find((one) => one.worker === worker);
  if (port !== undefined) return port;
  throw new HttpProblem(404, "There is no such machine in the cluster; it may have left.");
}

/** What a machine cannot do is said here, rather than done in part there. */
function checkSettings({ record }: WorkerPort, { name, threads, paused }: WorkerSettings): void {
  if (name === undefined && threads === undefined && paused === undefined) {
    throw new HttpProblem(422, "Nothing is to be changed: say a name, threads, or paused.");
  }
  if (record.isRetiring) {
    throw new HttpProblem(409, `${record.name} is finishing its tasks and will leave.`);
  }
  const { threadsMax } = record;
  if (threads !== undefined && threads > threadsMax) {
    const most = threadsMax === 1 ? "one thread" : `${threadsMax} threads`;
    throw new HttpProblem(422, `${record.name} has ${most} at most, not ${threads}.`);
  }
}
