// Entry point of dist/kernels/asian-option.wasm: what shared/kernels/monte-carlo/wasm-engine.ts calls.
export { heapBase, workspaceBytes } from "./asian-option/layout";
export { simulate } from "./asian-option/simulate";
