// What sending a table in half precision would change, as measured on it, in a sentence.
import type { HalfError } from "../../../shared/correlation/half-error.ts";
import { formatCount, formatPlural } from "../../components/format.ts";

/** The answer of the thread that holds the table, by the minimum of observations it was asked for. */
export type HalfMeasure =
  | { readonly state: "unknown" }
  | { readonly state: "measuring"; readonly minPeriods: number }
  | { readonly state: "known"; readonly minPeriods: number; readonly error: HalfError }
  | { readonly state: "failed"; readonly minPeriods: number; readonly reason: string };

/** "0.0004": one figure, rounded up, as a bound is read. */
function bound(value: number): string {
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(value));
  const digit = Math.ceil(value / 10 ** exponent - 1e-9);
  return (digit * 10 ** exponent).toFixed(Math.max(0, -exponent));
}

export function halfWords({ pairs, largest, typical, lost }: HalfError): string {
  if (pairs === 0) return "No pair of this table could be compared, so the error is not known.";
  const compared = formatPlural(pairs, "pair");
  const changes =
    largest === 0
      ? `Of ${compared} compared, no correlation of this table changes.`
      : `Of ${compared} of this table compared, half change by less than ${bound(typical)}, none by more than ${bound(largest)}.`;
  return lost === 0
    ? changes
    : `${changes} ${formatCount(lost)} of them lose their correlation: too few digits are left.`;
}
