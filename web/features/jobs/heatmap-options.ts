// What a heatmap is made from, and what it tells.
import type { CorrelationMatrix } from "../../../shared/correlation/matrix.ts";

export interface PointedPair {
  readonly i: number;
  readonly j: number;
  /** NaN: undefined; undefined: not yet there. */
  readonly correlation: number | undefined;
  readonly observations: number | undefined;
}

export interface ZoomState {
  readonly isWhole: boolean;
  readonly isClosest: boolean;
}

export interface HeatmapOptions {
  /** Positioned; its size is the heatmap's. It gets two canvases and the events. */
  readonly element: HTMLElement;
  /** With levels: at most LEVELS_SERIES_MAX series. */
  readonly matrix: CorrelationMatrix;
  readonly names: readonly string[];
  readonly order: Uint32Array;
  readonly onPointed: (pair: PointedPair | null) => void;
  readonly onZoomed: (zoom: ZoomState) => void;
}
