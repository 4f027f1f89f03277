// Reads a correlation job: tiles become the matrix, the strongest pairs are kept beside it.
import type { NdArray } from "../../../shared/codecs/npy.ts";
import { Extremes, type Pair } from "../../../shared/correlation/extremes.ts";
import { ledoitWolf, type Shrinkage } from "../../../shared/correlation/ledoit-wolf.ts";
import { CorrelationMatrix } from "../../../shared/correlation/matrix.ts";
import {
  parseCorrelationMeta,
  replanCorrelation,
  type CorrelationMeta,
  type CorrelationTargets,
} from "../../../shared/correlation/plan.ts";
import { tileGrid } from "../../../shared/correlation/tile-grid.ts";
import type { TaskKey } from "../../../shared/ids.ts";
import type { DatasetRecord } from "../../../shared/protocol/http.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import type { JobReader, ReaderPlace } from "./job-reader.ts";

/** Pairs kept at each end of the scale. */
export const EXTREME_PAIRS = 500;
/** Tiles summed or shrunk before the page gets a turn: a few milliseconds together. */
const TILES_A_TURN = 4;

/** The matrix and what it is about; the same objects for the life of the page. */
export interface LiveResult {
  readonly record: DatasetRecord;
  readonly meta: CorrelationMeta;
  readonly matrix: CorrelationMatrix;
}

/** Where a job with shrinkage is: its matrix holds the sample's correlations until "done". */
export type ShrinkageShown =
  | { readonly state: "waiting" }
  | { readonly state: "done"; readonly shrinkage: Shrinkage }
  | { readonly state: "failed"; readonly reason: string };

export interface CorrelationShown {
  readonly kind: "correlation";
  readonly result: LiveResult;
  readonly pairsKnown: number;
  readonly positive: readonly Pair[];
  readonly negative: readonly Pair[];
  /** Null for a job without shrinkage. */
  readonly shrinkage: ShrinkageShown | null;
}

export async function openCorrelationReader(
  job: JobView,
  place: Pick<ReaderPlace, "client" | "hashTools" | "after" | "onChange">,
): Promise<JobReader<CorrelationShown>> {
  const meta = parseCorrelationMeta(job.meta);
  const [record, tools] = await Promise.all([
    place.client.dataset(meta.dataset),
    place.hashTools(),
  ]);
  return new CorrelationReader(record, meta, replanCorrelation(record, meta, tools), place);
}

class CorrelationReader implements JobReader<CorrelationShown> {
  readonly #targets: CorrelationTargets;
  readonly #place: Pick<ReaderPlace, "after" | "onChange">;
  readonly #result: LiveResult;
  /** By panel, those of "series-moments@1"; only a job with shrinkage has them. */
  readonly #moments = new Map<number, readonly NdArray[]>();
  #extremes: Extremes;
  #hasBegunToShrink = false;
  #isClosed = false;
  #shown: CorrelationShown;

  constructor(
    record: DatasetRecord,
    meta: CorrelationMeta,
    targets: CorrelationTargets,
    place: Pick<ReaderPlace, "after" | "onChange">,
  ) {
    this.#targets = targets;
    this.#place = place;
    const matrix = new CorrelationMatrix(meta.seriesCount, meta.tile);
    this.#result = { record, meta, matrix };
    this.#extremes = new Extremes(matrix, EXTREME_PAIRS);
    this.#shown = {
      kind: "correlation",
      result: this.#result,
      pairsKnown: 0,
      positive: [],
      negative: [],
      shrinkage: meta.shrinkage === "none" ? null : { state: "waiting" },
    };
  }

  take(task: TaskKey, arrays: readonly NdArray[]): void {
    const target = this.#targets.get(task);
    if (target === undefined) {
      throw new Error("A result came for a part that this job does not have.");
    }
    const [values, observations] = arrays;
    if (values === undefined || observations === undefined) {
      throw new Error("A result came without its second half.");
    }
    if (target.kind === "moments") {
      for (const panel of target.panels) this.#moments.set(panel, arrays);
    } else {
      for (const tile of target.tiles) {
        if (this.#result.matrix.add(tile, values, observations)) this.#extremes.add(tile, values);
      }
    }
    this.#shrinkWhenComplete();
  }

  show(): CorrelationShown {
    const { pairsKnown } = this.#result.matrix;
    if (pairsKnown !== this.#shown.pairsKnown) this.#showPairs();
    return this.#shown;
  }

  close(): void {
    this.#isClosed = true;
  }

  #showPairs(): void {
    const [positive, negative] = [this.#extremes.positive(), this.#extremes.negative()];
    const { pairsKnown } = this.#result.matrix;
    this.#shown = { ...this.#shown, pairsKnown, positive, negative };
  }

  #shrinkWhenComplete(): void {
    const { matrix, record } = this.#result;
    const hasAll = matrix.isComplete && this.#moments.size === record.panels.length;
    if (this.#shown.shrinkage === null || !hasAll || this.#hasBegunToShrink) return;
    this.#hasBegunToShrink = true;
    this.#shrink().then(
      (shrinkage) => this.#end({ state: "done", shrinkage }),
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#end({ state: "failed", reason });
      },
    );
  }

  async #shrink(): Promise<Shrinkage> {
    const { matrix, meta, record } = this.#result;
    const panels = record.panels.map((_, panel) => this.#moments.get(panel) ?? []);
    let tiles = 0;
    const takeTurns = async (): Promise<void> => {
      tiles += 1;
      if (tiles % TILES_A_TURN === 0) await this.#nextTurn();
    };
    const shrinkage = await ledoitWolf(meta, panels, async (tile) => {
      await takeTurns();
      return matrix.valuesOf(tile);
    });
    for (const _ of matrix.shrink(shrinkage)) {
      await takeTurns();
      if (this.#isClosed) break;
    }
    // Shrinkage keeps signs and not ranks: a pair's correlation falls with the variance of its series.
    this.#extremes = new Extremes(matrix, EXTREME_PAIRS);
    for (const tile of tileGrid(meta.seriesCount, meta.tile)) {
      const { rowCount, colCount } = tile;
      this.#extremes.add(tile, { shape: [rowCount, colCount], data: matrix.valuesOf(tile) });
    }
    return shrinkage;
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => void this.#place.after(0, resolve));
  }

  #end(shrinkage: ShrinkageShown): void {
    if (this.#isClosed) return;
    this.#shown = { ...this.#shown, shrinkage };
    this.#showPairs();
    this.#place.onChange();
  }
}
