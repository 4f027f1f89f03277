// Which part of a square matrix a plot shows, and how zooming and panning move it.

/** The part in view: the matrix coordinate at the plot's corner, and the size of a cell. */
export interface Viewport {
  /** Column at the left edge; fractions are parts of a cell, negative ones are margin. */
  readonly x: number;
  /** Row at the top edge. */
  readonly y: number;
  /** CSS pixels a cell. */
  readonly scale: number;
}

/** What is looked at, and how large the plot is. */
export interface Frame {
  /** Cells along a side of the matrix. */
  readonly size: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface Cell {
  readonly row: number;
  readonly col: number;
}

/** Cells grow to this side at least, so that numbers fit into them. */
const SCALE_CLOSEST_PX = 56;

/** The scale at which the whole matrix fits. */
export const fitScale = ({ size, widthPx, heightPx }: Frame): number =>
  Math.max(1e-6, Math.min(widthPx, heightPx) / size);

/** The largest scale; a small matrix may be larger than that when it fits. */
export const closestScale = (frame: Frame): number => Math.max(SCALE_CLOSEST_PX, fitScale(frame));

/** The whole matrix, centred. */
export const wholeMatrix = (frame: Frame): Viewport =>
  clampViewport({ x: 0, y: 0, scale: 0 }, frame);

/** The nearest viewport that shows no more margin than it must. */
export function clampViewport({ x, y, scale }: Viewport, frame: Frame): Viewport {
  const clamped = Math.min(closestScale(frame), Math.max(fitScale(frame), scale));
  return {
    x: clampStart(x, frame.size, frame.widthPx / clamped),
    y: clampStart(y, frame.size, frame.heightPx / clamped),
    scale: clamped,
  };
}

function clampStart(start: number, size: number, shown: number): number {
  // Rounding must not leave a sliver of margin, or less than the whole, where all just fits.
  if (Math.abs(shown - size) < size * 1e-9) return 0;
  if (shown > size) return (size - shown) / 2;
  return Math.min(size - shown, Math.max(0, start));
}

/** Zooms by `factor`; the point of the matrix under (px, py) of the plot stays there if it can. */
export function zoomAbout(
  viewport: Viewport,
  frame: Frame,
  factor: number,
  px: number,
  py: number,
): Viewport {
  const scale = Math.min(closestScale(frame), Math.max(fitScale(frame), viewport.scale * factor));
  return clampViewport(
    {
      x: viewport.x + px / viewport.scale - px / scale,
      y: viewport.y + py / viewport.scale - py / scale,
      scale,
    },
    frame,
  );
}

/** Moves the matrix by pixels, as a drag does. */
export const panBy = (viewport: Viewport, frame: Frame, dxPx: number, dyPx: number): Viewport =>
  clampViewport(
    {
      x: viewport.x - dxPx / viewport.scale,
      y: viewport.y - dyPx / viewport.scale,
      scale: viewport.scale,
    },
    frame,
  );

/** The cell under (px, py), or null in the margin. */
export function cellAt(viewport: Viewport, frame: Frame, px: number, py: number): Cell | null {
  const col = Math.floor(viewport.x + px / viewport.scale);
  const row = Math.floor(viewport.y + py / viewport.scale);
  const isInside = col >= 0 && row >= 0 && col < frame.size && row < frame.size;
  return isInside && px >= 0 && py >= 0 && px < frame.widthPx && py < frame.heightPx
    ? { row, col }
    : null;
}

/** Moves just so far that the cell is in view, keeping the scale. */
export function reveal(viewport: Viewport, frame: Frame, cell: Cell): Viewport {
  const start = (from: number, shown: number, at: number): number =>
    Math.max(Math.min(from, at), at + 1 - shown);
  return clampViewport(
    {
      x: start(viewport.x, frame.widthPx / viewport.scale, cell.col),
      y: start(viewport.y, frame.heightPx / viewport.scale, cell.row),
      scale: viewport.scale,
    },
    frame,
  );
}

/** Puts the cell in the middle, with cells of at least `scale` pixels. */
export function centreOn(viewport: Viewport, frame: Frame, cell: Cell, scale: number): Viewport {
  const wanted = Math.min(closestScale(frame), Math.max(viewport.scale, scale));
  return clampViewport(
    {
      x: cell.col + 0.5 - frame.widthPx / wanted / 2,
      y: cell.row + 0.5 - frame.heightPx / wanted / 2,
      scale: wanted,
    },
    frame,
  );
}

/** The same middle and, measured in whole matrices, the same zoom, in a plot of another size. */
export function resizeViewport(viewport: Viewport, from: Frame, to: Frame): Viewport {
  const scale = (viewport.scale / fitScale(from)) * fitScale(to);
  return clampViewport(
    {
      x: viewport.x + from.widthPx / viewport.scale / 2 - to.widthPx / scale / 2,
      y: viewport.y + from.heightPx / viewport.scale / 2 - to.heightPx / scale / 2,
      scale,
    },
    to,
  );
}

export const sameViewport = (a: Viewport, b: Viewport): boolean =>
  a.x === b.x && a.y === b.y && a.scale === b.scale;
