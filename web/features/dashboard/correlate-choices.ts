// Which options of a correlation go together, and with the table; the reasons are for people.
import {
  conflictOf,
  parseCorrelationMeta,
  type CorrelationOptions,
} from "../../../shared/correlation/plan.ts";
import type { JsonValue } from "../../../shared/graph/task.ts";
import type { DatasetId } from "../../../shared/ids.ts";
import type { Transport } from "../../../shared/protocol/http.ts";
import { formatPercent } from "../../components/format.ts";

export type Choices = Pick<CorrelationOptions, "method" | "precision" | "isFast" | "shrinkage">;

/** What of the table decides about options. */
export interface ChoiceTable {
  /** How it was sent already; null while it is only here. */
  readonly transport: Transport | null;
  readonly missingShare: number;
}

/** Tables that were sent as halves can be used as halves only. */
export const firstChoices = ({ transport }: ChoiceTable): Choices => ({
  method: "pearson",
  precision: transport === "f16" ? "f16" : "f64",
  isFast: false,
  shrinkage: "none",
});

/** The table of a job and the choices that it was made with. Throws PlanError when it is no correlation. */
export function choicesOf(meta: JsonValue): {
  readonly dataset: DatasetId;
  readonly options: CorrelationOptions;
} {
  const { dataset, method, minPeriods, isFast, shrinkage, tile, ...sent } =
    parseCorrelationMeta(meta);
  const precision = sent.transport === "f16" ? "f16" : sent.precision;
  return { dataset, options: { method, minPeriods, precision, isFast, shrinkage, tile } };
}

/** Why these choices cannot be made of this table, or not together; null when they can. */
export function obstacleTo(choices: Choices, table: ChoiceTable): string | null {
  const { precision, shrinkage } = choices;
  if (table.transport === "f16" && precision !== "f16") {
    return "This table was sent in half precision: drop the file again to send all of its digits.";
  }
  if (table.transport === "f64" && precision === "f16") {
    return "This table was sent with all of its digits already: single precision is as quick.";
  }
  if (shrinkage !== "none" && table.missingShare > 0) {
    const share = formatPercent(table.missingShare);
    return `Shrinkage needs a table without gaps, but ${share} of the values of this one are missing.`;
  }
  return conflictOf(choices);
}

/** Why one more choice cannot be added to those made; null for one that is made already. */
export function obstacleToChange(
  choices: Choices,
  change: Partial<Choices>,
  table: ChoiceTable,
): string | null {
  const changed = { ...choices, ...change };
  const isMade = (Object.keys(changed) as (keyof Choices)[]).every(
    (key) => changed[key] === choices[key],
  );
  return isMade ? null : obstacleTo(changed, table);
}
