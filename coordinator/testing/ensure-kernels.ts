// Vitest's global setup: the kernels that the unit tests run are up to date.
import { buildKernels } from "../build-kernels.ts";

export async function setup(): Promise<void> {
  await buildKernels();
}
