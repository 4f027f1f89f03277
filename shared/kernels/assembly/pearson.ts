// Entry point of dist/kernels/pearson.wasm: the functions that shared/kernels/correlation calls.
export { heapBase, scratchBytes, recordBytes } from "./pearson/layout";
export { preparePanel } from "./pearson/prepare";
export { correlateBlockF64, correlateBlockF32 } from "./pearson/block";
