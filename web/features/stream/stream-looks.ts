// How each kind of stretch looks: a colour and a pattern, so that neither is needed alone.

/** What a pixel column of a lane shows. */
export const LOOKS = [
  "none",
  "waiting",
  "moving",
  "computing0",
  "computing1",
  "computing2",
  "computing3",
  "speculative",
  "cancelled",
  "failed",
] as const;
export type Look = (typeof LOOKS)[number];

/** Tasks of one group share a shade of the accent. */
export const SHADES = 4;

/** Opaque sRGB of a look: its ground, and the marks of its pattern. */
export interface Ink {
  readonly ground: Rgb;
  readonly mark: Rgb;
}

export type Rgb = readonly [red: number, green: number, blue: number];

/** Rows of pixels after which every pattern begins anew, at one a CSS pixel. */
export const PATTERN_PX = 6;

/** Whether the pattern of a look has a mark at a place (CSS pixels). */
export function isMark(look: Look, x: number, y: number): boolean {
  const rising = (x + y) % PATTERN_PX;
  const falling = (x - y + PATTERN_PX * 1_000) % PATTERN_PX;
  switch (look) {
    case "speculative":
      return rising < 3;
    case "moving":
      return falling < 2;
    case "failed":
      return rising === 0 || falling === 0;
    case "none":
    case "waiting":
    case "cancelled":
    case "computing0":
    case "computing1":
    case "computing2":
    case "computing3":
      return false;
    default:
      return false;
  }
}

/** A share of one colour and the rest of another, 0 to 1. */
export const mixed = (a: Rgb, b: Rgb, shareOfA: number): Rgb => [
  Math.round(a[0] * shareOfA + b[0] * (1 - shareOfA)),
  Math.round(a[1] * shareOfA + b[1] * (1 - shareOfA)),
  Math.round(a[2] * shareOfA + b[2] * (1 - shareOfA)),
];

/** "#f3a81c", "#fff" or "rgb(243 168 28 / 55%)" as numbers; black when it is none of these. */
export function parseColour(text: string): Rgb {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text.trim());
  if (short !== null) {
    const digit = (place: number): number => Number.parseInt(short[place] ?? "0", 16) * 17;
    return [digit(1), digit(2), digit(3)];
  }
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text.trim());
  if (hex !== null) {
    return [
      Number.parseInt(hex[1] ?? "0", 16),
      Number.parseInt(hex[2] ?? "0", 16),
      Number.parseInt(hex[3] ?? "0", 16),
    ];
  }
  const numbers = text.match(/\d+(\.\d+)?/g)?.map(Number) ?? [];
  return [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0];
}

export interface StreamColours {
  readonly ground: Rgb;
  readonly text: Rgb;
  readonly accent: Rgb;
  readonly accentSoft: Rgb;
  readonly moving: Rgb;
  readonly waiting: Rgb;
  readonly failed: Rgb;
  readonly failedSoft: Rgb;
  readonly line: Rgb;
}

/** Shades of the accent, from itself towards the text's colour: lighter or darker, never another hue. */
const SHADE_SHARES = [1, 0.72, 0.86, 0.58];

const shadeOf = ({ accent, text }: Pick<StreamColours, "accent" | "text">, shade: number) =>
  mixed(accent, text, SHADE_SHARES[shade % SHADES] ?? 1);

export function inkOf(look: Look, colours: StreamColours): Ink {
  const plain = (colour: Rgb): Ink => ({ ground: colour, mark: colour });
  switch (look) {
    case "none":
      return plain(colours.ground);
    case "waiting":
      return plain(colours.waiting);
    case "moving":
      return { ground: colours.moving, mark: mixed(colours.moving, colours.ground, 0.6) };
    case "computing0":
    case "computing1":
    case "computing2":
    case "computing3":
      return plain(shadeOf(colours, Number(look.at(-1))));
    case "speculative":
      return { ground: colours.accentSoft, mark: colours.accent };
    case "cancelled":
      return { ground: colours.ground, mark: colours.line };
    case "failed":
      return { ground: colours.failed, mark: colours.failedSoft };
    default:
      return plain(colours.ground);
  }
}
