// Keeps prepared panels by block, drops some when room runs out, and refuses what cannot fit.
import type { NdArray } from "../../codecs/npy.ts";
import type { BlockId } from "../../ids.ts";
import { createPrng, nextInteger } from "../../prng.ts";
import { type KernelInput, KernelInputError } from "../kernel.ts";
import { KernelMemoryError } from "../memory-arena.ts";
import type { PanelShape } from "./pearson-engine.ts";

/** A panel's values before preparation: series × dates, NaN (or ±inf) where missing. */
export interface PanelValues extends PanelShape {
  readonly values: Float64Array;
}

export interface PanelCache<Panel> {
  holds(block: BlockId): boolean;
  /** The panel, which a `load` has made resident and no later one has dropped. */
  get(block: BlockId): Panel | undefined;
  /** Makes all inputs resident together; reads `array` only of those that are not yet. */
  load(inputs: readonly KernelInput[]): readonly Panel[];
  /** Drops a panel that is not to be kept; false when there is none. */
  dropOne(kept: ReadonlySet<BlockId>): boolean;
}

/** `prepare` returns null when there is no room; the cache then makes some and asks again. */
export function createPanelCache<Panel>(store: {
  prepare(values: PanelValues): Panel | null;
  release(panel: Panel): void;
}): PanelCache<Panel> {
  const panels = new Map<BlockId, Panel>();
  const prng = createPrng(0);

  /**
   * Any of them: tiles come row by row, so that the panel unused longest is the one that is needed next.
   * Where nine of ten panels have room, choosing at random keeps most of what the next row reads.
   */
  const dropOne = (kept: ReadonlySet<BlockId>): boolean => {
    const free = [...panels].filter(([block]) => !kept.has(block));
    const chosen = free[nextInteger(prng, free.length)];
    if (chosen === undefined) return false;
    panels.delete(chosen[0]);
    store.release(chosen[1]);
    return true;
  };

  const prepare = (input: KernelInput, kept: ReadonlySet<BlockId>): Panel => {
    const values = checkPanel(input.array);
    for (;;) {
      const panel = store.prepare(values);
      if (panel !== null) return panel;
      if (!dropOne(kept)) {
        throw new KernelMemoryError(
          `The panels of one tile (${kept.size} of up to ${values.series} series × ${values.dates} dates) ` +
            "do not fit into this thread's memory. Choose smaller tiles, or a larger memory budget.",
        );
      }
    }
  };

  return {
    holds: (block) => panels.has(block),
    get: (block) => panels.get(block),
    dropOne,
    load(inputs) {
      const kept = new Set(inputs.map((input) => input.block));
      return inputs.map((input) => {
        const panel = panels.get(input.block) ?? prepare(input, kept);
        panels.set(input.block, panel);
        return panel;
      });
    },
  };
}

function checkPanel(array: NdArray): PanelValues {
  const [series, dates] = array.shape;
  if (!(array.data instanceof Float64Array) || array.shape.length !== 2) {
    throw new KernelInputError(
      `A panel must be a float64 array of series × dates, not ${array.data.constructor.name} of shape (${array.shape.join(", ")}).`,
    );
  }
  if (series === undefined || dates === undefined || series < 1 || dates < 1) {
    throw new KernelInputError(
      `A panel must have at least one series and one date, not shape (${array.shape.join(", ")}).`,
    );
  }
  return { series, dates, values: array.data };
}
