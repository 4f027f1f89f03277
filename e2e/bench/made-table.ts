// Tables of made-up daily returns: any series can be made anew from the seed, in Node and in browsers.
import type { ParsedTable } from "../../shared/ingest/finish-table.ts";
import { createReport } from "../../shared/ingest/report.ts";
import { createPrng, nextFloat, type Prng } from "../../shared/prng.ts";

/** What a table is made from; tables that differ in `missing` only have the same values elsewhere. */
export interface TableShape {
  readonly seed: number;
  readonly series: number;
  readonly dates: number;
  /** The share of values that are missing, at random. */
  readonly missing: number;
}

const MARKET_SHARE = 0.01;
const OWN_SHARE = 0.02;
/** Of a sum of four uniform numbers in [0, 1). */
const SUM_MEAN = 2;
const SUM_SD = Math.sqrt(4 / 12);

export function makeTable(shape: TableShape): ParsedTable {
  const market = makeMarket(shape);
  const read = (series: number, target: Float64Array): void => {
    // Stream 0 is the market's.
    const prng = createPrng(shape.seed, series + 1);
    for (let date = 0; date < target.length; date += 1) {
      const value = (market[date] ?? 0) + OWN_SHARE * bellShaped(prng);
      // Drawn in any case, so that the values do not depend on how many of them are missing.
      target[date] = nextFloat(prng) < shape.missing ? NaN : value;
    }
  };
  return {
    kind: "table",
    series: Array.from({ length: shape.series }, (_, i) => `S${String(i).padStart(5, "0")}`),
    dates: Array.from({ length: shape.dates }, (_, date) => dayAfter(date)),
    missingShare: shape.missing,
    dropped: [],
    report: createReport("utf-8"),
    read,
    at: (series) => {
      const values = new Float64Array(shape.dates);
      read(series, values);
      return values;
    },
    release: () => undefined,
  };
}

function makeMarket({ seed, dates }: TableShape): Float64Array {
  const prng = createPrng(seed);
  return new Float64Array(dates).map(() => MARKET_SHARE * bellShaped(prng));
}

/** Mean 0, variance 1, bounded: a correlation asks for no better, and it needs no logarithm. */
function bellShaped(prng: Prng): number {
  const sum = nextFloat(prng) + nextFloat(prng) + nextFloat(prng) + nextFloat(prng);
  return (sum - SUM_MEAN) / SUM_SD;
}

const dayAfter = (days: number): string =>
  new Date(Date.UTC(2000, 0, 3 + days)).toISOString().slice(0, 10);
