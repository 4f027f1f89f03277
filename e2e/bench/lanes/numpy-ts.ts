// The matrix product of numpy-ts, which runs in Node and in browsers.
import { frombuffer, matmul } from "numpy-ts";
import type { Multiplier } from "./multiplying.ts";

export const numpyTs: Multiplier = {
  precisions: ["f64", "f32"],
  prepare: ({ left, right, rows, dates, cols }, precision) => {
    const dtype = precision === "f64" ? "float64" : "float32";
    const a = frombuffer(left, dtype).reshape(rows, dates);
    const b = frombuffer(right, dtype).reshape(dates, cols);
    let product: ReturnType<typeof matmul> | null = null;
    const drop = (): void => {
      product?.dispose();
      product = null;
    };
    return {
      multiply: () => {
        drop();
        product = matmul(a, b);
      },
      read: () => {
        const data = product?.data;
        if (data instanceof Float64Array || data instanceof Float32Array) return data;
        throw new Error("numpy-ts gave no product of floating-point numbers.");
      },
      release: () => {
        drop();
        a.dispose();
        b.dispose();
      },
    };
  },
};
