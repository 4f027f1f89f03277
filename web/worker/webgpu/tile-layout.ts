// How a tile's sums are cut into work for the GPU, and how they come back: shared by shader and host.

/** Threads along one side of a workgroup. */
export const GROUP_THREADS = 16;
/** Series along the rows of a workgroup's block: four for each thread. */
export const BLOCK_SERIES = 64;
/** Dates in workgroup memory at a time: four vectors of four. */
const STEP_DATES = 16;
/** Steps summed before their sum joins the slice's: the lower level of the summation … */
export const STEPS_PER_GROUP = 2;
/**
 * … and steps whose sum leaves the GPU's floats: the upper level. A value passes at most 18 roundings
 * on this way (3 in a dot product, 7 dot products, 8 groups). Emulated on 100,000 pairs made to round
 * one way (outliers, few distinct values, gaps), the error of r was at most 7.6e-7; with a single sum
 * over 5,284 dates it was up to 5.6e-5.
 */
const STEPS_PER_SLICE = 16;
const SLICE_DATES = STEP_DATES * STEPS_PER_SLICE;

/** Lines of panels are padded to whole groups of steps, which is also one word of the mask. */
const DATES_PER_WORD = STEP_DATES * STEPS_PER_GROUP;

/**
 * Slices are added up as integers, so that their order cannot matter: a sum is high / 2^10 + low / 2^30.
 * No sum of standardised values exceeds their number, by Cauchy and Schwarz, so up to 2^18 dates
 * neither part leaves 32 bits: high stays below 2^28, and each of 2^10 slices adds at most 2^19 to low.
 */
export const HIGH_UNITS = 2 ** 10;
export const LOW_UNITS = 2 ** 30;
export const DATES_MAX = 2 ** 18;

/** Over the dates that both have: Σxy; Σx and Σx² of the row's series, Σy and Σy² of the column's. */
export const SUM_SLOTS = { xy: 0, x: 1, xx: 2, y: 3, yy: 4 } as const;
/** Two planes (high, low) a sum, then one for the number of common dates. */
export const COUNT_PLANE = 2 * 5;
export const PLANES = COUNT_PLANE + 1;
/** All that a stripe without gaps uses: Σxy. */
export const COMPLETE_PLANES = 2;

/** Dates of a padded line, and words of its mask. */
export const paddedDates = (dates: number): number =>
  Math.ceil(dates / DATES_PER_WORD) * DATES_PER_WORD;
export const maskWords = (dates: number): number => Math.ceil(dates / DATES_PER_WORD);

/** Whether any series of a block has gaps: the shader for those without needs one sum of the five. */
export type BlockKind = "complete" | "gaps";

export const BLOCK_KINDS: readonly BlockKind[] = ["complete", "gaps"];

/** Five sums on two levels take the registers of four columns, so a thread has two of them then. */
export const colsPerThread = (kind: BlockKind): number => (kind === "gaps" ? 2 : 4);

/** An upper bound of the work of an item, which the last slice has less of. */
export const multiplyAddsPerItem = (kind: BlockKind): number => {
  const sums = kind === "gaps" ? 5 : 1;
  return sums * BLOCK_SERIES * GROUP_THREADS * colsPerThread(kind) * SLICE_DATES;
};

/** What the division into work needs to know of a series. */
export interface SeriesExtent {
  readonly complete: boolean;
  /** All its values lie in [firstDate, endDate). */
  readonly firstDate: number;
  readonly endDate: number;
}

/** The work of one shader: four numbers an item, its row, its column, its first step, its steps. */
export interface BlockWork {
  readonly kind: BlockKind;
  readonly items: Uint32Array<ArrayBuffer>;
}

export const ITEM_NUMBERS = 4;

/**
 * The items for rows [top, end) × all columns, by kind of block. A pair's blocks cover its common
 * dates once; of a diagonal tile only blocks that reach above the diagonal are listed.
 */
export function listWork(
  rows: readonly SeriesExtent[],
  cols: readonly SeriesExtent[],
  stripe: { readonly top: number; readonly end: number; readonly diagonal: boolean },
): readonly BlockWork[] {
  const colBlocks = cutBlocks(cols, 0, cols.length);
  const rowBlocks = cutBlocks(rows, stripe.top, stripe.end);
  return BLOCK_KINDS.map((kind) => {
    const items: number[] = [];
    const width = GROUP_THREADS * colsPerThread(kind);
    for (const row of rowBlocks) {
      for (const col of colBlocks) {
        if ((row.gaps || col.gaps) !== (kind === "gaps")) continue;
        for (let start = col.start; start < col.end; start += width) {
          // The block's last column must lie right of its first row, or on it.
          if (stripe.diagonal && Math.min(start + width, col.end) <= row.start) continue;
          pushSlices(items, row, col, start);
        }
      }
    }
    return { kind, items: Uint32Array.from(items) };
  }).filter(({ items }) => items.length > 0);
}

interface Block {
  readonly start: number;
  readonly end: number;
  readonly gaps: boolean;
  readonly firstDate: number;
  readonly endDate: number;
}

function cutBlocks(series: readonly SeriesExtent[], from: number, to: number): Block[] {
  const blocks: Block[] = [];
  for (let start = from; start < to; start += BLOCK_SERIES) {
    const end = Math.min(start + BLOCK_SERIES, to);
    const block = series.slice(start, end);
    blocks.push({
      start,
      end,
      gaps: block.some(({ complete }) => !complete),
      firstDate: Math.min(...block.map(({ firstDate }) => firstDate)),
      endDate: Math.max(...block.map(({ endDate }) => endDate)),
    });
  }
  return blocks;
}

/** Slices lie on one grid for all blocks: a pair's sums do not depend on its neighbours' dates. */
function pushSlices(items: number[], row: Block, col: Block, start: number): void {
  const firstDate = Math.max(row.firstDate, col.firstDate);
  const endDate = Math.min(row.endDate, col.endDate);
  const lastSteps = (paddedDates(endDate) % SLICE_DATES) / STEP_DATES || STEPS_PER_SLICE;
  const firstSlice = Math.floor(firstDate / SLICE_DATES);
  const endSlice = Math.ceil(endDate / SLICE_DATES);
  for (let slice = firstSlice; slice < endSlice; slice += 1) {
    const steps = slice === endSlice - 1 ? lastSteps : STEPS_PER_SLICE;
    items.push(row.start, start, slice * STEPS_PER_SLICE, steps);
  }
}
