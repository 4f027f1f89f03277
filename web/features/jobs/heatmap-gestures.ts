// Turns pointer, wheel and key events on a picture into moves: drag, pinch, wheel, tap, keys.

/** All places are CSS pixels from the element's top left corner. */
export interface GestureHandlers {
  /** True when something changed; a wheel that changes nothing scrolls the page. */
  zoomBy(factor: number, xPx: number, yPx: number): boolean;
  panBy(dxPx: number, dyPx: number): void;
  /** The pointer rests here, or a finger tapped here; null: it left. */
  pointAt(place: { readonly xPx: number; readonly yPx: number } | null): void;
  /** A double click. */
  zoomInAt(xPx: number, yPx: number): void;
  /** A finger or the mouse was pressed and released here, without moving. */
  tapAt?(xPx: number, yPx: number): void;
  /** A wheel without ctrl, by pixels; true when it meant something. Without this it zooms, too. */
  scrollBy?(dxPx: number, dyPx: number): boolean;
  /** A key; true when it meant something. */
  pressKey(key: string, isShift: boolean): boolean;
}

interface Touch {
  readonly xPx: number;
  readonly yPx: number;
}

/** A finger that moved less than this has tapped. */
const TAP_SLOP_PX = 8;
/** One notch of a common wheel (100 px) zooms by a third. */
const ZOOM_A_PIXEL = 0.0028;
const LINE_PX = 16;
const PAGE_PX = 400;

/** Listens until the returned function is called. */
export function attachGestures(element: HTMLElement, handlers: GestureHandlers): () => void {
  const touches = new Map<number, Touch>();
  let movedPx = 0;

  const place = (event: MouseEvent): Touch => {
    const box = element.getBoundingClientRect();
    return { xPx: event.clientX - box.left, yPx: event.clientY - box.top };
  };

  const onPointerDown = (event: PointerEvent): void => {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    if (touches.size === 0) movedPx = 0;
    touches.set(event.pointerId, place(event));
    element.setPointerCapture(event.pointerId);
  };

  const onPointerMove = (event: PointerEvent): void => {
    const now = place(event);
    const before = touches.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType !== "touch") handlers.pointAt(now);
      return;
    }
    const other = [...touches].find(([id]) => id !== event.pointerId)?.[1];
    touches.set(event.pointerId, now);
    const [dx, dy] = [now.xPx - before.xPx, now.yPx - before.yPx];
    movedPx += Math.hypot(dx, dy);
    if (other === undefined) {
      if (movedPx < TAP_SLOP_PX) return;
      element.dataset["dragging"] = "true";
      handlers.panBy(dx, dy);
      if (event.pointerType !== "touch") handlers.pointAt(now);
      return;
    }
    const distance = (a: Touch): number => Math.hypot(a.xPx - other.xPx, a.yPx - other.yPx);
    const centre = { xPx: (now.xPx + other.xPx) / 2, yPx: (now.yPx + other.yPx) / 2 };
    handlers.panBy(dx / 2, dy / 2);
    handlers.zoomBy(distance(now) / Math.max(1, distance(before)), centre.xPx, centre.yPx);
  };

  const onPointerUp = (event: PointerEvent): void => {
    if (!touches.delete(event.pointerId)) return;
    delete element.dataset["dragging"];
    if (event.type === "pointerup" && movedPx < TAP_SLOP_PX && touches.size === 0) {
      const at = place(event);
      handlers.pointAt(at);
      handlers.tapAt?.(at.xPx, at.yPx);
    }
  };

  const onPointerLeave = (event: PointerEvent): void => {
    if (event.pointerType !== "touch" && touches.size === 0) handlers.pointAt(null);
  };

  const onWheel = (event: WheelEvent): void => {
    const unit = event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? PAGE_PX : 1;
    if (handlers.scrollBy !== undefined && !event.ctrlKey && !event.metaKey) {
      // Common wheels have one direction; Shift turns it.
      const [dx, dy] = event.shiftKey ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
      if (handlers.scrollBy(dx * unit, dy * unit)) event.preventDefault();
      return;
    }
    // Pinching on a touchpad comes as a wheel with ctrl and small steps.
    const strength = event.ctrlKey ? 4 : 1;
    const step = Math.max(-300, Math.min(300, event.deltaY * unit * strength));
    const { xPx, yPx } = place(event);
    const hasChanged = handlers.zoomBy(Math.exp(-step * ZOOM_A_PIXEL), xPx, yPx);
    if (hasChanged || event.ctrlKey) event.preventDefault();
  };

  const onDoubleClick = (event: MouseEvent): void => {
    const { xPx, yPx } = place(event);
    handlers.zoomInAt(xPx, yPx);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (handlers.pressKey(event.key, event.shiftKey)) event.preventDefault();
  };

  const onBlur = (): void => handlers.pointAt(null);

  const listening = new AbortController();
  const { signal } = listening;
  element.addEventListener("pointerdown", onPointerDown, { signal });
  element.addEventListener("pointermove", onPointerMove, { signal });
  element.addEventListener("pointerup", onPointerUp, { signal });
  element.addEventListener("pointercancel", onPointerUp, { signal });
  element.addEventListener("pointerleave", onPointerLeave, { signal });
  element.addEventListener("wheel", onWheel, { signal, passive: false });
  element.addEventListener("dblclick", onDoubleClick, { signal });
  element.addEventListener("keydown", onKeyDown, { signal });
  element.addEventListener("blur", onBlur, { signal });
  return () => listening.abort();
}
