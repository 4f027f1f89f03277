// Paints lanes into pixels, without a canvas: patterns, partly covered columns, rows of data.
import { DATA_PX } from "./stream-layout.ts";
import type { DataCover, LaneCover } from "./lane-cover.ts";
import {
  inkOf,
  isMark,
  LOOKS,
  mixed,
  PATTERN_PX,
  type Look,
  type Rgb,
  type StreamColours,
} from "./stream-looks.ts";

/** Steps of how much of a column is covered. */
const LEVELS = 16;
/** What is there at all must be seen. */
const LEAST_SHARE = 0.22;
/** Attempts that begin are set apart from what is before them by this much of the ground. */
const SEAM_SHARE = 0.5;
/** A row of data is full with this many attempts in it. */
const DATA_FULL = 16;

/** As a 32-bit word of ImageData, whose bytes are red, green, blue, alpha on little-endian machines. */
const pack = ([red, green, blue]: Rgb): number =>
  ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** Packed colours of each look, ground and mark, at each level. */
export interface Palette {
  readonly ground: number;
  readonly table: Uint32Array;
  readonly seams: Uint32Array;
  readonly moving: number;
  readonly waiting: number;
  readonly failed: number;
  readonly line: number;
}

const CANCELLED = LOOKS.indexOf("cancelled");
const NONE = LOOKS.indexOf("none");
const FAILED = LOOKS.indexOf("failed");
const isPatterned = LOOKS.map((look) => look !== "none" && hasMarks(look));

function hasMarks(look: Look): boolean {
  for (let at = 0; at < PATTERN_PX * PATTERN_PX; at += 1) {
    if (isMark(look, at % PATTERN_PX, Math.floor(at / PATTERN_PX))) return true;
  }
  return false;
}

const tableAt = (look: number, mark: number, level: number): number =>
  (look * 2 + mark) * LEVELS + level;

export function createPalette(colours: StreamColours): Palette {
  const table = new Uint32Array(LOOKS.length * 2 * LEVELS);
  const seams = new Uint32Array(LOOKS.length * 2);
  for (const [number, look] of LOOKS.entries()) {
    const ink = inkOf(look, colours);
    for (const [mark, colour] of [ink.ground, ink.mark].entries()) {
      for (let level = 0; level < LEVELS; level += 1) {
        const share = LEAST_SHARE + (1 - LEAST_SHARE) * (level / (LEVELS - 1));
        table[tableAt(number, mark, level)] = pack(mixed(colour, colours.ground, share));
      }
      seams[number * 2 + mark] = pack(mixed(colour, colours.ground, SEAM_SHARE));
    }
  }
  return {
    ground: pack(colours.ground),
    table,
    seams,
    moving: pack(colours.moving),
    waiting: pack(colours.waiting),
    failed: pack(colours.failed),
    line: pack(colours.line),
  };
}

/** Where to paint: the pixels of a whole picture, and the scale of patterns. */
export interface Target {
  readonly pixels: Uint32Array;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Pixels a CSS pixel. */
  readonly ratio: number;
  /** Moves patterns with time: they would crawl over what they fill otherwise. */
  readonly shift: number;
}

export class RowPainter {
  readonly #rows: Uint32Array[] = [];
  readonly #width: number;

  constructor(widthPx: number) {
    this.#width = widthPx;
    for (let row = 0; row < PATTERN_PX + 1; row += 1) this.#rows.push(new Uint32Array(widthPx));
  }

  /** Paints a thread's bar from pixel row `topPx` on; rows outside of the picture are left out. */
  paintLane(cover: LaneCover, palette: Palette, target: Target, topPx: number, heightPx: number) {
    const kinds = this.#prepare(cover, palette, target);
    const edge = this.#rows[PATTERN_PX];
    for (let row = 0; row < heightPx; row += 1) {
      const y = topPx + row;
      if (y < 0 || y >= target.heightPx) continue;
      const isEdge = row < target.ratio || row >= heightPx - target.ratio;
      const pattern = kinds.isPatterned ? Math.floor(row / target.ratio) % PATTERN_PX : 0;
      const source = isEdge && kinds.hasOutlines ? edge : this.#rows[pattern];
      if (source !== undefined) target.pixels.set(source, y * target.widthPx);
    }
  }

