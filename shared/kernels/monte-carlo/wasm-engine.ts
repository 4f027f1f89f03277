// The engine on the WebAssembly kernel: fills the kernel's workspace with numbers and runs it.
import { BATCH_PATHS, type Control } from "../../monte-carlo/asian-option.ts";
import { type GrowableMemory, KernelMemoryError, createMemoryArena } from "../memory-arena.ts";
import {
  COSINE_POWERS,
  EXPONENT_BIAS,
  ONE_BITS,
  ROOT_HALF_BITS,
  SINE_POWERS,
  createTurns,
  scaleLogarithm,
} from "./normals-core.ts";
import { expandSeed } from "./threefry-core.ts";
import { type WalkEngine, type WalkRequest, stepOf } from "./walk-engine.ts";

/** The exports of dist/kernels/asian-option.wasm, which has no imports. Addresses are byte offsets. */
export interface AsianOptionExports {
  readonly memory: GrowableMemory;
  heapBase(): number;
  workspaceBytes(): number;
  simulate(
    workspace: number,
    control: number,
    firstPathLow: number,
    firstPathHigh: number,
    paths: number,
    steps: number,
  ): void;
}

/** As in assembly/asian-option/simulate.ts. */
const CONTROL_CODES: Record<Control, number> = { none: 0, antithetic: 1, geometric: 2 };
const VECTOR_BYTES = 16;
const KEY_VECTORS = 24;
const NUMBER_VECTORS = 24;
const TURNS_AT = (KEY_VECTORS + NUMBER_VECTORS) * VECTOR_BYTES;
/** Both results lie at the end of the workspace. */
const RESULT_BYTES = BATCH_PATHS * 8;

export function createWasmWalkEngine(kernel: AsianOptionExports): WalkEngine {
  let workspace: number | null = null;

  const openWorkspace = (): number => {
    const sizeBytes = kernel.workspaceBytes();
    const arena = createMemoryArena(kernel.memory, kernel.heapBase(), sizeBytes);
    const address = arena.allocate(sizeBytes);
    if (address === null) {
      throw new KernelMemoryError("This thread has no memory for the Monte Carlo kernel.");
    }
    const turns = createTurns();
    new Float64Array(kernel.memory.buffer, address + TURNS_AT, turns.length).set(turns);
    return address;
  };

  return {
    simulate(request) {
      workspace ??= openWorkspace();
      writeNumbers(kernel.memory.buffer, workspace, request);
      kernel.simulate(
        workspace,
        CONTROL_CODES[request.control],
        request.firstPath | 0,
        Math.floor(request.firstPath / 2 ** 32),
        request.paths,
        request.option.points - 1,
      );
      const results = workspace + kernel.workspaceBytes() - 2 * RESULT_BYTES;
      return {
        prices: new Float64Array(kernel.memory.buffer, results, BATCH_PATHS),
        others: new Float64Array(kernel.memory.buffer, results + RESULT_BYTES, BATCH_PATHS),
      };
    },
  };
}

/** Writes keys and numbers, each in all lanes of a vector, in the order of assembly/asian-option/layout.ts. */
function writeNumbers(buffer: ArrayBuffer, workspace: number, request: WalkRequest): void {
  const { growth, variance } = stepOf(request.option);
  const keys = new Int32Array(buffer, workspace, KEY_VECTORS * 4);
  expandSeed(request.seed).forEach((word, i) => keys.fill(word, 4 * i, 4 * i + 4));
  const numbers: readonly (number | bigint)[] = [
    2n ** 40n - 1n,
    2 ** 52,
    2 ** 52 - 0.5,
    BigInt(ONE_BITS - ROOT_HALF_BITS) << 32n,
    2 ** 52 + EXPONENT_BIAS,
    2n ** 52n - 1n,
    BigInt(ROOT_HALF_BITS) << 32n,
    1,
    ...scaleLogarithm(variance),
    0xfffn << 40n,
    1.5 - 2 ** -13,
    ...SINE_POWERS,
    ...COSINE_POWERS,
    growth,
    request.option.s0,
  ];
  const numbersAt = workspace + KEY_VECTORS * VECTOR_BYTES;
  const doubles = new Float64Array(buffer, numbersAt, NUMBER_VECTORS * 2);
  const integers = new BigUint64Array(buffer, numbersAt, NUMBER_VECTORS * 2);
  numbers.forEach((number, i) => {
    if (typeof number === "bigint") integers.fill(number, 2 * i, 2 * i + 2);
    else doubles.fill(number, 2 * i, 2 * i + 2);
  });
}
