// Numbers, sizes, times and rates as people say them; every view writes figures through this file.

/** The reader's; tests of the words run without a page, and must not depend on the machine. */
const LOCALE = typeof document === "undefined" ? "en-GB" : navigator.language;
const wholeNumber = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(LOCALE, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const plainNumber = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 9 });
const shortDate = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const wholeDate = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full" });
const clockTime = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** "2,000" */
export function formatCount(value: number): string {
  return wholeNumber.format(value);
}

/** "24.5 million", "8,000". */
export function formatLarge(value: number): string {
  if (value < 1_000_000) return formatCount(value);
  const millions = value / 1_000_000;
  // 999.95 million would print as "1,000 million".
  const [figure, unit] = millions < 999.5 ? [millions, "million"] : [millions / 1_000, "billion"];
  return `${figure < 99.95 ? oneDigit.format(figure) : formatCount(figure)} ${unit}`;
}

/** A count that somebody chose: "10 million", "1.5 billion", and every digit where it is not round. */
export function formatRound(value: number): string {
  if (value < 1_000_000 || value % 100_000 !== 0) return formatCount(value);
  const [figure, unit] =
    value < 1e9 || value % 1e8 !== 0 ? [value / 1e6, "million"] : [value / 1e9, "billion"];
  return `${plainNumber.format(figure)} ${unit}`;
}

/** "1 machine", "3 machines"; `many` defaults to the singular with an s. */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** One digit after the point below ten, none from there on: "4.1", "41". */
function threeFigures(value: number): string {
  return value < 9.95 ? oneDigit.format(value) : wholeNumber.format(value);
}

const BYTE_UNITS = ["kB", "MB", "GB", "TB"] as const;

/** "312 B", "4.1 kB", "62 MB": decimal units, as disks and networks are sold. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${wholeNumber.format(bytes)} B`;
  let value = bytes / 1_000;
  let unit = 0;
  // 999.5 would print as "1,000 kB".
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${threeFigures(value)} ${BYTE_UNITS[unit] ?? "TB"}`;
}

/** "350 ms", "4.2 s", "38 s", "3 min 20 s", "2 h 5 min". */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < 999.5) return `${wholeNumber.format(ms)} ms`;
  if (ms < 59.5 * SECOND_MS) return `${threeFigures(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS - SECOND_MS / 2) {
    const seconds = Math.round(ms / SECOND_MS);
    const rest = seconds % 60;
    return `${Math.floor(seconds / 60)} min${rest === 0 ? "" : ` ${rest} s`}`;
  }
  const minutes = Math.round(ms / MINUTE_MS);
  const rest = minutes % 60;
  return `${formatCount(Math.floor(minutes / 60))} h${rest === 0 ? "" : ` ${rest} min`}`;
}

/** "a moment", "12 min", "2 h 5 min", "3 days": how long something lasts that still goes on. */
export function formatSpan(durationMs: number): string {
  if (durationMs < MINUTE_MS) return "a moment";
  if (durationMs < HOUR_MS) return `${Math.floor(durationMs / MINUTE_MS)} min`;
  if (durationMs >= 2 * DAY_MS) return `${formatCount(Math.floor(durationMs / DAY_MS))} days`;
  const minutes = Math.floor(durationMs / MINUTE_MS);
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? "" : ` ${rest} min`}`;
}

/** "about 2 min left", "a few seconds left"; the estimate is rough, so the words are too. */
export function formatTimeLeft(leftMs: number): string {
  if (!Number.isFinite(leftMs)) return "estimating the time left";
  if (leftMs < 8 * SECOND_MS) return "a few seconds left";
  if (leftMs < 50 * SECOND_MS) return `about ${Math.round(leftMs / 10_000) * 10} s left`;
  if (leftMs < 59.5 * MINUTE_MS)
    return `about ${Math.max(1, Math.round(leftMs / MINUTE_MS))} min left`;
  return `about ${formatCount(Math.round(leftMs / HOUR_MS))} h left`;
}

/** "12 tasks/s", "0.4 tasks/s". */
export function formatRate(perSecond: number, unit: string): string {
  return `${perSecond > 0 ? threeFigures(perSecond) : "0"} ${unit}/s`;
}

