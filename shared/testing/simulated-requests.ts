// What people ask for at the dashboard: machines that finish and leave, and failed work tried again.
import { createPrng, nextFloat, nextInteger, type Prng } from "../prng.ts";
import type { Avoidance } from "../scheduler/events.ts";
import { submit } from "./simulated-host.ts";
import { changeSettings, inPage } from "./simulated-worker.ts";
import type { World } from "./simulated-world.ts";

/** Chosen so that the pinned seeds, which are older than these requests, have none. */
const STREAM = 22;
/** Share of the seeds in which people ask for something. */
const SHARE = 0.5;

/** Plans what people ask for between now and `untilMs`. */
export function scheduleRequests(world: World, seed: number, untilMs: number): void {
  const prng = createPrng(seed, STREAM);
  if (nextFloat(prng) >= SHARE) return;
  const later = (action: () => void): void =>
    world.timeline.after(nextFloat(prng) * untilMs, action);
  for (let i = nextInteger(prng, 4); i > 0; i -= 1) later(() => retire(world, prng));
  for (let i = nextInteger(prng, 2); i > 0; i -= 1) later(() => changeMinds(world));
  for (let i = 2 + nextInteger(prng, 8); i > 0; i -= 1) {
    later(() => (nextFloat(prng) < 0.5 ? runOn(world, prng) : retryTargets(world, prng)));
  }
}

function retire(world: World, prng: Prng): void {
  const workers = [...world.workers.values()];
  const worker = workers[nextInteger(prng, Math.max(1, workers.length))];
  if (worker === undefined) return;
  inPage(worker, () => {
    worker.isRetiring = true;
    changeSettings(world, worker);
  });
}

/** Whoever was to leave and is still there stays after all. */
export function changeMinds(world: World): void {
  for (const worker of world.workers.values()) {
    if (!worker.isRetiring) continue;
    inPage(worker, () => {
      worker.isRetiring = false;
      changeSettings(world, worker);
    });
  }
}

/** Jobs that failed run on, with what is recorded of them, elsewhere or not. */
function runOn(world: World, prng: Prng): void {
  for (const job of world.material.earlier) {
    if (world.finished.get(job.job) !== "failed" || nextFloat(prng) < 0.3) continue;
    world.finished.delete(job.job);
    world.failures.delete(job.job);
    world.retried += 1;
    const { targets } = job;
    const known = [...world.recorded].map(([task, outputs]) => ({ task, outputs }));
    submit(world, {
      type: "job-submitted",
      ...job,
      targets: world.narrowed.get(job.job) ?? targets,
      known,
      avoid: nextFloat(prng) < 0.5 ? (world.failedOn.get(job.job) ?? []) : someWorkers(world, prng),
    });
  }
}

/** The first tasks of all jobs, each kept away from some workers or from all. */
function someWorkers(world: World, prng: Prng): Avoidance[] {
  const share = nextFloat(prng);
  const workers = [...world.workers.keys()].filter(() => nextFloat(prng) < 2 * share);
  return [...world.tasks.keys()].slice(0, 10).map((task) => ({ task, workers }));
}

/** Failed targets of a job that goes on are tried again; what made them fail may be mended. */
function retryTargets(world: World, prng: Prng): void {
  for (const book of world.books.values()) {
    if (book.end !== null || book.failures.size === 0 || nextFloat(prng) < 0.3) continue;
    for (const task of world.doomed) if (nextFloat(prng) < 0.3) world.doomed.delete(task);
    const some = [...book.failures].filter(() => nextFloat(prng) < 0.5);
    const isElsewhere = nextFloat(prng) < 0.5;
    world.retried += 1;
    world.atHost({
      type: "job-retried",
      job: book.job,
      isElsewhere,
      ...(nextFloat(prng) < 0.5 ? { tasks: some } : {}),
    });
  }
}
