// A lane's share of a correlation job: the job's own plan, its panels, and runKernel as threads call it.
import { decodeNpy } from "../../../shared/codecs/npy.ts";
import { planCorrelation, type CorrelationPlan } from "../../../shared/correlation/plan.ts";
import type { Task, TaskInput } from "../../../shared/graph/task.ts";
import { asBlockId, asDatasetId } from "../../../shared/ids.ts";
import { describe, panelsOf } from "../../../shared/ingest/panels.ts";
import type { KernelRegistry } from "../../../shared/kernels/registry.ts";
import { runKernel, type TaskInputBytes } from "../../../shared/kernels/run-task.ts";
import { plannedTasks } from "../../../shared/testing/planned-tasks.ts";
import { makeTable, type TableShape } from "../made-table.ts";
import { createTileCheck } from "../tile-check.ts";
import { laneTools } from "./lane-tools.ts";
import type { CheckedWork, CorrelateRequest } from "./lane-work.ts";

interface Panels {
  readonly name: string;
  readonly bytes: readonly Uint8Array[];
}

/** One table at a time: the largest takes 300 MB. */
let last: Panels | null = null;

export function correlateAlone(registry: KernelRegistry, request: CorrelateRequest): CheckedWork {
  const panels = makePanels(request.table);
  const plan = makePlan(panels, request);
  const check = createTileCheck(request.table);
  let seconds = 0;
  let operations = 0;
  let worst = 0;
  for (const task of shareOf(plan, request)) {
    const inputs = task.inputs.map((input) => inputBytes(panels, input));
    const startMs = performance.now();
    const outcome = runKernel(registry, task.kernel, task.params, inputs);
    seconds += (performance.now() - startMs) / 1_000;
    if (!outcome.ok) throw new Error(`${task.kernel}: ${outcome.reason}`);
    operations += task.cost.operations;
    const [r, n] = outcome.outputs;
    const [tile] = tilesOf(plan, task);
    if (r === undefined || n === undefined || tile === undefined) throw new Error("No tile came.");
    const output = { r: decodeNpy(r).data, n: decodeNpy(n).data };
    worst = Math.max(worst, check(tile, output, request.checksPerTile));
  }
  return { seconds, operations, worst };
}

function makePanels(shape: TableShape): Panels {
  const name = JSON.stringify(shape);
  if (last?.name === name) return last;
  last = null;
  const table = makeTable(shape);
  const { panelSeries } = describe(table, name, "f64");
  last = { name, bytes: [...panelsOf(table, panelSeries, "f64")] };
  return last;
}

/** The plan of a job over the table, whose blocks are named by their number and the generation. */
function makePlan(panels: Panels, request: CorrelateRequest): CorrelationPlan {
  const { generation, precision, build, tile, lanes } = request;
  const record = {
    ...describe(makeTable(request.table), panels.name, "f64"),
    dataset: asDatasetId("bench"),
    createdAtMs: 0,
    panels: panels.bytes.map((bytes, index) => ({
      block: asBlockId(`${index}@${generation}`),
      sizeBytes: bytes.length,
    })),
  };
  return planCorrelation(
    record,
    {
      method: "pearson",
      minPeriods: 1,
      precision,
      isFast: build === "fast",
      shrinkage: "none",
      tile,
    },
    { threads: lanes, ...laneTools },
  );
}

/** Every so manieth task, as evenly as a cluster would share them. */
function shareOf(plan: CorrelationPlan, request: CorrelateRequest): readonly Task[] {
  const { isSquareOnly, lanes, lane } = request;
  return plannedTasks(plan.calls, laneTools)
    .filter((task) => !isSquareOnly || tilesOf(plan, task).every((t) => t.rowStart < t.colStart))
    .filter((_, index) => index % lanes === lane);
}

function tilesOf(plan: CorrelationPlan, task: Task) {
  const place = plan.targets.get(task.key);
  return place?.kind === "tiles" ? place.tiles : [];
}

function inputBytes(panels: Panels, input: TaskInput): TaskInputBytes {
  if (!("block" in input)) throw new Error("A tile is made from panels only.");
  return { block: input.block, bytes: panels.bytes[Number.parseInt(input.block, 10)] ?? null };
}
