// A virtual clock with its queue of things to come: simulations run without waiting.

export interface Timeline {
  nowMs: number;
  /** Runs `action` `delayMs` from now; equal times run in order of asking. */
  after(delayMs: number, action: () => void): void;
  /** Runs the next action; false when there is none. */
  advance(): boolean;
}

interface Entry {
  readonly atMs: number;
  readonly sequence: number;
  readonly action: () => void;
}

const isEarlier = (a: Entry, b: Entry): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);

export function createTimeline(): Timeline {
  const heap: Entry[] = [];
  let sequence = 0;
  const swap = (i: number, j: number): void => {
    const held = heap[i] as Entry;
    heap[i] = heap[j] as Entry;
    heap[j] = held;
  };
  const earlier = (i: number, j: number): boolean => isEarlier(heap[i] as Entry, heap[j] as Entry);
  return {
    nowMs: 0,
    after(delayMs, action) {
      heap.push({ atMs: this.nowMs + delayMs, sequence, action });
      sequence += 1;
      for (let i = heap.length - 1; i > 0;) {
        const parent = (i - 1) >> 1;
        if (!earlier(i, parent)) break;
        swap(i, parent);
        i = parent;
      }
    },
    advance() {
      const first = heap[0];
      if (first === undefined) return false;
      const last = heap.pop() as Entry;
      if (heap.length > 0) heap[0] = last;
      for (let i = 0; ;) {
        let least = i;
        for (const child of [2 * i + 1, 2 * i + 2]) {
          if (child < heap.length && earlier(child, least)) least = child;
        }
        if (least === i) break;
        swap(i, least);
        i = least;
      }
      this.nowMs = first.atMs;
      first.action();
      return true;
    },
  };
}
