// Entry point of dist/kernels/spearman.wasm: the functions that shared/kernels/spearman calls.
export { heapBase, recordBytes, seriesBytes, blockSeries } from "./spearman/layout";
export { scratchBytes } from "./spearman/block-state";
export { prepareSeries } from "./spearman/prepare";
export { correlateBlock } from "./spearman/block";
