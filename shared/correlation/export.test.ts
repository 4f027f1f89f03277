// Exports against small expected files, and against each other over random matrices.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeNpy } from "../codecs/npy.ts";
import type { CorrelationFormat } from "../protocol/http.ts";
import { createPrng, nextFloat } from "../prng.ts";
import { exportCorrelation, type CorrelationSource } from "./export.ts";
import type { Shrinkage } from "./ledoit-wolf.ts";
import type { Precision, Tile } from "./plan.ts";
import { quoteField, shortestFloat32 } from "./text-core.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** A source over a symmetric matrix r; observations of a pair (i, j) are 100·min + max. */
function sourceOf(
  series: string[],
  r: number[][],
  tile: number,
  precision: Precision = "f64",
  shrinkage: Shrinkage | null = null,
) {
  const read: Tile[] = [];
  const make = precision === "f64" ? Float64Array : Float32Array;
  const source: CorrelationSource = {
    series,
    tile,
    precision,
    shrinkage,
    encode,
    readTile: async (part) => {
      read.push(part);
      const values = new make(part.rowCount * part.colCount);
      const counts = new Uint16Array(values.length);
      for (let i = 0; i < values.length; i += 1) {
        const row = part.rowStart + Math.floor(i / part.colCount);
        const col = part.colStart + (i % part.colCount);
        values[i] = r[row]?.[col] ?? NaN;
        counts[i] = 100 * Math.min(row, col) + Math.max(row, col);
      }
      return { r: values, n: counts };
    },
  };
  return { source, read };
}

async function bytesOf(format: CorrelationFormat, source: CorrelationSource) {
  const chunks: Uint8Array[] = [];
  for await (const chunk of exportCorrelation(format, source)) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}
const textOf = async (format: CorrelationFormat, source: CorrelationSource) =>
  new TextDecoder().decode(await bytesOf(format, source));

function randomMatrix(side: number, seed: number): number[][] {
  const prng = createPrng(seed);
  const r = Array.from({ length: side }, () => Array.from({ length: side }, () => 0));
  for (let row = 0; row < side; row += 1) {
    for (let col = row; col < side; col += 1) {
      const value = row === col ? 1 : nextFloat(prng) < 0.1 ? NaN : nextFloat(prng) * 2 - 1;
      (r[row] ?? [])[col] = value;
      (r[col] ?? [])[row] = value;
    }
  }
  return r;
}

const small = [
  [1, 0.5, NaN],
  [0.5, 1, -0.12345678901234568],
  [NaN, -0.12345678901234568, 1],
];

describe("pairs.csv", () => {
  test("lists the upper triangle without its diagonal, NaN as an empty field", async () => {
    const { source } = sourceOf(["A", 'B "x", y', "Ünï\n"], small, 2);
    expect(await textOf("pairs.csv", source)).toBe(
      "series_1,series_2,correlation,observations\n" +
        'A,"B ""x"", y",0.5,1\n' +
        'A,"Ünï\n",,2\n' +
        '"B ""x"", y","Ünï\n",-0.12345678901234568,102\n',
    );
  });

  test("a single series gives the heading only", async () => {
    const { source } = sourceOf(["A"], [[1]], 8);
    expect(await textOf("pairs.csv", source)).toBe("series_1,series_2,correlation,observations\n");
  });

  test("keeps row order over any tile size, reads each tile once, and reads back exactly", async () => {
    const size = fc.integer({ min: 2, max: 30 });
    await fc.assert(
      fc.asyncProperty(size, fc.integer({ min: 1, max: 12 }), fc.nat(), async (p, tile, seed) => {
        const r = randomMatrix(p, seed);
        const { source, read } = sourceOf(
          r.map((_, i) => `s${i}`),
          r,
          tile,
        );
        const lines = (await textOf("pairs.csv", source)).trimEnd().split("\n").slice(1);
        const expected = r.flatMap((row, i) =>
          row.flatMap((value, j) => {
            const shown = Number.isNaN(value) ? "" : `${value}`;
            return j > i ? [`s${i},s${j},${shown},${100 * i + j}`] : [];
          }),
        );
        expect(lines).toEqual(expected);
        const side = Math.ceil(p / tile);
        expect(read).toHaveLength((side * (side + 1)) / 2);
      }),
      { numRuns: 40 },
    );
  });

  test("hands large files on in bounded pieces", async () => {
    const r = randomMatrix(260, 1);
    const { source } = sourceOf(
      r.map((_, i) => `series-${"x".repeat(40)}-${i}`),
      r,
      64,
    );
    let pieces = 0;
    for await (const chunk of exportCorrelation("pairs.csv", source)) {
      pieces += 1;
      expect(chunk.byteLength).toBeLessThan(2 ** 20);
    }
    expect(pieces).toBeGreaterThan(4);
  });
});

