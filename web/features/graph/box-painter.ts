// Draws the things of a graph: a group's box with its bar, cells with their patterns, words.
import { groupCountWords, groupParts } from "../jobs/group-rows.ts";
import { cellLooks, type GraphInks } from "./graph-inks.ts";
import { CELL_PX, LABEL_PX, PITCH_PX, type Block } from "./graph-layout.ts";
import type { GraphScene } from "./graph-scene.ts";

export interface BoxPainter {
  box(scene: GraphScene, block: Block, scale: number): void;
  /** The cells of these columns. */
  cells(scene: GraphScene, block: Block, columns: readonly [number, number], scale: number): void;
  label(scene: GraphScene, block: Block, scale: number): void;
}

const PAD_PX = 12;
const BAR_PX = 8;
const NAME_PX = 14;
/** On the screen, when the box is far away. */
const NAME_FAR_PX = 11;
/** What is left of a box above its bar. */
const NAME_MAX_PX = 36;
const COUNT_PX = 12;
/** Smaller letters than this on the screen cannot be read. */
const LETTERS_MIN_PX = 7;
/** Cells of this size show how they stand by a pattern, too. */
const PATTERN_CELL_MIN_PX = 8;

export function createBoxPainter(pen: CanvasRenderingContext2D, inks: GraphInks): BoxPainter {
  const fitted = new Map<string, string>();

  /** As much of the words as fits; measured once. */
  function fit(words: string, widthPx: number): string {
    const key = `${pen.font}/${Math.round(widthPx)}/${words}`;
    let text = fitted.get(key);
    if (text !== undefined) return text;
    text = words;
    for (let length = words.length - 1; length > 0; length -= 1) {
      if (pen.measureText(text).width <= widthPx) break;
      text = `${words.slice(0, length)}…`;
    }
    if (pen.measureText(text).width > widthPx) text = "";
    if (fitted.size > 2_000) fitted.clear();
    fitted.set(key, text);
    return text;
  }

  function bar(scene: GraphScene, block: Block): void {
    const group = scene.counts[block.group];
    const top = block.y + block.height - PAD_PX - BAR_PX + 2;
    const width = block.width - 2 * PAD_PX;
    let left = block.x + PAD_PX;
    pen.fillStyle = inks.sunken;
    pen.fillRect(left, top, width, BAR_PX);
    if (group === undefined || group.total === 0) return;
    for (const [look, count] of groupParts(group)) {
      const part = (width * count) / group.total;
      pen.fillStyle = inks.fills[look];
      pen.fillRect(left, top, part, BAR_PX);
      const pattern = inks.patterns[look];
      if (pattern !== null) {
        pen.fillStyle = pattern;
        pen.fillRect(left, top, part, BAR_PX);
      }
      left += part;
    }
  }

  return {
    box(scene, block, scale) {
      const { x, y, width, height } = block;
      const group = scene.counts[block.group];
      pen.fillStyle = inks.surface;
      pen.strokeStyle = (group?.failed ?? 0) > 0 ? inks.fills.failed : inks.lineStrong;
      pen.lineWidth = Math.max(1, 1 / scale);
      pen.beginPath();
      pen.roundRect(x, y, width, height, 8);
      pen.fill();
      pen.stroke();
      bar(scene, block);
      // Far out the name grows as far as the box has room for it; then it stands alone.
      const namePx = Math.max(NAME_PX, NAME_FAR_PX / scale);
      if (namePx > NAME_MAX_PX) return;
      const name = scene.names[block.group];
      pen.textBaseline = "alphabetic";
      pen.fillStyle = inks.text;
      pen.font = `600 ${namePx}px ${inks.font}`;
      const words = name === undefined ? "" : [name.label, name.mark].join(" ").trim();
      pen.fillText(fit(words, width - 2 * PAD_PX), x + PAD_PX, y + 8 + namePx);
      const hasRoom = namePx <= NAME_PX + 2 && scale * COUNT_PX >= LETTERS_MIN_PX;
      if (group === undefined || !hasRoom) return;
      pen.font = `${COUNT_PX}px ${inks.font}`;
      pen.fillStyle = inks.muted;
      const failed = group.failed === 0 ? "" : `, ${group.failed} failed`;
      pen.fillText(fit(groupCountWords(group) + failed, width - 2 * PAD_PX), x + PAD_PX, y + 40);
    },

    cells({ layout, looks }, block, [first, last], scale) {
      const batches = cellLooks.map((): Path2D | null => null);
      const hasPatterns = scale * CELL_PX >= PATTERN_CELL_MIN_PX;
      for (let column = first; column < last; column += 1) {
        for (let row = 0; row < block.rows; row += 1) {
          const at = column * block.rows + row;
          if (at >= block.count) break;
          const look = looks[layout.order[block.first + at] ?? 0] ?? 0;
          const path = (batches[look] ??= new Path2D());
          const x = block.x + column * PITCH_PX;
          const y = block.y + LABEL_PX + row * PITCH_PX;
          if (hasPatterns) path.roundRect(x, y, CELL_PX, CELL_PX, 3);
          else path.rect(x, y, CELL_PX, CELL_PX);
        }
      }
      batches.forEach((path, index) => {
        const look = cellLooks[index];
        if (path === null || look === undefined) return;
        pen.fillStyle = inks.fills[look];
        pen.fill(path);
        const pattern = inks.patterns[look];
        if (hasPatterns && pattern !== null) {
          pen.fillStyle = pattern;
          pen.fill(path);
        }
        if (look === "cancelled") {
          pen.strokeStyle = inks.lineStrong;
          pen.lineWidth = 1;
          pen.stroke(path);
        }
      });
    },

    label(scene, block, scale) {
      if (scale * COUNT_PX < LETTERS_MIN_PX) return;
      const name = scene.names[block.group];
      if (name === undefined) return;
      pen.textBaseline = "alphabetic";
      pen.fillStyle = inks.muted;
      pen.font = `${COUNT_PX}px ${inks.font}`;
      // Words may be a little wider than a narrow block: there is room between layers.
      const width = Math.max(block.width, 3 * PITCH_PX);
      pen.fillText(fit(`− ${name.label} ${name.mark}`.trim(), width), block.x, block.y + 14);
    },
  };
}
