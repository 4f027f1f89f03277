// The loops that turn levels into pixels: one look a pixel while moving, the mean of its cells at rest.
// Casts spare the hot loops an `undefined` check a pixel.
import {
  LEVEL_NOT_YET,
  LEVEL_UNDEFINED,
  PATTERN_SIDE,
} from "../../../shared/correlation/colour.ts";

/** Packed colours by level (256), and the two 8 × 8 patterns for pairs without a value. */
export interface Inks {
  readonly colours: Uint32Array;
  readonly patterns: Uint32Array;
}

/** What is drawn where: pixels of the image, and the line of cells that they show. */
export interface Scene {
  /** size × size, by series (CorrelationMatrix.levels). */
  readonly levels: Uint8Array;
  readonly size: number;
  readonly inks: Inks;
  /** Series at each place of the shown order. */
  readonly order: Uint32Array;
  readonly pixels: Uint32Array;
  readonly widthPx: number;
  /** Place of the first and of the one after the last cell of each pixel column; -1: margin. */
  readonly colStarts: Int32Array;
  readonly colEnds: Int32Array;
  readonly rowStarts: Int32Array;
  readonly rowEnds: Int32Array;
}

/**
 * Fills `starts` and `ends` with the cells that each pixel covers: every cell belongs to exactly
 * one pixel when cells are smaller than pixels, and every pixel has a cell in any case.
 */
export function coverCells(
  starts: Int32Array,
  ends: Int32Array,
  size: number,
  from: number,
  cellsPerPixel: number,
): void {
  for (let pixel = 0; pixel < starts.length; pixel += 1) {
    const middle = Math.floor(from + (pixel + 0.5) * cellsPerPixel);
    if (middle < 0 || middle >= size) {
      starts[pixel] = -1;
      ends[pixel] = -1;
    } else if (cellsPerPixel <= 1) {
      starts[pixel] = middle;
      ends[pixel] = middle + 1;
    } else {
      const start = Math.max(0, Math.round(from + pixel * cellsPerPixel));
      const end = Math.min(size, Math.round(from + (pixel + 1) * cellsPerPixel));
      starts[pixel] = start;
      ends[pixel] = Math.max(start + 1, end);
    }
  }
}

const MASK = PATTERN_SIDE - 1;

/** Draws the pixel rows from `y` to before `yEnd`, one look a pixel. */
export function drawByPoint(scene: Scene, y: number, yEnd: number): void {
  const { levels, size, order, pixels, widthPx, colStarts, colEnds, rowStarts, rowEnds } = scene;
  const { colours, patterns } = scene.inks;
  // The series of each pixel column, -1 in the margin: looked up once, not once a row.
  const columns = new Int32Array(widthPx);
  for (let x = 0; x < widthPx; x += 1) {
    const start = colStarts[x] as number;
    columns[x] = start < 0 ? -1 : (order[(start + (colEnds[x] as number)) >> 1] as number);
  }
  let plainPlace = -1;
  for (let line = y; line < yEnd; line += 1) {
    const to = line * widthPx;
    const start = rowStarts[line] as number;
    if (start < 0) {
      pixels.fill(0, to, to + widthPx);
      continue;
    }
    const place = (start + (rowEnds[line] as number)) >> 1;
    if (place === plainPlace) {
      pixels.copyWithin(to, to - widthPx, to);
      continue;
    }
    const offset = (order[place] as number) * size;
    const patternRow = (line & MASK) * PATTERN_SIDE;
    let hasPattern = false;
    for (let x = 0; x < widthPx; x += 1) {
      const column = columns[x] as number;
      if (column < 0) {
        pixels[to + x] = 0;
        continue;
      }
      const level = levels[offset + column] as number;
      if (level > LEVEL_UNDEFINED) {
        pixels[to + x] = colours[level] as number;
      } else {
        hasPattern = true;
        pixels[to + x] = patterns[
          level * PATTERN_SIDE * PATTERN_SIDE + patternRow + (x & MASK)
        ] as number;
      }
    }
    // A row with a pattern cannot be repeated: the pattern differs from line to line.
    plainPlace = hasPattern ? -1 : place;
  }
}

/** Sums of one pixel row's cells, reused from row to row. */
export interface BoxSums {
  readonly sums: Float64Array;
  readonly counts: Int32Array;
  readonly undefineds: Int32Array;
}

export const createBoxSums = (widthPx: number): BoxSums => ({
  sums: new Float64Array(widthPx),
  counts: new Int32Array(widthPx),
  undefineds: new Int32Array(widthPx),
});

/**
 * Draws one pixel row, each pixel in the colour of the mean of its cells' values. Pixels without a
 * value show "undefined" if any of their cells is, and "not yet" otherwise.
 */
export function drawByMean(scene: Scene, line: number, box: BoxSums): void {
  const { levels, size, order, pixels, widthPx, colStarts, colEnds, rowStarts, rowEnds } = scene;
  const { colours, patterns } = scene.inks;
  const to = line * widthPx;
  const rowStart = rowStarts[line] as number;
  if (rowStart < 0) {
    pixels.fill(0, to, to + widthPx);
    return;
  }
  const { sums, counts, undefineds } = box;
  sums.fill(0);
  counts.fill(0);
  undefineds.fill(0);
  const rowEnd = rowEnds[line] as number;
  for (let place = rowStart; place < rowEnd; place += 1) {
    const offset = (order[place] as number) * size;
    for (let x = 0; x < widthPx; x += 1) {
      const end = colEnds[x] as number;
      let sum = 0;
      let count = 0;
      for (let col = colStarts[x] as number; col < end; col += 1) {
        const level = levels[offset + (order[col] as number)] as number;
        if (level > LEVEL_UNDEFINED) {
          sum += level;
          count += 1;
        } else if (level === LEVEL_UNDEFINED) {
          undefineds[x] = 1;
        }
      }
      sums[x] = (sums[x] as number) + sum;
      counts[x] = (counts[x] as number) + count;
    }
  }
  const patternRow = (line & MASK) * PATTERN_SIDE;
  for (let x = 0; x < widthPx; x += 1) {
    const count = counts[x] as number;
    if ((colStarts[x] as number) < 0) {
      pixels[to + x] = 0;
    } else if (count > 0) {
      pixels[to + x] = colours[Math.round((sums[x] as number) / count)] as number;
    } else {
      const level = (undefineds[x] as number) > 0 ? LEVEL_UNDEFINED : LEVEL_NOT_YET;
      pixels[to + x] = patterns[
        level * PATTERN_SIDE * PATTERN_SIDE + patternRow + (x & MASK)
      ] as number;
    }
  }
}