describe("matrix files", () => {
  test("matrix.csv has names along both sides", async () => {
    const { source } = sourceOf(["A", "B,b", "C"], small, 2);
    expect(await textOf("matrix.csv", source)).toBe(
      ',A,"B,b",C\nA,1,0.5,\n"B,b",0.5,1,-0.12345678901234568\nC,,-0.12345678901234568,1\n',
    );
  });

  test.each(["f64", "f32"] as const)("matrix.npy (%s) is the full matrix", async (precision) => {
    const r = randomMatrix(23, 5);
    const { source } = sourceOf(
      r.map((_, i) => `s${i}`),
      r,
      7,
      precision,
    );
    const array = decodeNpy(await bytesOf("matrix.npy", source));
    expect(array.shape).toEqual([23, 23]);
    const make = precision === "f64" ? Float64Array : Float32Array;
    expect(array.data).toEqual(make.from(r.flat()));
  });
});

describe("shrinkage", () => {
  /** Half of every covariance is kept: 2 and 8 become 1 + 2.5 and 4 + 2.5. */
  const shrinkage: Shrinkage = {
    intensity: 0.5,
    meanVariance: 5,
    variances: Float64Array.of(2, 8, 0),
  };
  const names = ["A", "B", "C"];
  const share = 0.5 * Math.sqrt(1 / 3.5) * Math.sqrt(4 / 6.5);

  test("pairs and matrices hold the shrunk correlations", async () => {
    const { source } = sourceOf(names, small, 2, "f64", shrinkage);
    expect(await textOf("pairs.csv", source)).toBe(
      "series_1,series_2,correlation,observations\n" +
        `A,B,${share},1\n` +
        "A,C,0,2\n" +
        "B,C,0,102\n",
    );
    const { data } = decodeNpy(await bytesOf("matrix.npy", source));
    expect([...data]).toEqual([1, share, 0, share, 1, 0, 0, 0, 1]);
    expect(await textOf("matrix.csv", source)).toBe(
      `,A,B,C\nA,1,${share},0\nB,${share},1,0\nC,0,0,1\n`,
    );
  });

  test("in single precision they are float32, with the shortest text of that", async () => {
    const { source } = sourceOf(names, small, 2, "f32", shrinkage);
    const { data } = decodeNpy(await bytesOf("matrix.npy", source));
    expect(data).toEqual(Float32Array.of(1, share, 0, share, 1, 0, 0, 0, 1));
    const [, first = ""] = (await textOf("pairs.csv", source)).split("\n");
    expect(first).toBe(`A,B,${shortestFloat32(Math.fround(share))},1`);
  });

  test.each(["f64", "f32"] as const)("covariance.npy (%s) is float64", async (precision) => {
    const { source } = sourceOf(names, small, 2, precision, shrinkage);
    const { shape, data } = decodeNpy(await bytesOf("covariance.npy", source));
    expect(shape).toEqual([3, 3]);
    expect(data).toEqual(Float64Array.of(3.5, 1, 0, 1, 6.5, 0, 0, 0, 2.5));
  });

  test("there is no covariance without it", () => {
    const { source } = sourceOf(names, small, 2);
    expect(() => exportCorrelation("covariance.npy", source)).toThrow(/shrinkage/);
  });
});

describe("text", () => {
  test("shortestFloat32 reads back as the same float32, mostly in fewer digits", () => {
    fc.assert(
      fc.property(fc.float({ min: -1, max: 1, noNaN: true }), (value) => {
        expect(Math.fround(Number(shortestFloat32(value)))).toBe(value === 0 ? 0 : value);
      }),
      { numRuns: 2_000 },
    );
    expect(shortestFloat32(Math.fround(0.3))).toBe("0.3");
    expect(shortestFloat32(Math.fround(-0.0123))).toBe("-0.0123");
    expect(shortestFloat32(1)).toBe("1");
  });

  test("quoteField quotes only what needs it", () => {
    expect(["a b", "a,b", 'a"b', "a\rb", ""].map(quoteField)).toEqual([
      "a b",
      '"a,b"',
      '"a""b"',
      '"a\rb"',
      "",
    ]);
  });
});
