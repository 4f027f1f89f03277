// The task stream without React: canvases, a viewport over time, and frames that draw what changed.
import type { WorkerId } from "../../../shared/ids.ts";
import { attachGestures } from "../jobs/heatmap-gestures.ts";
import { StreamCanvases } from "./stream-canvases.ts";
import type { GroupFilter } from "./lane-cover.ts";
import { readStreamInks, type StreamInks } from "./stream-inks.ts";
import { layOut, rowAt, type StreamLayout } from "./stream-layout.ts";
import type { StreamViewOptions } from "./stream-options.ts";
import { boxOf, type OverlayScene } from "./stream-overlay.ts";
import {
  firstPicked,
  pickAt,
  refreshed,
  stepAcross,
  stepAlong,
  stretchOf,
  type Picked,
} from "./stream-pick.ts";
import {
  FOLLOW_MS,
  following,
  LIVE_SPAN_MIN_MS,
  panBy,
  reveal,
  sameView,
  timeAt,
  toMsOf,
  wholeOf,
  zoomAbout,
  type Mode,
  type Span,
  type TimeViewport,
} from "./stream-viewport.ts";

/** Answers come twice a second: up to here everything that has ended is known. */
const DELAY_MS = 700;
const ZOOM_STEP = 2;
const REACH_PX = 4;
const PAN_STEP_PX = 80;

export class StreamView {
  readonly #options: StreamViewOptions;
  readonly #canvases: StreamCanvases;
  readonly #releases: (() => void)[] = [];
  readonly #emptyLayout: StreamLayout = layOut([], new Map(), []);
  #inks: StreamInks;
  #layout: StreamLayout = this.#emptyLayout;
  #layoutKey = "";
  #viewport: TimeViewport | null = null;
  #mode: Mode = "whole";
  /** Until the person moves, the view chooses by itself what is best to see. */
  #isUntouched = true;
  #filter: GroupFilter = null;
  #hovered: Picked | null = null;
  #selected: Picked | null = null;
  #size: readonly [number, number] = [0, 0];
  #request = 0;
  #timer = 0;
  #hasNewOverlay = true;

  constructor(options: StreamViewOptions) {
    this.#options = options;
    const { axis, window: holder, scroller } = options;
    this.#canvases = new StreamCanvases(holder, axis);
    this.#inks = readStreamInks(scroller);
    this.#listen();
  }

  get mode(): Mode {
    return this.#mode;
  }

  get layout(): StreamLayout {
    return this.#layout;
  }

