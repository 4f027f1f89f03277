// Sorts a series' dates by value: by radix, on the 32 bits of the values in which they differ first.

const DIGITS: i32 = 4;
const DIGIT_VALUES: i32 = 256;
const HISTOGRAM_BYTES: usize = (<usize>DIGITS * <usize>DIGIT_VALUES) << 2;
/** Fewer dates that agree in 32 bits are sorted by insertion; more of them by radix once more. */
const INSERTION_MAX: i32 = 32;

/** Room for entries, their copies and the histograms. */
export function sortBytes(dates: i32): usize {
  return <usize>dates * 16 + HISTOGRAM_BYTES;
}

/** Where the entries are, each a date in the lower 32 bits of a u64. */
export function entriesAt(scratch: usize): usize {
  return scratch + HISTOGRAM_BYTES;
}

export function dateAt(entries: usize, k: i32): i32 {
  return load<i32>(entries + ((<usize>k) << 3));
}

/** An unsigned integer that orders as the finite `value` does; both zeros give the same. */
export function keyOf(value: f64): u64 {
  const bits = reinterpret<u64>(value + 0.0);
  return bits ^ (<u64>(<i64>bits >> 63) | 0x8000_0000_0000_0000);
}

/** The key of the value that an entry is about. */
export function keyAt(values: usize, entries: usize, k: i32): u64 {
  return keyOf(load<f64>(values + ((<usize>dateAt(entries, k)) << 3)));
}

/**
 * Sorts the dates in the first `count` entries by their values; `differing` has a bit set wherever any
 * two keys differ. `dates` is the room.
 */
export function sortDates(
  values: usize,
  scratch: usize,
  count: i32,
  dates: i32,
  differing: u64,
): void {
  const entries = entriesAt(scratch);
  const copies = entries + ((<usize>dates) << 3);
  // All keys begin with the same bits; the 32 after these go into the entries' upper half.
  const common = differing == 0 ? <u64>0 : clz<u64>(differing);
  for (let k = 0; k < count; k++) setUpper(entries, k, (keyAt(values, entries, k) << common) >> 32);
  sortUpper(scratch, entries, copies, count);
  for (let first = 0; first < count;) {
    const upper = load<u32>(entries + ((<usize>first) << 3), 4);
    let end = first + 1;
    while (end < count && load<u32>(entries + ((<usize>end) << 3), 4) == upper) end++;
    if (end - first > INSERTION_MAX) {
      const group = entries + ((<usize>first) << 3);
      for (let k = 0; k < end - first; k++) {
        setUpper(group, k, (keyAt(values, group, k) << common) & 0xffff_ffff);
      }
      sortUpper(scratch, group, copies, end - first);
    } else if (end - first > 1) insert(values, entries, first, end);
    first = end;
  }
}

function setUpper(entries: usize, k: i32, upper: u64): void {
  store<u32>(entries + ((<usize>k) << 3), <u32>upper, 4);
}

/** Sorts entries by their upper halves, and keeps those with equal ones in their order. */
function sortUpper(histograms: usize, entries: usize, copies: usize, count: i32): void {
  memory.fill(histograms, 0, HISTOGRAM_BYTES);
  const end = entries + ((<usize>count) << 3);
  for (let at = entries; at < end; at += 8) {
    const upper = load<u32>(at, 4);
    addOne(histograms + ((<usize>(upper & 255)) << 2));
    addOne(histograms + 1024 + ((<usize>((upper >> 8) & 255)) << 2));
    addOne(histograms + 2048 + ((<usize>((upper >> 16) & 255)) << 2));
    addOne(histograms + 3072 + ((<usize>(upper >> 24)) << 2));
  }
  let from = entries;
  let to = copies;
  for (let digit = 0; digit < DIGITS; digit++) {
    const histogram = histograms + ((<usize>(digit * DIGIT_VALUES)) << 2);
    if (!toStarts(histogram, count)) continue;
    move(histogram, <u64>(32 + 8 * digit), from, to, count);
    const swap = from;
    from = to;
    to = swap;
  }
  if (from != entries) memory.copy(entries, from, (<usize>count) << 3);
}

function addOne(at: usize): void {
  store<u32>(at, load<u32>(at) + 1);
}

/** Turns counts into first places. False when all have the same digit: nothing is to be moved. */
function toStarts(histogram: usize, count: i32): bool {
  let start: u32 = 0;
  for (let value = 0; value < DIGIT_VALUES; value++) {
    const at = histogram + ((<usize>value) << 2);
    const length = load<u32>(at);
    if (length == <u32>count) return false;
    store<u32>(at, start);
    start += length;
  }
  return true;
}

function move(starts: usize, shift: u64, from: usize, to: usize, count: i32): void {
  const end = from + ((<usize>count) << 3);
  for (; from < end; from += 8) {
    const entry = load<u64>(from);
    const start = starts + ((<usize>((entry >> shift) & 255)) << 2);
    const place = load<u32>(start);
    store<u32>(start, place + 1);
    store<u64>(to + ((<usize>place) << 3), entry);
  }
}

function insert(values: usize, entries: usize, first: i32, end: i32): void {
  for (let k = first + 1; k < end; k++) {
    const entry = load<u64>(entries + ((<usize>k) << 3));
    const key = keyAt(values, entries, k);
    let at = k;
    for (; at > first && keyAt(values, entries, at - 1) > key; at--) {
      store<u64>(entries + ((<usize>at) << 3), load<u64>(entries + ((<usize>(at - 1)) << 3)));
    }
    store<u64>(entries + ((<usize>at) << 3), entry);
  }
}
