// The values of a table while it is read: per series pages of float64, by order of dates' arrival.
// Unchecked inner loops over typed arrays: casts to number stand for bounds that the callers keep.

/**
 * Dates in a page: 2 KiB. Small enough that a sparse series wastes little, large enough that an
 * array's own overhead does not count.
 */
const PAGE_DATES = 256;
const PAGE_BITS = 8;
const PAGE_MASK = PAGE_DATES - 1;

type Page = Float64Array | undefined;

export interface SeriesStore {
  /** One list of pages a series; an absent page holds missing values only. */
  readonly pages: Page[][];
}

export const createSeriesStore = (): SeriesStore => ({ pages: [] });

/** Adds a series without values and returns its index. */
export const addSeries = (store: SeriesStore): number => store.pages.push([]) - 1;

/** The value at (series, date); NaN where there is none yet. */
export function valueAt(store: SeriesStore, series: number, date: number): number {
  const page = (store.pages[series] as Page[])[date >> PAGE_BITS];
  return page === undefined ? Number.NaN : (page[date & PAGE_MASK] as number);
}

/** Sets the value at (series, date), which must not be NaN. */
export function putValue(store: SeriesStore, series: number, date: number, value: number): void {
  const pages = store.pages[series] as Page[];
  const at = date >> PAGE_BITS;
  let page = pages[at];
  if (page === undefined) {
    page = new Float64Array(PAGE_DATES).fill(Number.NaN);
    // Arrays with holes are slow: earlier pages that nobody wrote to are named as absent.
    while (pages.length < at) pages.push(undefined);
    pages[at] = page;
  }
  page[date & PAGE_MASK] = value;
}

/** Called when two dates' texts mean the same date and both have a value. */
export type MergeSink = (slot: number, first: number, last: number) => void;

/**
 * Writes a series to `target`, sorted: `slots[date]` is where the date's value goes, or -1 for
 * nowhere. Later dates win where slots are shared. `target` need not be cleared before.
 */
export function gatherSeries(
  store: SeriesStore,
  series: number,
  slots: Int32Array,
  target: Float64Array,
  onMerge: MergeSink | undefined,
): void {
  target.fill(Number.NaN);
  const pages = store.pages[series] as Page[];
  for (let at = 0; at < pages.length; at += 1) {
    const page = pages[at];
    if (page === undefined) continue;
    const start = at << PAGE_BITS;
    const count = Math.min(PAGE_DATES, slots.length - start);
    for (let i = 0; i < count; i += 1) {
      const value = page[i] as number;
      const slot = slots[start + i] as number;
      if (slot < 0 || Number.isNaN(value)) continue;
      if (onMerge !== undefined && !Number.isNaN(target[slot])) {
        onMerge(slot, target[slot] as number, value);
      }
      target[slot] = value;
    }
  }
}

/** How many values of `values` are there. */
export function countValues(values: Float64Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i += 1) {
    if (!Number.isNaN(values[i])) count += 1;
  }
  return count;
}

/** Gives a series' memory back. */
export function releaseSeries(store: SeriesStore, series: number): void {
  store.pages[series] = [];
}
