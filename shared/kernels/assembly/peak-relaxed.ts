// Entry point of dist/kernels/peak-relaxed.wasm: as peak.ts, with fused multiply-adds.
export { operationsPerRound, peakF32, peakF64 } from "./peak";
