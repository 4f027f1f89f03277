// Every bench, in the order of the table.
import type { Bench } from "../bench.ts";
import { corrcoef } from "./corrcoef.ts";
import { dashboard } from "./dashboard.ts";
import { dask } from "./dask.ts";
import { futures } from "./futures.ts";
import { gaps } from "./gaps.ts";
import { matrixLibraries } from "./matrix-libraries.ts";
import { monteCarlo } from "./monte-carlo.ts";
import { tileKernel } from "./tile-kernel.ts";
import { twoThreads } from "./two-threads.ts";
import { twoWorkers } from "./two-workers.ts";
import { wholeJob } from "./whole-job.ts";
import { wholePath } from "./whole-path.ts";

export const BENCHES: readonly Bench[] = [
  tileKernel,
  gaps,
  corrcoef,
  matrixLibraries,
  twoThreads,
  monteCarlo,
  wholeJob,
  dask,
  twoWorkers,
  wholePath,
  futures,
  dashboard,
];
