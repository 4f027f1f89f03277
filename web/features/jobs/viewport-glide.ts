// Glides from one viewport to another in a fifth of a second, keeping one point of the matrix still.
import type { Viewport } from "./viewport.ts";

const GLIDE_MS = 200;

export class ViewportGlide {
  #from: Viewport = { x: 0, y: 0, scale: 1 };
  #to: Viewport | null = null;
  #startMs = 0;

  /** Where the glide will end; null when there is none. */
  get target(): Viewport | null {
    return this.#to;
  }

  start(from: Viewport, to: Viewport, nowMs: number): void {
    this.#from = from;
    this.#to = to;
    this.#startMs = nowMs;
  }

  stop(): void {
    this.#to = null;
  }

  /** The viewport at this time, exactly the target at the end; null when there is no glide. */
  at(nowMs: number): Viewport | null {
    const to = this.#to;
    if (to === null) return null;
    const from = this.#from;
    // A frame's time can be a little before the time at which the glide was started.
    const share = Math.max(0, (nowMs - this.#startMs) / GLIDE_MS);
    if (share >= 1) {
      this.#to = null;
      return to;
    }
    const eased = 1 - (1 - share) ** 3;
    const scale = from.scale * (to.scale / from.scale) ** eased;
    // Moving in step with the width in view keeps the common point of both views where it is.
    const isZoom = Math.abs(to.scale / from.scale - 1) > 1e-6;
    const moved = isZoom ? (1 / from.scale - 1 / scale) / (1 / from.scale - 1 / to.scale) : eased;
    return { x: from.x + (to.x - from.x) * moved, y: from.y + (to.y - from.y) * moved, scale };
  }
}
