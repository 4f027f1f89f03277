// The colours of the stream, as the page's scheme and style sheets give them.
import { parseColour, type StreamColours } from "./stream-looks.ts";
import type { OverlayInks } from "./stream-overlay.ts";
import { createPalette, type Palette } from "./stream-raster-core.ts";

export interface StreamInks {
  readonly palette: Palette;
  readonly overlay: OverlayInks;
}

export function readStreamInks(element: HTMLElement): StreamInks {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const colour = (name: string) => parseColour(read(name));
  const colours: StreamColours = {
    ground: colour("--surface"),
    text: colour("--text"),
    accent: colour("--state-computing"),
    accentSoft: colour("--accent-soft"),
    moving: colour("--state-moving"),
    waiting: colour("--state-waiting"),
    failed: colour("--state-failed"),
    failedSoft: colour("--state-failed-soft"),
    line: colour("--line-strong"),
  };
  return {
    palette: createPalette(colours),
    overlay: {
      text: read("--text"),
      muted: read("--text-muted"),
      line: read("--line"),
      onAccent: read("--on-accent"),
      font: `12px ${style.fontFamily}`,
    },
  };
}
