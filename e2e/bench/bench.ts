// What a bench is, and the rows that it makes for the table.
import type { Stage } from "./stage.ts";

/**
 * "full" is what the README quotes; "quick" shows the same kinds of work within two minutes; "toy"
 * proves within seconds that every bench runs, and its figures mean nothing.
 */
export type Scale = "full" | "quick" | "toy";

/** What a row comes down to: a share of a limit, a ratio of two times or rates, or an amount. */
export interface Figure {
  readonly value: number;
  readonly unit: "share" | "times" | "times faster" | "GB" | "ms" | "s" | "a second";
  /** The true figure is larger: the other side was ended before it was done. */
  readonly isLeast?: boolean;
}

/** What the figure should be at full scale; at other scales it is shown without a verdict. */
export interface Goal {
  readonly bound: "at least" | "at most";
  readonly value: number;
}

export interface Row {
  readonly work: string;
  /** Ours, with its unit. */
  readonly measured: string;
  /** What it is compared with, with its value. */
  readonly against: string;
  readonly figure: Figure;
  readonly goal: Goal | null;
}

interface BenchOf<Size> {
  /** As in `--only`. */
  readonly name: string;
  readonly sizes: Readonly<Record<Scale, Size>>;
  run(stage: Stage, size: Size): Promise<void>;
}

export interface Bench {
  readonly name: string;
  /** After this time the bench is ended. */
  limitSeconds(scale: Scale): number;
  /** Gives its rows to the stage one by one; none where what it needs is not there. */
  run(stage: Stage): Promise<void>;
}

/** A bench whose sizes are known only to itself. */
export function defineBench<Size extends { readonly limitSeconds: number }>(
  bench: BenchOf<Size>,
): Bench {
  return {
    name: bench.name,
    limitSeconds: (scale) => bench.sizes[scale].limitSeconds,
    run: (stage) => bench.run(stage, bench.sizes[stage.scale]),
  };
}
