// About how large the files of a result will be, so that nobody is surprised by a gigabyte.
import type { CorrelationMeta } from "../../../shared/correlation/plan.ts";
import type { DatasetRecord, CorrelationFormat } from "../../../shared/protocol/http.ts";

/** A double in its shortest form, with the comma or line end: "-0.12345678901234567," and shorter. */
const VALUE_BYTES = { f64: 21, f32: 13 } as const;

export function exportSizes(
  record: Pick<DatasetRecord, "series">,
  meta: CorrelationMeta,
): Record<CorrelationFormat, number> {
  const n = meta.seriesCount;
  const namesBytes = record.series.reduce((sum, name) => sum + name.length + 1, 0);
  const valueBytes = VALUE_BYTES[meta.precision];
  const countBytes = String(meta.dateCount).length + 1;
  const pairs = (n * (n - 1)) / 2;
  return {
    "pairs.csv": pairs * ((2 * namesBytes) / n + valueBytes + countBytes),
    "matrix.csv": n * n * valueBytes + 2 * namesBytes,
    "matrix.npy": n * n * (meta.precision === "f64" ? 8 : 4) + 128,
    "covariance.npy": n * n * 8 + 128,
  };
}
