// Entry point of dist/kernels/pearson.wasm: the functions that shared/kernels/correlation calls.
export {
  blockSeries,
  heapBase,
  panelBytes,
  recordBytes,
  recordsOffset,
  strideOf,
} from "./pearson/layout";
export { preparePanel } from "./pearson/prepare";
export { correlateBlockF64, correlateBlockF32, scratchBytes } from "./pearson/block";
