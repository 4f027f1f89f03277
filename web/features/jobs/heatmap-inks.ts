// The colours of the heatmap's cells and names, as the page's scheme and style sheets give them.
import {
  colourTable,
  darkPalette,
  lightPalette,
  patternTable,
} from "../../../shared/correlation/colour.ts";
import type { AxisInks } from "./heatmap-axes.ts";
import type { Inks } from "./heatmap-raster-core.ts";

export function readInks(element: HTMLElement): { readonly cells: Inks; readonly axes: AxisInks } {
  const palette = matchMedia("(prefers-color-scheme: dark)").matches ? darkPalette : lightPalette;
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    cells: { colours: colourTable(palette), patterns: patternTable(palette) },
    axes: {
      ground: read("--surface"),
      text: read("--text"),
      muted: read("--text-muted"),
      line: read("--line-strong"),
      accent: read("--accent"),
    },
  };
}

/** Whether white letters are read better on a packed colour than black ones (Rec. 709 luma). */
export function isDark(packed: number): boolean {
  const [red, green, blue] = [packed & 255, (packed >> 8) & 255, (packed >> 16) & 255];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 140;
}
