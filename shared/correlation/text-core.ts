// Text of numbers and names in exported files; called once a pair, so it is written for speed.

/** A CSV field by RFC 4180: quoted when it holds a comma, a quote or a line break. */
export function quoteField(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/**
 * A short decimal that reads back as the same float32. Seven to nine significant digits always do;
 * the decimal is found by scaling, as `toPrecision` is several times slower.
 */
export function shortestFloat32(value: number): string {
  const size = Math.abs(value);
  // Values outside take the exact double, which is longer but equal; correlations are hardly there.
  if (size >= 1e-6 && size < 1) {
    let scale = 1e7;
    for (let bound = size * 10; bound < 1; bound *= 10) scale *= 10;
    for (let digits = 7; digits <= 9; digits += 1) {
      const rounded = Math.round(value * scale) / scale;
      if (Math.fround(rounded) === value) return String(rounded);
      scale *= 10;
    }
  }
  return String(value);
}
