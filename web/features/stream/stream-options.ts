// What a task stream is made from, and what it tells.
import type { ActivityStore } from "./activity-store.ts";
import type { PresentMachine, StreamLayout } from "./stream-layout.ts";
import type { Picked } from "./stream-pick.ts";

export interface StreamViewOptions {
  readonly store: ActivityStore;
  /** Holds the time axis. */
  readonly axis: HTMLElement;
  /** Scrolls the lanes up and down; has the keyboard. */
  readonly scroller: HTMLElement;
  /** Sticks to the visible part of the scroller; holds the lanes. */
  readonly window: HTMLElement;
  readonly present: () => readonly PresentMachine[];
  /** Whether more may come. */
  readonly isLive: () => boolean;
  readonly onLayout: (layout: StreamLayout) => void;
  readonly onPointed: (pointed: Pointed | null) => void;
  readonly onSelected: (selected: Picked | null) => void;
  readonly onOpened: (picked: Picked) => void;
  /** The stretch in view or what is known of it changed. */
  readonly onMoved: () => void;
}

export interface Pointed {
  readonly picked: Picked;
  /** CSS pixels from the top left corner of the window. */
  readonly xPx: number;
  readonly yPx: number;
}
