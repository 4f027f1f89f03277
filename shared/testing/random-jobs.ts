// Random graphs for the simulator: tiles of a triangle, trees, layered graphs, chains, shared parts.
import { asBlockId, asJobId, asTaskKey, type JobId, type TaskKey } from "../ids.ts";
import type { BlockRef, Task, TaskInput } from "../graph/task.ts";
import { nextFloat, nextInteger, type Prng } from "../prng.ts";

export interface SimulatedJob {
  readonly job: JobId;
  readonly priority: number;
  readonly tasks: readonly Task[];
  readonly targets: readonly TaskKey[];
}

/** What jobs are made of: dataset blocks, and the tasks of earlier jobs. */
export interface JobMaterial {
  readonly panels: readonly BlockRef[];
  readonly earlier: SimulatedJob[];
  nextTask: number;
}

export function createMaterial(prng: Prng): JobMaterial {
  const panels = Array.from({ length: 2 + nextInteger(prng, 4) }, (_, i) => ({
    block: asBlockId(`panel-${i}`),
    sizeBytes: 1_000 + nextInteger(prng, 1_000_000),
  }));
  return { panels, earlier: [], nextTask: 0 };
}

const KERNELS = ["tile@1", "sum@1", "map@2"];

const pick = <T>(prng: Prng, items: readonly T[]): T => items[nextInteger(prng, items.length)] as T;

function makeTask(prng: Prng, material: JobMaterial, inputs: readonly TaskInput[]): Task {
  material.nextTask += 1;
  return {
    key: asTaskKey(`task-${material.nextTask}`),
    kernel: pick(prng, KERNELS),
    params: { n: material.nextTask },
    inputs,
    cost: { operations: nextInteger(prng, 400) * 1e5, outputBytes: nextInteger(prng, 1e6) },
    retries: nextInteger(prng, 4),
  };
}

const outputOf = (task: Task): TaskInput => ({ task: task.key, output: 0 });

function tiles(prng: Prng, material: JobMaterial): Task[] {
  return material.panels.flatMap((row, i) =>
    material.panels
      .slice(i)
      .map((column) => makeTask(prng, material, row === column ? [row] : [row, column])),
  );
}

function tree(prng: Prng, material: JobMaterial): Task[] {
  const all: Task[] = [];
  let level = Array.from({ length: 3 + nextInteger(prng, 6) }, () =>
    makeTask(prng, material, [pick(prng, material.panels)]),
  );
  const fanIn = 2 + nextInteger(prng, 2);
  all.push(...level);
  while (level.length > 1) {
    const next: Task[] = [];
    for (let i = 0; i < level.length; i += fanIn) {
      next.push(makeTask(prng, material, level.slice(i, i + fanIn).map(outputOf)));
    }
    all.push(...next);
    level = next;
  }
  return all;
}

function layers(prng: Prng, material: JobMaterial): Task[] {
  const all: Task[] = [];
  const count = 4 + nextInteger(prng, 10);
  for (let i = 0; i < count; i += 1) {
    const inputs: TaskInput[] = [];
    for (let n = nextInteger(prng, 3); n > 0 && all.length > 0; n -= 1) {
      const task = pick(prng, all);
      // Every third task has two outputs.
      const output = Number(task.key.slice(5)) % 3 === 0 ? nextInteger(prng, 2) : 0;
      inputs.push({ task: task.key, output });
    }
    if (nextFloat(prng) < 0.4) inputs.push(pick(prng, material.panels));
    all.push(makeTask(prng, material, inputs));
  }
  return all;
}

/** How many outputs the simulated kernels return for a task. */
export const outputCount = (key: TaskKey): number => (Number(key.slice(5)) % 3 === 0 ? 2 : 1);

/** A job of a random kind; sometimes it repeats parts of an earlier one, under the same keys. */
export function makeJob(prng: Prng, material: JobMaterial): SimulatedJob {
  const kind = nextInteger(prng, 4);
  let tasks: Task[];
  const basis = material.earlier.length > 0 ? pick(prng, material.earlier) : undefined;
  if (kind === 3 && basis !== undefined) {
    tasks = [...basis.tasks];
    tasks.push(
      makeTask(prng, material, [outputOf(pick(prng, tasks)), outputOf(pick(prng, tasks))]),
    );
  } else if (kind === 0) tasks = tiles(prng, material);
  else if (kind === 1) tasks = tree(prng, material);
  else tasks = layers(prng, material);
  const targets = new Set(tasks.slice(-1).map((task) => task.key));
  const share = nextFloat(prng);
  for (const task of tasks) if (nextFloat(prng) < share) targets.add(task.key);
  const job: SimulatedJob = {
    job: asJobId(`job-${material.earlier.length + 1}`),
    priority: nextInteger(prng, 3) - 1,
    tasks,
    targets: [...targets],
  };
  material.earlier.push(job);
  return job;
}
