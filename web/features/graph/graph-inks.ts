// The colours and patterns of the graph, as the page's scheme and style sheets give them.
import { present } from "../../../shared/assert.ts";
import { taskStateLetters } from "../../../shared/protocol/telemetry.ts";
import { lookOf, taskLooks, type TaskLook } from "../../components/task-state.tsx";

export interface GraphInks {
  readonly ground: string;
  readonly surface: string;
  readonly sunken: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly accent: string;
  readonly accentText: string;
  readonly fills: Readonly<Record<TaskLook, string>>;
  /** On top of a fill; null where the colour stands alone. */
  readonly patterns: Readonly<Record<TaskLook, CanvasPattern | null>>;
  /** Red, green, blue of each fill, for pixels. */
  readonly pixels: Readonly<Record<TaskLook, readonly [number, number, number]>>;
  readonly font: string;
}

export function readGraphInks(element: HTMLElement): GraphInks {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const fills: Record<TaskLook, string> = {
    done: read("--state-done"),
    computing: read("--accent"),
    ready: read("--state-waiting"),
    waiting: read("--state-waiting"),
    failed: read("--state-failed"),
    cancelled: read("--surface-sunken"),
  };
  const pen = pixelPen();
  const pixels = Object.fromEntries(
    Object.entries(fills).map(([look, colour]) => [look, pixelOf(pen, colour)]),
  ) as Record<TaskLook, [number, number, number]>;
  return {
    ground: read("--ground"),
    surface: read("--surface"),
    sunken: read("--surface-sunken"),
    text: read("--text"),
    muted: read("--text-muted"),
    line: read("--line"),
    lineStrong: read("--line-strong"),
    accent: read("--accent"),
    accentText: read("--accent-text"),
    fills,
    patterns: {
      done: null,
      computing: pattern(pen, (draw) => draw.fillRect(4, 0, 2, 6), "rgb(255 255 255 / 45%)"),
      ready: pattern(pen, (draw) => draw.fillRect(2, 2, 2, 2), read("--line-strong")),
      waiting: null,
      failed: pattern(pen, crossed, "rgb(0 0 0 / 40%)"),
      cancelled: null,
    },
    pixels,
    font: style.fontFamily,
  };
}

const PATTERN_PX = 6;

type Pen = CanvasRenderingContext2D;

function pixelPen(): Pen {
  const canvas = document.createElement("canvas");
  canvas.width = PATTERN_PX;
  canvas.height = PATTERN_PX;
  return present(canvas.getContext("2d", { willReadFrequently: true }), "a canvas of a few pixels");
}

function pixelOf(pen: Pen, colour: string): [number, number, number] {
  pen.clearRect(0, 0, PATTERN_PX, PATTERN_PX);
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = pen.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}

function pattern(pen: Pen, draw: (pen: Pen) => void, colour: string): CanvasPattern | null {
  pen.clearRect(0, 0, PATTERN_PX, PATTERN_PX);
  pen.fillStyle = colour;
  pen.strokeStyle = colour;
  draw(pen);
  return pen.createPattern(pen.canvas, "repeat");
}

function crossed(pen: Pen): void {
  pen.beginPath();
  pen.moveTo(0, 0);
  pen.lineTo(PATTERN_PX, PATTERN_PX);
  pen.moveTo(0, PATTERN_PX);
  pen.lineTo(PATTERN_PX, 0);
  pen.stroke();
}

/** A task's look as a small number: its place here. */
export const cellLooks: readonly TaskLook[] = [...taskLooks, "cancelled"];

/** One look a task from the letters of `jobStates`; "waiting" for what is not told. */
export function looksOf(letters: string, count: number): Uint8Array {
  const byCode = new Map<number, number>();
  for (const [letter, state] of Object.entries(taskStateLetters)) {
    byCode.set(letter.charCodeAt(0), cellLooks.indexOf(lookOf(state)));
  }
  const waiting = cellLooks.indexOf("waiting");
  return Uint8Array.from({ length: count }, (_, task) =>
    task < letters.length ? (byCode.get(letters.charCodeAt(task)) ?? waiting) : waiting,
  );
}
