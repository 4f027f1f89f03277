// Tables for tests that need more work than a small real file gives, from a seed.
import { writeFile } from "node:fs/promises";
import { createPrng, nextFloat } from "../shared/prng.ts";

/**
 * Writes a wide CSV of daily returns with a common factor: `series` columns, `dates` rows, and the
 * share `missing` of its cells empty. The same arguments write the same bytes.
 */
export async function writeReturns(
  path: string,
  table: { series: number; dates: number; missing: number; seed?: number },
): Promise<string> {
  const prng = createPrng(table.seed ?? 1);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - nextFloat(prng))) * Math.cos(2 * Math.PI * nextFloat(prng));
  const names = Array.from({ length: table.series }, (_, i) => `S${String(i).padStart(5, "0")}`);
  const lines = [`date,${names.join(",")}`];
  for (let row = 0; row < table.dates; row += 1) {
    const date = new Date(Date.UTC(2000, 0, 3 + row)).toISOString().slice(0, 10);
    const market = 0.01 * normal();
    const cells = names.map(() => {
      const value = market + 0.02 * normal();
      return nextFloat(prng) < table.missing ? "" : value.toPrecision(9);
    });
    lines.push(`${date},${cells.join(",")}`);
  }
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}