  /** The stretch in view that something can be known of; null before there is any. */
  get span(): Span | null {
    const viewport = this.#viewport;
    const whole = this.#whole();
    if (viewport === null || whole === null) return null;
    const fromMs = Math.max(viewport.fromMs, whole.fromMs);
    return {
      fromMs,
      toMs: Math.max(fromMs, Math.min(toMsOf(viewport, this.#size[0]), whole.toMs)),
    };
  }

  /** In the words of the buttons: about the middle, or about now while following. */
  zoomBy(steps: number): void {
    const [widthPx] = this.#size;
    this.#zoom(ZOOM_STEP ** steps, this.#mode === "follow" ? widthPx : widthPx / 2, true);
  }

  showWhole(): void {
    this.#isUntouched = false;
    this.#mode = "whole";
    this.#viewport = null;
    this.#refit();
  }

  followNow(): void {
    this.#isUntouched = false;
    this.#follow();
  }

  showGroups(filter: GroupFilter): void {
    this.#filter = filter;
    this.#ask();
  }

  /** To be called first, and when something outside changed: machines, or whether more may come. */
  refresh(): void {
    this.#takeNews();
  }

  close(): void {
    for (const release of this.#releases.splice(0)) release();
    cancelAnimationFrame(this.#request);
    window.clearTimeout(this.#timer);
    this.#canvases.close();
  }

  #listen(): void {
    const { store, scroller, window: holder } = this.#options;
    const resize = new ResizeObserver(() => this.#takeSize());
    resize.observe(holder);
    const listening = new AbortController();
    const { signal } = listening;
    matchMedia("(prefers-color-scheme: dark)").addEventListener(
      "change",
      () => {
        this.#inks = readStreamInks(scroller);
        this.#ask();
      },
      { signal },
    );
    scroller.addEventListener("scroll", () => this.#ask(), { signal, passive: true });
    // Browsers stop frames of hidden pages: the first look afterwards draws what was missed.
    document.addEventListener("visibilitychange", () => this.#ask(), { signal });
    scroller.addEventListener("keydown", (event) => this.#takeKey(event), { signal });
    this.#releases.push(
      () => resize.disconnect(),
      () => listening.abort(),
      store.state.subscribe(() => this.#takeNews()),
      attachGestures(holder, {
        zoomBy: (factor, x) => this.#zoom(factor, x, false),
        panBy: (dx, dy) => {
          scroller.scrollTop -= dy;
          this.#pan(dx);
        },
        scrollBy: (dx, dy) => Math.abs(dx) > Math.abs(dy) && this.#pan(-dx),
        pointAt: (place) => this.#point(place),
        tapAt: (x, y) => this.#tap(x, y),
        zoomInAt: () => undefined,
        pressKey: () => false,
      }),
    );
  }

  #nowMs(): number {
    const { store, isLive } = this.#options;
    const nowMs = store.nowMs();
    return isLive() ? Math.max(0, nowMs - DELAY_MS) : nowMs;
  }

  /** From the first lease to the last end, or to now while more may come. */
  #whole(): Span | null {
    const { history } = this.#options.store;
    const fromMs = history.firstMs;
    if (fromMs === null) return null;
    const toMs = this.#options.isLive() ? this.#nowMs() : (history.lastMs ?? fromMs);
    return { fromMs, toMs: Math.max(fromMs, toMs) };
  }

  #takeNews(): void {
    const { store, present, onLayout, onMoved, onSelected } = this.#options;
    const { history } = store;
    const lanes = new Map<WorkerId, number>();
    for (const { machine, thread } of history.live) {
      lanes.set(machine.worker, Math.max(lanes.get(machine.worker) ?? 0, thread + 1));
    }
    const layout = layOut(history.machines, lanes, present());
    const key = layout.machines
      .map(({ worker, name, threads, machine }) => {
        const known = threads.filter(({ lane }) => lane !== null).length;
        return `${worker} ${name} ${threads.length} ${known} ${machine === null}`;
      })
      .join("\n");
    if (key !== this.#layoutKey) {
      this.#layoutKey = key;
      this.#layout = layout;
      onLayout(layout);
    }
    this.#hovered = this.#hovered === null ? null : refreshed(this.#hovered, this.#layout);
    const selected = this.#selected === null ? null : refreshed(this.#selected, this.#layout);
    if (selected === null && this.#selected !== null) onSelected(null);
    this.#selected = selected;
    this.#refit();
    onMoved();
  }

  /** Keeps up with what there is, in the ways that the mode asks for. */
  #refit(): void {
    const whole = this.#whole();
    const [widthPx] = this.#size;
    if (whole === null || widthPx === 0) return this.#ask();
    const isLong = whole.toMs - whole.fromMs > FOLLOW_MS;
    if (this.#isUntouched && this.#options.store.state.getState().isCaughtUp) {
      const isLive = this.#options.isLive();
      if (isLive && isLong && this.#mode === "whole") this.#follow();
      else if (!isLive && this.#mode !== "whole") this.#mode = "whole";
    }
    if (this.#mode === "whole" || this.#viewport === null) {
      const leastMs = this.#options.isLive() ? whole.fromMs + LIVE_SPAN_MIN_MS : whole.toMs;
      const toMs = Math.max(whole.toMs, leastMs);
      this.#viewport = wholeOf({ fromMs: whole.fromMs, toMs }, widthPx);
    }
    this.#ask();
  }

  #follow(): void {
    const whole = this.#whole();
    const [widthPx] = this.#size;
    if (whole === null || widthPx === 0) return;
    const shownMs = Math.min(FOLLOW_MS, Math.max(LIVE_SPAN_MIN_MS, whole.toMs - whole.fromMs));
    const msPerPx =
      this.#mode === "free" && this.#viewport !== null ? this.#viewport.msPerPx : shownMs / widthPx;
    this.#mode = "follow";
    this.#viewport = following({ fromMs: 0, msPerPx }, this.#nowMs(), widthPx);
    this.#changed();
  }

  #zoom(factor: number, xPx: number, keepsMode: boolean): boolean {
    const whole = this.#whole();
    if (whole === null || this.#viewport === null) return false;
    const next = zoomAbout(this.#viewport, whole, this.#size[0], factor, xPx);
    return this.#moveTo(next, keepsMode && this.#mode === "follow");
  }

  #pan(dxPx: number): boolean {
    const whole = this.#whole();
    if (whole === null || this.#viewport === null || dxPx === 0) return false;
    return this.#moveTo(panBy(this.#viewport, whole, this.#size[0], dxPx), false);
  }

  #moveTo(viewport: TimeViewport, keepsMode: boolean): boolean {
    if (this.#viewport !== null && sameView(viewport, this.#viewport)) return false;
    this.#isUntouched = false;
    if (!keepsMode) this.#mode = "free";
    this.#viewport = viewport;
    this.#unpoint();
    this.#changed();
    return true;
  }

  #changed(): void {
    this.#options.onMoved();
    this.#ask();
  }

  #unpoint(): void {
    if (this.#hovered === null) return;
    this.#hovered = null;
    this.#options.onPointed(null);
  }

  #pickAt(xPx: number, yPx: number): Picked | null {
    const row = rowAt(this.#layout, yPx + this.#options.scroller.scrollTop);
    if (row === null || this.#viewport === null) return null;
    const { history } = this.#options.store;
    const timeMs = timeAt(this.#viewport, xPx);
    const reachMs = REACH_PX * this.#viewport.msPerPx;
    return pickAt(row.rows, row.thread, timeMs, reachMs, (machine) => history.liveOf(machine));
  }

  #point(place: { readonly xPx: number; readonly yPx: number } | null): void {
    const picked = place === null ? null : this.#pickAt(place.xPx, place.yPx);
    if (picked?.attempt === this.#hovered?.attempt) return;
    this.#hovered = picked;
    const { onPointed } = this.#options;
    onPointed(picked === null || place === null ? null : { picked, ...place });
    this.#hasNewOverlay = true;
    this.#ask();
  }

  #tap(xPx: number, yPx: number): void {
    const picked = this.#pickAt(xPx, yPx);
    this.#select(picked);
    if (picked !== null) this.#options.onOpened(picked);
  }

  #select(picked: Picked | null): void {
    this.#selected = picked;
    this.#options.onSelected(picked);
    this.#hasNewOverlay = true;
    this.#ask();
  }

  #takeKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.#pressKey(event.key, event.shiftKey)) event.preventDefault();
  }

  #pressKey(key: string, isShift: boolean): boolean {
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const step = key === "ArrowLeft" ? -1 : 1;
      if (isShift) this.#pan(-step * PAN_STEP_PX);
      else this.#stepTo((from) => stepAlong(from, step));
    } else if (key === "ArrowUp" || key === "ArrowDown") {
      const step = key === "ArrowUp" ? -1 : 1;
      if (isShift) this.#options.scroller.scrollTop += step * PAN_STEP_PX;
      else this.#stepTo((from) => stepAcross(from, this.#layout, step, this.#nowMs()));
    } else if (key === "+" || key === "=") this.#zoomAtSelected(ZOOM_STEP);
    else if (key === "-" || key === "_") this.#zoomAtSelected(1 / ZOOM_STEP);
    else if (key === "0" || key === "Home") this.showWhole();
    else if (key === "End") this.followNow();
    else if (key === "Enter" && this.#selected !== null) this.#options.onOpened(this.#selected);
    else if (key === "Escape" && this.#selected !== null) this.#select(null);
    else return false;
    return true;
  }

  #zoomAtSelected(factor: number): void {
    const [widthPx] = this.#size;
    const scene = this.#scene();
    if (this.#selected === null || scene === null) return this.zoomBy(factor > 1 ? 1 : -1);
    const { left, width } = boxOf(this.#selected, scene);
    const middle = Math.min(widthPx, Math.max(0, left + width / 2));
    this.#zoom(factor, middle, false);
  }

  #stepTo(next: (from: Picked) => Picked | null): void {
    const { scroller } = this.#options;
    const whole = this.#whole();
    if (this.#viewport === null || whole === null) return;
    const middleMs = timeAt(this.#viewport, this.#size[0] / 2);
    const picked =
      this.#selected === null
        ? firstPicked(this.#layout, middleMs, scroller.scrollTop)
        : next(this.#selected);
    if (picked === null) return;
    this.#select(picked);
    const stretch = stretchOf(picked, this.#nowMs());
    this.#moveTo(reveal(this.#viewport, stretch, whole, this.#size[0]), false);
    const { topPx, heightPx } = picked.rows;
    if (topPx < scroller.scrollTop) scroller.scrollTop = topPx;
    const hiddenPx = topPx + heightPx - scroller.scrollTop - this.#size[1];
    if (hiddenPx > 0) scroller.scrollTop += Math.min(hiddenPx, topPx - scroller.scrollTop);
  }

  #takeSize(): void {
    const { window: holder } = this.#options;
    const [widthPx, heightPx] = [holder.clientWidth, holder.clientHeight];
    if (widthPx === 0 || heightPx === 0) return;
    const before = this.#size[0];
    this.#size = [widthPx, heightPx];
    this.#canvases.resize(widthPx, heightPx);
    if (this.#viewport !== null && before > 0) {
      const msPerPx = (this.#viewport.msPerPx * before) / widthPx;
      this.#viewport = { ...this.#viewport, msPerPx };
    }
    this.#refit();
    // A canvas that changes its size is empty until it is drawn: not one frame of that.
    this.#draw();
  }

  #ask(): void {
    if (this.#request !== 0) return;
    window.clearTimeout(this.#timer);
    this.#request = requestAnimationFrame(() => {
      this.#request = 0;
      this.#draw();
    });
  }

  #scene(): OverlayScene | null {
    const { store, scroller, isLive } = this.#options;
    if (this.#viewport === null) return null;
    const nowMs = this.#nowMs();
    return {
      layout: this.#layout,
      viewport:
        this.#mode === "follow" && isLive()
          ? following(this.#viewport, nowMs, this.#size[0])
          : this.#viewport,
      scrollPx: scroller.scrollTop,
      liveOf: (machine) => store.history.liveOf(machine),
      nowMs,
      filter: this.#filter,
      palette: this.#inks.palette,
      hovered: this.#hovered,
      selected: this.#selected,
      groups: store.history.groups,
      showsNow: isLive(),
    };
  }

  #draw(): void {
    const scene = this.#scene();
    if (scene === null) return;
    this.#viewport = scene.viewport;
    this.#canvases.draw(scene, this.#inks.overlay, this.#hasNewOverlay);
    this.#hasNewOverlay = false;
    this.#askAgain(scene);
  }

  /** While time goes on in view, the next frame is due when it has gone on by a column. */
  #askAgain({ viewport, nowMs }: OverlayScene): void {
    const isNowInView = nowMs <= toMsOf(viewport, this.#size[0]) + viewport.msPerPx;
    if (!this.#options.isLive() || !isNowInView || this.#mode === "whole" || document.hidden)
      return;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const dueMs = isCalm ? 500 : Math.min(500, viewport.msPerPx / this.#canvases.ratio);
    window.clearTimeout(this.#timer);
    if (dueMs < 16) this.#ask();
    else this.#timer = window.setTimeout(() => this.#ask(), dueMs);
  }
}