  /** Prepares one row of pixels for each row of the patterns, and one for outlines. */
  #prepare(cover: LaneCover, palette: Palette, { ratio, shift }: Target) {
    const { looks, covered, seams } = cover;
    let anyPattern = false;
    let hasOutlines = false;
    for (let x = 0; x < this.#width; x += 1) {
      const look = looks[x] ?? NONE;
      anyPattern ||= isPatterned[look] === true;
      hasOutlines ||= look === CANCELLED;
    }
    const rows = anyPattern ? PATTERN_PX : 1;
    for (let row = 0; row < rows; row += 1) {
      const out = this.#rows[row];
      if (out === undefined) break;
      for (let x = 0; x < this.#width; x += 1) {
        const look = looks[x] ?? NONE;
        if (look === NONE) {
          out[x] = palette.ground;
          continue;
        }
        let mark = 0;
        if (isPatterned[look] === true) {
          const name = LOOKS[look] ?? "none";
          mark = isMark(name, Math.floor((x + shift) / ratio), row) ? 1 : 0;
        } else if (look === CANCELLED) {
          const isSide = looks[x - 1] !== CANCELLED || looks[x + 1] !== CANCELLED;
          mark = isSide || seams[x] === 1 ? 1 : 0;
        }
        if (seams[x] === 1 && look !== CANCELLED) {
          out[x] = palette.seams[look * 2 + mark] ?? 0;
          continue;
        }
        const level = Math.min(LEVELS - 1, Math.round((covered[x] ?? 0) * (LEVELS - 1)));
        out[x] = palette.table[tableAt(look, mark, look === FAILED ? LEVELS - 1 : level)] ?? 0;
      }
    }
    if (hasOutlines) this.#outline(looks, palette, rows);
    return { isPatterned: anyPattern, hasOutlines };
  }

  /** The row at the top and bottom of a lane that has outlined attempts. */
  #outline(looks: Uint8Array, palette: Palette, rows: number): void {
    const edge = this.#rows[PATTERN_PX];
    const inner = this.#rows[rows > 1 ? PATTERN_PX - 1 : 0];
    if (edge === undefined || inner === undefined) return;
    edge.set(inner);
    for (let x = 0; x < this.#width; x += 1) if (looks[x] === CANCELLED) edge[x] = palette.line;
  }

  /** Paints a machine's row of data: heights grow with the logarithm of how many there are. */
  paintData(cover: DataCover, palette: Palette, target: Target, topPx: number): void {
    const heightPx = Math.round(DATA_PX * target.ratio);
    const { moving, waiting, ends } = cover;
    for (let x = 0; x < this.#width; x += 1) {
      const [movers, waiters] = [moving[x] ?? 0, waiting[x] ?? 0];
      const filled = dataHeight(movers + waiters, heightPx);
      const blue = movers + waiters === 0 ? 0 : Math.round((filled * movers) / (movers + waiters));
      const isEnd = ends[x] !== NONE;
      for (let row = 0; row < heightPx; row += 1) {
        const y = topPx + row;
        if (y < 0 || y >= target.heightPx) continue;
        const fromBottom = heightPx - row;
        let colour = palette.ground;
        if (isEnd) colour = ends[x] === FAILED ? palette.failed : palette.line;
        else if (fromBottom <= blue) colour = palette.moving;
        else if (fromBottom <= filled) colour = palette.waiting;
        target.pixels[y * target.widthPx + x] = colour;
      }
    }
  }
}

/** Pixels of a row of data that so many attempts fill: at least one, and all from 16 on. */
export function dataHeight(attempts: number, heightPx: number): number {
  // What rounding leaves over where everything has ended is nothing.
  if (attempts < 1e-3) return 0;
  const share = Math.log2(1 + attempts) / Math.log2(1 + DATA_FULL);
  return Math.min(heightPx, Math.max(1, Math.round(share * heightPx)));
}
