// Colours of correlations: the levels that values are drawn with, and the table from level to RGBA.

/** A pair whose tile has not arrived. */
export const LEVEL_NOT_YET = 0;
/** A pair without a defined correlation: too few observations, or a constant series. */
export const LEVEL_UNDEFINED = 1;
/** Exactly zero; −1 is 126 levels below and 1 is 126 above, so that both signs look alike. */
export const LEVEL_ZERO = 128;
export const LEVEL_STEPS = 126;

/** The level, 2 to 254, that a correlation is drawn with; NaN gives LEVEL_UNDEFINED. */
export const levelOf = (value: number): number =>
  value === value ? LEVEL_ZERO + Math.round(value * LEVEL_STEPS) : LEVEL_UNDEFINED;

/** The middle of the values that share a level of 2 to 254. */
export const valueOfLevel = (level: number): number => (level - LEVEL_ZERO) / LEVEL_STEPS;

export type Rgb = readonly [red: number, green: number, blue: number];

/** Colours at −1, −½, 0, ½ and 1, and those of pairs without a value. sRGB, 0 to 255. */
export interface Palette {
  readonly stops: readonly [Rgb, Rgb, Rgb, Rgb, Rgb];
  readonly notYet: Rgb;
  readonly notYetMark: Rgb;
  readonly undefined: Rgb;
  readonly undefinedMark: Rgb;
}

export const lightPalette: Palette = {
  stops: [
    [16, 58, 130],
    [86, 148, 210],
    [255, 255, 255],
    [226, 108, 84],
    [134, 12, 38],
  ],
  notYet: [241, 240, 237],
  notYetMark: [222, 220, 214],
  undefined: [206, 205, 201],
  undefinedMark: [164, 163, 159],
};

export const darkPalette: Palette = {
  stops: [
    [150, 205, 255],
    [46, 110, 190],
    [13, 13, 15],
    [190, 64, 44],
    [255, 178, 150],
  ],
  notYet: [30, 30, 32],
  notYetMark: [48, 48, 51],
  undefined: [74, 74, 76],
  undefinedMark: [112, 112, 114],
};

type Triple = readonly [number, number, number];

const linear = (channel: number): number => {
  const c = channel / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
};

const gamma = (c: number): number =>
  255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055);

/** sRGB to OKLab (Ottosson 2020), where equal steps look equal. */
function toOklab([red, green, blue]: Rgb): Triple {
  const [r, g, b] = [linear(red), linear(green), linear(blue)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab([lightness, a, b]: Triple): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const channel = (value: number): number =>
    Math.round(Math.min(255, Math.max(0, gamma(Math.max(0, value)))));
  return [
    channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    channel(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** The colour of a correlation from −1 to 1. */
export function colourOf(value: number, palette: Palette): Rgb {
  const position = (Math.min(1, Math.max(-1, value)) + 1) * 2;
  const index = Math.min(3, Math.floor(position));
  const share = position - index;
  const from = palette.stops[index] ?? palette.stops[0];
  const to = palette.stops[index + 1] ?? palette.stops[4];
  if (share === 0) return from;
  if (share === 1) return to;
  const [a, b] = [toOklab(from), toOklab(to)];
  return fromOklab([
    a[0] + (b[0] - a[0]) * share,
    a[1] + (b[1] - a[1]) * share,
    a[2] + (b[2] - a[2]) * share,
  ]);
}

/** As a 32-bit word of ImageData, whose bytes are red, green, blue, alpha on little-endian machines. */
export const packRgb = ([red, green, blue]: Rgb): number =>
  ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** 256 packed colours, indexed by level. */
export function colourTable(palette: Palette): Uint32Array {
  const table = new Uint32Array(256);
  table[LEVEL_NOT_YET] = packRgb(palette.notYet);
  table[LEVEL_UNDEFINED] = packRgb(palette.undefined);
  for (let level = 2; level < 256; level += 1) {
    table[level] = packRgb(colourOf(valueOfLevel(Math.min(254, level)), palette));
  }
  return table;
}

/** Side of the repeating patterns below, in pixels; a power of two. */
export const PATTERN_SIDE = 8;

/**
 * Pixels of the patterns that mark pairs without a value: 64 for LEVEL_NOT_YET (sparse dots), then
 * 64 for LEVEL_UNDEFINED (diagonal hatch), so that neither can be taken for a colour of the scale.
 */
export function patternTable(palette: Palette): Uint32Array {
  const area = PATTERN_SIDE * PATTERN_SIDE;
  const table = new Uint32Array(2 * area);
  for (let y = 0; y < PATTERN_SIDE; y += 1) {
    for (let x = 0; x < PATTERN_SIDE; x += 1) {
      const isDot = x % 4 === 0 && y % 4 === 0 && (x + y) % PATTERN_SIDE === 0;
      const isStripe = (x + y) % PATTERN_SIDE < 2;
      const at = y * PATTERN_SIDE + x;
      table[at] = packRgb(isDot ? palette.notYetMark : palette.notYet);
      table[area + at] = packRgb(isStripe ? palette.undefinedMark : palette.undefined);
    }
  }
  return table;
}
