// The result of a Monte Carlo job while it comes in: estimates, errors, histogram and convergence,
// always of the paths before the first one that is still missing, whatever else is there already.
import { present } from "../assert.ts";
import type { NdArray } from "../codecs/npy.ts";
import { type AsianOption, BATCH_PATHS, type Control } from "./asian-option.ts";
import { averageMoments, discountOf, geometricPayoffMean, type Moments } from "./closed-form.ts";
import { averageOf, type Estimate, estimateOf } from "./estimator.ts";
import {
  batchCount,
  type Chunk,
  HISTOGRAM_BINS,
  histogramHigh,
  MonteCarloError,
  type MonteCarloMeta,
  rangeCount,
} from "./plan.ts";
import { PATHS, ReductionTree, SAMPLES, STRIDE } from "./reduction-core.ts";

export interface ConvergencePoint {
  readonly paths: number;
  readonly estimate: number;
  readonly standardError: number;
}

/** Of the payoffs of single paths, discounted if the option is. */
export interface PayoffHistogram {
  /** Where each bin begins; the last one ends at `high`. */
  readonly lowEdges: readonly number[];
  readonly high: number;
  readonly counts: readonly number[];
  /** Paths that pay exactly nothing; in no bin. */
  readonly zero: number;
  /** Paths that pay `high` or more. */
  readonly above: number;
}

/** All amounts are discounted if the option is, but for those of the average price. */
export interface ScenarioResult {
  readonly option: AsianOption;
  readonly estimate: number;
  readonly standardError: number;
  /** 95 %, from the normal distribution. */
  readonly confidence: readonly [low: number, high: number];
  readonly paths: number;
  /** Independent values that the error is estimated from: half the paths where control is antithetic. */
  readonly samples: number;
  readonly averagePrice: number;
  readonly averagePriceSd: number;
  /** Closed forms: what the two above come near to. */
  readonly expectedAveragePrice: number;
  readonly expectedAveragePriceSd: number;
  /** Correlation of the payoff with its control; null without one or where nothing varies. */
  readonly controlCorrelation: number | null;
  readonly histogram: PayoffHistogram;
  /** Growing numbers of paths, the last one `paths`. */
  readonly convergence: readonly ConvergencePoint[];
}

/** Quantile of the normal distribution at 97.5 %. */
const CONFIDENCE_95 = 1.959_963_984_540_054;
/** Points of a convergence plot, before the last one. */
const CONVERGENCE_POINTS_MAX = 199;
/** A target is not believed on fewer batches, unless the job has fewer. */
const TARGET_BATCHES_MIN = 2;

/** The two outputs of a task, checked. */
interface Part {
  readonly rows: Float64Array;
  readonly counts: Uint32Array;
}

/**
 * Takes the outputs of a job's tasks, in any order and any of them twice. The bits of everything that
 * it tells depend on `meta` and the number of paths done, and on nothing else.
 */
export class MonteCarloResult {
  readonly #meta: MonteCarloMeta;
  readonly #scenarios: readonly ScenarioState[];
  /** Parts of ranges that are not complete, or that come after one that is not. */
  readonly #waiting = new Map<number, Map<number, Part>>();
  #rangesDone = 0;
  #pathsDone = 0;
  #isTargetReached = false;

  constructor(meta: MonteCarloMeta) {
    this.#meta = meta;
    this.#scenarios = meta.scenarios.map((option) => new ScenarioState(option, meta.control));
  }

  /** Paths of each scenario that results are of. */
  get pathsDone(): number {
    return this.#pathsDone;
  }

  /** Whether the standard error that was asked for is reached in every scenario: more is not taken. */
  get isTargetReached(): boolean {
    return this.#isTargetReached;
  }

  /** Whether nothing more is needed: all paths are done, or enough for the target. */
  get isComplete(): boolean {
    return this.#isTargetReached || this.#pathsDone === this.#meta.paths;
  }

  /** The largest standard error of a scenario; NaN before the first result. */
  get standardError(): number {
    const [first, ...rest] = this.#scenarios.map((scenario) => scenario.standardError);
    return Math.max(first ?? NaN, ...rest);
  }

  /** Steps of all paths of all scenarios that results are of. */
  get stepsDone(): number {
    return this.#meta.scenarios.reduce(
      (sum, { points }) => sum + this.#pathsDone * (points - 1),
      0,
    );
  }

  /** The outputs of the task of `chunk`, as decoded. Throws MonteCarloError when they are not that. */
  add(chunk: Chunk, outputs: readonly NdArray[]): void {
    if (this.isComplete || chunk.range < this.#rangesDone) return;
    const part = checkPart(chunk, outputs, this.#meta.control);
    const ofRange = this.#waiting.get(chunk.range) ?? new Map<number, Part>();
    this.#waiting.set(chunk.range, ofRange.set(chunk.scenario, part));
    this.#advance();
  }

  /** Null before its first paths are done. */
  scenario(index: number): ScenarioResult | null {
    return this.#pathsDone === 0 ? null : present(this.#scenarios[index], "scenario").result();
  }

  /** Takes ranges in their order, as far as they are complete. */
  #advance(): void {
    const { scenarios, paths } = this.#meta;
    while (!this.isComplete) {
      const ofRange = this.#waiting.get(this.#rangesDone);
      if (ofRange === undefined || ofRange.size < scenarios.length) return;
      this.#waiting.delete(this.#rangesDone);
      for (const [index, scenario] of this.#scenarios.entries()) {
        scenario.take(present(ofRange.get(index), "part of a complete range"));
      }
      this.#rangesDone += 1;
      const isLast = this.#rangesDone === rangeCount(this.#meta);
      this.#pathsDone = isLast ? paths : this.#rangesDone * this.#meta.batchesPerTask * BATCH_PATHS;
      this.#isTargetReached = this.#meetsTarget();
    }
    this.#waiting.clear();
  }

  #meetsTarget(): boolean {
    const { targetStandardError, paths } = this.#meta;
    const batches = batchCount(this.#pathsDone);
    if (targetStandardError === null) return false;
    if (batches < Math.min(TARGET_BATCHES_MIN, batchCount(paths))) return false;
    return this.#scenarios.every((scenario) => scenario.isWithin(targetStandardError));
  }
}

