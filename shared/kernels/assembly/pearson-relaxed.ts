// Entry point of dist/kernels/pearson-relaxed.wasm: blocks with fused multiply-adds, faster by about a
// fifth, whose last bits depend on the processor. It works on the memory of pearson.wasm.
export { correlateBlockF64, correlateBlockF32 } from "./pearson/block";