/** "4.1 MB/s". */
export function formatByteRate(bytesPerSecond: number): string {
  return `${formatBytes(Math.max(0, bytesPerSecond))}/s`;
}

/** "2.3 times", "0.8 times", "14 times": how much more one is than another. */
export const formatTimes = (factor: number): string => `${threeFigures(Math.max(0, factor))} times`;

/** 0.053 → "5.3%", 0.53 → "53%"; never "0%" for more than nothing nor "100%" for less than all. */
export function formatPercent(share: number): string {
  if (!Number.isFinite(share) || share <= 0) return "0%";
  if (share >= 1) return "100%";
  const percent = share * 100;
  if (percent < 0.1) return "<0.1%";
  if (percent > 99 && percent < 100) return `${Math.min(99.9, Math.floor(percent * 10) / 10)}%`;
  return `${threeFigures(percent)}%`;
}

/** "just now", "3 min ago", "2 h ago", "yesterday", "12 Mar". */
export function formatAgo(atMs: number, nowMs: number): string {
  const agoMs = Math.max(0, nowMs - atMs);
  if (agoMs < 45 * SECOND_MS) return "just now";
  if (agoMs < 59.5 * MINUTE_MS) return `${Math.max(1, Math.round(agoMs / MINUTE_MS))} min ago`;
  if (agoMs < 12 * HOUR_MS) return `${Math.round(agoMs / HOUR_MS)} h ago`;
  const atDay = new Date(atMs).setHours(0, 0, 0, 0);
  const nowDay = new Date(nowMs).setHours(0, 0, 0, 0);
  const days = Math.round((nowDay - atDay) / DAY_MS);
  if (days === 0) return `today, ${clockTime.format(atMs)}`;
  return days === 1 ? "yesterday" : shortDate.format(atMs);
}

/** A correlation with a real minus sign and fixed digits: "−0.8312"; "–" where undefined. */
export function formatCorrelation(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return "–";
  return value.toFixed(digits).replace("-", "−");
}

const fixedFormats = new Map<number, Intl.NumberFormat>();

/** Fixed digits after the point, thousands apart, a real minus sign: "−1,234.50". */
export function formatFigure(value: number, digits: number): string {
  if (!Number.isFinite(value)) return "–";
  let format = fixedFormats.get(digits);
  if (format === undefined) {
    format = new Intl.NumberFormat(LOCALE, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    fixedFormats.set(digits, format);
  }
  return format.format(value).replace("-", "−");
}

/** A number that somebody chose, with no more digits than it has: "0.2", "1,460", "99.95". */
export function formatPlain(value: number): string {
  return plainNumber.format(value).replace("-", "−");
}

/** Beyond this many digits after the point a figure cannot be read. */
const DIGITS_MAX = 9;

/** Digits after the point that a figure deserves: two figures of its standard error. */
export function digitsOf(standardError: number): number {
  if (!(standardError > 0) || !Number.isFinite(standardError)) return 4;
  return Math.min(DIGITS_MAX, Math.max(0, 1 - Math.floor(Math.log10(standardError))));
}

const clockFormats = new Map<string, Intl.DateTimeFormat>();

/**
 * The time of day with what steps of `stepMs` need: "14:05", "14:05:09", "14:05:09.250"; from steps
 * of a day on, the date.
 */
export function formatClock(atMs: number, stepMs: number): string {
  if (stepMs >= DAY_MS) return shortDate.format(atMs);
  const digits = stepMs >= SECOND_MS ? 0 : stepMs >= 100 ? 1 : stepMs >= 10 ? 2 : 3;
  const hasSeconds = stepMs < MINUTE_MS;
  const key = `${hasSeconds}${digits}`;
  let format = clockFormats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(LOCALE, {
      hour: "2-digit",
      minute: "2-digit",
      ...(hasSeconds ? { second: "2-digit" } : {}),
      ...(digits === 0 ? {} : { fractionalSecondDigits: digits }),
    });
    clockFormats.set(key, format);
  }
  return format.format(atMs);
}

/** "Friday 27 November 2026" */
export const formatDay = (atMs: number): string => wholeDate.format(atMs);
