// The matrix product of TensorFlow.js on its WebAssembly backend, in a Web Worker.
import { env, matMul, ready, setBackend, tensor2d, type Tensor } from "@tensorflow/tfjs-core";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import type { Multiplier } from "./multiplying.ts";

/** `wasmPath` is where the library's own modules are served, with a slash at its end. */
export async function loadTfjsWasm(wasmPath: string): Promise<Multiplier> {
  setWasmPaths(wasmPath);
  // One thread against one thread; its build for threads was never ready within a Web Worker.
  env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  if (!(await setBackend("wasm"))) throw new Error("TensorFlow.js did not start its wasm backend.");
  await ready();
  return {
    precisions: ["f32"],
    prepare: ({ left, right, rows, dates, cols }) => {
      const a = tensor2d(new Float32Array(left), [rows, dates], "float32");
      const b = tensor2d(new Float32Array(right), [dates, cols], "float32");
      let product: Tensor | null = null;
      return {
        multiply: () => {
          product?.dispose();
          product = matMul(a, b);
        },
        read: () => {
          const data = product?.dataSync();
          if (data instanceof Float32Array) return data;
          throw new Error("TensorFlow.js gave no product of floating-point numbers.");
        },
        release: () => {
          for (const tensor of [a, b, product]) tensor?.dispose();
        },
      };
    },
  };
}