/** What is known of one scenario, of the ranges taken so far. */
class ScenarioState {
  readonly #option: AsianOption;
  readonly #control: Control;
  readonly #discount: number;
  readonly #expected: Moments;
  readonly #controlMean: number;
  readonly #tree = new ReductionTree();
  readonly #counts = new Float64Array(HISTOGRAM_BINS + 2);
  #marks: ConvergencePoint[] = [];
  #batchesPerMark = 1;

  constructor(option: AsianOption, control: Control) {
    this.#option = option;
    this.#control = control;
    this.#discount = discountOf(option);
    this.#expected = averageMoments(option);
    this.#controlMean = control === "geometric" ? geometricPayoffMean(option) : 0;
  }

  get standardError(): number {
    return this.#tree.leaves === 0 ? NaN : this.#estimate(this.#tree.total()).standardError;
  }

  isWithin(standardError: number): boolean {
    const estimate = this.#estimate(this.#tree.total());
    return !estimate.isBlind && estimate.standardError <= standardError;
  }

  take({ rows, counts }: Part): void {
    for (const [bin, count] of counts.entries()) {
      this.#counts[bin] = (this.#counts[bin] ?? 0) + count;
    }
    for (let at = 0; at < rows.length; at += STRIDE) {
      this.#tree.push(rows, at);
      if (this.#tree.leaves % this.#batchesPerMark === 0) this.#mark();
    }
  }

  result(): ScenarioResult {
    const row = this.#tree.total();
    const { value, standardError, correlation } = this.#estimate(row);
    const paths = present(row[PATHS], "paths");
    const average = averageOf(row);
    const last = { paths, estimate: value, standardError };
    const isMarked = this.#marks.at(-1)?.paths === paths;
    return {
      option: this.#option,
      estimate: value,
      standardError,
      confidence: [value - CONFIDENCE_95 * standardError, value + CONFIDENCE_95 * standardError],
      paths,
      samples: present(row[SAMPLES], "samples"),
      averagePrice: average.mean,
      averagePriceSd: average.sd,
      expectedAveragePrice: this.#expected.mean,
      expectedAveragePriceSd: this.#expected.sd,
      controlCorrelation: correlation,
      histogram: this.#histogram(),
      convergence: isMarked ? [...this.#marks] : [...this.#marks, last],
    };
  }

  /** As `estimateOf`, but discounted. */
  #estimate(row: Float64Array): Estimate {
    const estimate = estimateOf(row, this.#control, this.#controlMean);
    return {
      ...estimate,
      value: estimate.value * this.#discount,
      standardError: estimate.standardError * this.#discount,
    };
  }

  /** Marks are as far apart as a power of two, so that few are enough for any number of batches. */
  #mark(): void {
    const row = this.#tree.total();
    const { value, standardError } = this.#estimate(row);
    this.#marks.push({ paths: present(row[PATHS], "paths"), estimate: value, standardError });
    if (this.#marks.length <= CONVERGENCE_POINTS_MAX) return;
    this.#batchesPerMark *= 2;
    this.#marks = this.#marks.filter((_, i) => i % 2 === 1);
  }

  #histogram(): PayoffHistogram {
    const [zero = 0, ...counts] = this.#counts;
    const above = counts.pop() ?? 0;
    const high = histogramHigh(this.#option) * this.#discount;
    const lowEdges = counts.map((_, bin) => (bin * high) / HISTOGRAM_BINS);
    return { lowEdges, high, counts, zero, above };
  }
}

/** Throws MonteCarloError where the outputs are not what the kernel makes of the chunk. */
function checkPart(chunk: Chunk, outputs: readonly NdArray[], control: Control): Part {
  const [rows, counts] = outputs.map((output) => output.data);
  const batches = batchCount(chunk.paths);
  const isSound =
    rows instanceof Float64Array &&
    counts instanceof Uint32Array &&
    rows.length === batches * STRIDE &&
    counts.length === HISTOGRAM_BINS + 2 &&
    rows.every((value) => Number.isFinite(value)) &&
    counts.reduce((sum, count) => sum + count, 0) === chunk.paths &&
    Array.from({ length: batches }, (_, i) => i).every((i) => {
      const paths = Math.min(BATCH_PATHS, chunk.paths - i * BATCH_PATHS);
      const samples = control === "antithetic" ? paths / 2 : paths;
      return rows[i * STRIDE + PATHS] === paths && rows[i * STRIDE + SAMPLES] === samples;
    });
  if (isSound) return { rows, counts };
  const first = chunk.firstBatch * BATCH_PATHS;
  throw new MonteCarloError(
    `A worker's result for paths ${first} to ${first + chunk.paths - 1} is not what was asked for. ` +
      "Reload the pages of all workers, and run the job again.",
  );
}
