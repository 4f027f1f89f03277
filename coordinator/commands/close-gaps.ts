// What becomes of a table with gaps: refused where it must be complete, or cut to its common dates.
import { atCommonDates, findCommonDates } from "../../shared/ingest/common-dates.ts";
import type { ParsedTable } from "../../shared/ingest/finish-table.ts";
import { countText } from "../../shared/ingest/table-layout.ts";
import { CommandError } from "./command-error.ts";

/** A correlation of two observations is always 1 or -1. */
const DATES_MIN = 3;

export interface GapOptions {
  /** Keep only the dates that all series have. */
  readonly commonDates?: boolean;
  /** Needs a table without gaps. */
  readonly shrink?: boolean;
}

export interface ClosedTable {
  readonly table: ParsedTable;
  readonly notices: readonly string[];
}

/** The table as the options need it. Throws CommandError (2) when it cannot be had. */
export function closeGaps(table: ParsedTable, options: GapOptions): ClosedTable {
  const { commonDates = false, shrink = false } = options;
  if (!commonDates && !shrink) return { table, notices: [] };
  const common = findCommonDates(table);
  if (common.seriesWithGaps === 0) return { table, notices: [] };
  const seriesCount = table.series.length;
  const dateCount = table.dates.length;
  const [kept, all, series] = [common.kept.length, dateCount, seriesCount].map(countText);
  if (!commonDates) {
    const way =
      common.kept.length < DATES_MIN
        ? "Leave out the series with the most gaps, or leave out --shrink."
        : `Keep the ${kept} dates that all series have with --common-dates, or leave out --shrink.`;
    throw new CommandError(
      `--shrink needs a table without gaps, but ${countText(common.seriesWithGaps)} of ${series} series ` +
        `lack values, at ${countText(dateCount - common.kept.length)} of ${all} dates. ${way}`,
      2,
    );
  }
  if (common.kept.length < DATES_MIN) {
    throw new CommandError(
      `A correlation needs at least ${DATES_MIN} dates, but ${kept} of ${all} have values of all ` +
        `${series} series. Leave out the series with the most gaps.`,
      2,
    );
  }
  return {
    table: atCommonDates(table, common),
    notices: [`Kept the ${kept} of ${all} dates that all ${series} series have.`],
  };
}
