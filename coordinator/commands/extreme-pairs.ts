// The highest and the lowest correlations in a file of all pairs.
import { createReadStream } from "node:fs";
import { createCsvTokenizer } from "../../shared/ingest/csv-tokenizer.ts";

export interface Pair {
  readonly first: string;
  readonly second: string;
  readonly correlation: number;
  readonly observations: number;
}

export interface ExtremePairs {
  /** Highest first. */
  readonly strongest: readonly Pair[];
  /** Lowest first. */
  readonly weakest: readonly Pair[];
}

/** Reads `series_1,series_2,correlation,observations`; undefined correlations do not count. */
export async function readExtremePairs(path: string, count: number): Promise<ExtremePairs> {
  const strongest: Pair[] = [];
  const weakest: Pair[] = [];
  const tokenizer = createCsvTokenizer({ delimiter: ",", quote: '"' }, (cells, line) => {
    const [first = "", second = "", correlation = "", observations = ""] = cells;
    if (line === 1 || correlation === "") return true;
    const pair = {
      first,
      second,
      correlation: Number(correlation),
      observations: Number(observations),
    };
    keep(strongest, pair, count, (a, b) => b.correlation - a.correlation);
    keep(weakest, pair, count, (a, b) => a.correlation - b.correlation);
    return true;
  });
  const stream = createReadStream(path, { encoding: "utf8" }) as AsyncIterable<string>;
  for await (const text of stream) tokenizer.push(text);
  tokenizer.finish();
  return { strongest, weakest };
}

/** Inserts `pair` where it belongs among the first `count`. */
function keep(list: Pair[], pair: Pair, count: number, order: (a: Pair, b: Pair) => number): void {
  const last = list[count - 1];
  if (last !== undefined && order(pair, last) >= 0) return;
  const place = list.findIndex((other) => order(pair, other) < 0);
  list.splice(place < 0 ? list.length : place, 0, pair);
  list.length = Math.min(list.length, count);
}
