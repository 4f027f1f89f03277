// The GPU kernel in a real browser, on its software adapter: right results, and none lost with the GPU.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeNpy } from "../shared/codecs/npy.ts";
import {
  KERNEL,
  type Layout,
  SOFTWARE,
  TOLERANCE,
  type Table,
  correlateByTiles,
  createTable,
  expect,
  expectRight,
  largestDifference,
  putPanels,
  run,
  setFault,
  start,
  stateOf,
  tallyOf,
  test,
} from "./webgpu/gpu-fixture.ts";

/** A common factor, so that coefficients are of all sizes, and noise. */
const returns = (series: number, date: number, random: () => number): number =>
  0.02 * (Math.sin(date * 12.9 + (date % 7)) * (series % 5) + random() + random() - 1);

const gappy =
  (missing: number) =>
  (series: number, date: number, random: () => number): number => {
    const value = returns(series, date, random);
    return random() < missing ? NaN : value;
  };

/** Prices walk: on the common dates of two that begin apart, their means are far from their own. */
const prices = (begin: (series: number) => number) => {
  let price = 0;
  return (series: number, date: number, random: () => number): number => {
    price = date === 0 ? 50 + 20 * series : price * (1 + 0.02 * (random() - 0.48));
    return date < begin(series) ? NaN : price;
  };
};

/** Few enough series that every pair may be doubtful, and is computed from its own values then. */
const FEW: Layout = { panelSeries: 22, tile: 22 };

const CASES: readonly (readonly [name: string, table: Table, layout: Layout])[] = [
  ["complete", createTable(150, 700, returns), { panelSeries: 37, tile: 70 }],
  ["5 % missing", createTable(150, 700, gappy(0.05)), { panelSeries: 37, tile: 70 }],
  ["half missing", createTable(70, 300, gappy(0.5)), { panelSeries: 70, tile: 33 }],
  [
    "complete series and some with gaps, in tiles of several blocks",
    createTable(200, 300, (series, date, random) =>
      gappy(series >= 64 && series < 140 ? 0.1 : 0)(series, date, random),
    ),
    { panelSeries: 90, tile: 200 },
  ],
  [
    "late starts and early ends",
    createTable(100, 1100, (series, date, random) => {
      const isListed = date >= 8 * series && date < 1100 - 3 * ((series * 7) % 100);
      return isListed ? returns(series, date, random) : NaN;
    }),
    { panelSeries: 64, tile: 50 },
  ],
  [
    "prices",
    createTable(
      40,
      900,
      prices(() => 0),
    ),
    { panelSeries: 30, tile: 40 },
  ],
  [
    "prices that begin late",
    createTable(
      22,
      900,
      prices((series) => 35 * series),
    ),
    FEW,
  ],
  [
    "constants, infinities, and levels far from zero",
    createTable(40, 400, (series, date, random) => {
      if (series % 10 === 1) return 2.5;
      if (series % 10 === 2) return date === 3 ? NaN : -7;
      if (series % 10 === 3) return 1e9 + returns(series, date, random);
      if (series % 10 === 4) return 1e200 * returns(series, date, random);
      return random() < 0.01 ? Infinity : returns(series, date, random);
    }),
    { panelSeries: 40, tile: 40 },
  ],
  [
    "series that share few dates, or none",
    createTable(22, 300, (series, date, random) =>
      Math.floor(date / 33) === series % 9 || random() < 0.2 ? returns(series, date, random) : NaN,
    ),
    { ...FEW, minPeriods: 20 },
  ],
  [
    "outliers, after which all roundings go one way",
    createTable(40, 1000, (series, date) =>
      date === 37 * (series % 5) ? 1000 : 1 + (date % 2) * (0.001 + 0.02 * series),
    ),
    { panelSeries: 40, tile: 40 },
  ],
  [
    "few distinct values",
    createTable(40, 1000, (series, date, random) =>
      random() < 0.1 ? NaN : ((date * (series + 3)) % (2 + (series % 6))) % 3,
    ),
    { panelSeries: 40, tile: 40 },
  ],
  ["more than 65,535 dates", createTable(3, 70_000, gappy(0.3)), { panelSeries: 2, tile: 3 }],
  // One buffer does not take its sums.
  ["a large tile", createTable(1000, 40, gappy(0.02)), { panelSeries: 500, tile: 1000 }],
  ...[1, 2, 31, 32, 33, 63, 64, 65, 255, 256, 257, 511, 513].map(
    (dates) =>
      [
        `${dates} dates`,
        createTable(12, dates, gappy(0.05)),
        { panelSeries: 5, tile: 12 },
      ] as const,
  ),
];

const readFixture = (name: string): Buffer =>
  readFileSync(join(import.meta.dirname, "fixtures/kernels", name));

test("agrees with the reference, pair by pair, and with pandas", async ({ page }) => {
  await start(page, SOFTWARE);
  for (const [name, table, layout] of CASES) {
    await test.step(name, async () => {
      const before = await tallyOf(page);
      await expectRight(page, table, layout);
      const tiles = Math.ceil(table.series / layout.tile);
      expect((await tallyOf(page)).gpu - before.gpu).toBe((tiles * (tiles + 1)) / 2);
    });
  }
  for (const { name, minPeriods } of JSON.parse(readFixture("cases.json").toString())) {
    await test.step(`pandas: ${name}`, async () => {
      const { shape, data } = decodeNpy(readFixture(`${name}.values.npy`));
      const values = Float64Array.from(data);
      const table = { series: shape[0] ?? 0, dates: shape[1] ?? 0, values };
      const actual = await correlateByTiles(page, table, { panelSeries: 4, tile: 5, minPeriods });
      const expected = decodeNpy(readFixture(`${name}.r.npy`)).data;
      expect(largestDifference(actual.r, expected)).toBeLessThan(TOLERANCE);
      expect([...actual.n]).toEqual([...decodeNpy(readFixture(`${name}.n.npy`)).data]);
    });
  }
  expect(await tallyOf(page)).toMatchObject({ processor: 0, devices: 1 });
});

/** What the tests below compute: 3 tiles. */
const TABLE = createTable(70, 300, (series, date, random) =>
  date < series ? NaN : returns(series, date, random),
);
const LAYOUT: Layout = { panelSeries: 35, tile: 35 };
const ONE_TILE: Layout = { panelSeries: 70, tile: 70 };

test("software in place of a GPU is not used, and says so", async ({ page }) => {
  await start(page, {});
  await expectRight(page, TABLE, LAYOUT);
  const state = await stateOf(page);
  expect(state).toMatchObject({ kind: "unavailable", why: expect.stringMatching(/\(software\)/) });
  expect(await tallyOf(page)).toEqual({ gpu: 0, processor: 3, askedAgain: 0, devices: 0 });
});

test("software that a test allows is labelled as software; what is not for it the processor does", async ({
  page,
}) => {
  await start(page, SOFTWARE);
  await expectRight(page, TABLE, LAYOUT);
  expect(await stateOf(page)).toEqual({
    kind: "ready",
    name: { label: expect.stringMatching(/swiftshader.* \(software\)$/i), isSoftware: true },
  });
  expect(await tallyOf(page)).toMatchObject({ gpu: 3, processor: 0 });

  const blocks = await putPanels(page, TABLE, 70);
  const ask = (kernel: string, precision: string, count = 70): Promise<Uint8Array[] | string> => {
    const rows = { panels: 1, start: 0, count };
    const params = { minPeriods: 1, precision, rows, cols: null };
    return run(page, { kernel, params, blocks });
  };
  expect(await ask("pearson-tile@3", "f32")).toHaveLength(2);
  expect(await ask("pearson-tile@3", "f64")).toHaveLength(2);
  expect(await ask(KERNEL, "f64")).toHaveLength(2);
  expect(await tallyOf(page)).toMatchObject({ gpu: 3, processor: 3 });

  // What is wrong with a task the processor's kernel says.
  expect(await ask(KERNEL, "f32", 71)).toMatch(/^bad-input: .*only 70/);
  expect(await ask(KERNEL, "f32", 0)).toMatch(/^bad-input: .*at least 1/);
  expect(await ask(KERNEL, "f32")).toHaveLength(2);
  expect(await tallyOf(page)).toMatchObject({ gpu: 4, processor: 3, devices: 1 });

  // Integers of 32 bits do not hold the sums of so many dates.
  const long = createTable(2, 2 ** 18 + 1, returns);
  await expectRight(page, long, { panelSeries: 2, tile: 2 });
  expect(await tallyOf(page)).toMatchObject({ gpu: 4, processor: 4, devices: 1 });
});

test("without a GPU the processor computes", async ({ page }) => {
  await start(page, { hasGpu: false });
  await expectRight(page, TABLE, LAYOUT);
  expect(await stateOf(page)).toMatchObject({ kind: "unavailable" });
  await page.reload();
  await start(page, SOFTWARE);
  await setFault(page, "absent");
  await expectRight(page, TABLE, LAYOUT);
  expect(await stateOf(page)).toMatchObject({ kind: "unavailable" });
  expect(await tallyOf(page)).toMatchObject({ gpu: 0, processor: 3, devices: 0 });
});

test("a tile that is doubtful in too many places goes to the processor, and the next too", async ({
  page,
}) => {
  await start(page, SOFTWARE);
  // Half of the series jump, and the others begin after that.
  const jumps = createTable(60, 300, (series, date, random) =>
    series % 2 === 1 && date < 160 ? NaN : (date < 150 ? 0 : 1000) + random(),
  );
  await expectRight(page, jumps, { panelSeries: 60, tile: 60 });
  expect(await tallyOf(page)).toMatchObject({ gpu: 0, processor: 1 });
  await expectRight(page, TABLE, LAYOUT);
  expect(await tallyOf(page)).toMatchObject({ gpu: 2, processor: 2 });
});

test("panels are dropped when room runs out, and a tile whose panels do not fit goes to the processor", async ({
  page,
}) => {
  // A panel of 35 series × 320 padded dates takes 46,200 bytes.
  await start(page, { ...SOFTWARE, panelBytesMax: 100_000 });
  const four = createTable(140, 300, returns);
  await expectRight(page, four, LAYOUT);
  const tally = await tallyOf(page);
  expect(tally).toMatchObject({ gpu: 10, processor: 0 });
  expect(tally.askedAgain).toBeGreaterThan(0);
  await expectRight(page, four, { panelSeries: 35, tile: 140 });
  expect(await tallyOf(page)).toMatchObject({ gpu: 10, processor: 1, devices: 1 });
});

test("one thread has the GPU, until it gives it back", async ({ page }) => {
  await start(page, SOFTWARE, SOFTWARE);
  const blocks = await putPanels(page, TABLE, 70);
  const rows = { panels: 1, start: 0, count: 70 };
  const params = { minPeriods: 1, precision: "f32", rows, cols: null };
  const task = { kernel: KERNEL, params, blocks };
  const runBoth = (): Promise<unknown> =>
    page.evaluate((asked) => {
      const both = [JSON.parse(asked), JSON.parse(asked)];
      return Promise.all(both.map((each) => globalThis.harness.run(each)));
    }, JSON.stringify(task));
  await runBoth();
  const tallies = await Promise.all([tallyOf(page, 0), tallyOf(page, 1)]);
  expect(tallies.reduce((sum, { gpu }) => sum + gpu, 0)).toBe(1);
  const owner = tallies.findIndex(({ gpu }) => gpu === 1);
  await page.evaluate((index) => globalThis.harness.close(index), owner);
  await runBoth();
  expect(await tallyOf(page, owner)).toMatchObject({ gpu: 1, processor: 1 });
  expect(await tallyOf(page, 1 - owner)).toMatchObject({ gpu: 1, processor: 1 });
});

test.describe("no attempt is lost", () => {
  test("when a device is lost in a tile or between tiles: the next tile has a new one", async ({
    page,
  }) => {
    await start(page, SOFTWARE);
    await expectRight(page, TABLE, LAYOUT);
    await setFault(page, "lost");
    await expectRight(page, TABLE, LAYOUT);
    expect(await tallyOf(page)).toMatchObject({ gpu: 5, processor: 1, devices: 2 });

    await page.evaluate(() => globalThis.harness.destroyDevice());
    await expect.poll(() => stateOf(page)).toEqual({ kind: "idle" });
    await expectRight(page, TABLE, LAYOUT);
    expect(await tallyOf(page)).toMatchObject({ gpu: 8, processor: 1, devices: 3 });

    // The third loss is the last.
    await setFault(page, "lost");
    await expectRight(page, TABLE, LAYOUT);
    expect(await stateOf(page)).toMatchObject({ kind: "unavailable" });
    expect(await tallyOf(page)).toMatchObject({ gpu: 8, processor: 4, devices: 3 });
  });

  test("when the browser's GPU process crashes", async ({ page, browser }) => {
    await start(page, SOFTWARE);
    await expectRight(page, TABLE, ONE_TILE);
    const computing = expectRight(page, TABLE, LAYOUT);
    const devtools = await browser.newBrowserCDPSession();
    await devtools.send("Browser.crashGpuProcess");
    await computing;
    await expectRight(page, TABLE, LAYOUT);
    expect(await stateOf(page)).toMatchObject({ kind: "ready" });
    expect(await tallyOf(page)).toMatchObject({ devices: 2 });
  });

  test("when the GPU's memory is full: the next tiles hold fewer panels, at last none", async ({
    page,
  }) => {
    await start(page, { ...SOFTWARE, panelBytesMax: 16 * 2 ** 20 });
    await setFault(page, "out of memory");
    await expectRight(page, TABLE, LAYOUT);
    expect(await tallyOf(page)).toMatchObject({ gpu: 2, processor: 1, devices: 2 });
    await setFault(page, "out of memory");
    await expectRight(page, TABLE, ONE_TILE);
    expect(await stateOf(page)).toEqual({ kind: "unavailable", why: "No memory is left." });
  });

  test("when a call is invalid", async ({ page }) => {
    await start(page, SOFTWARE);
    await expectRight(page, TABLE, ONE_TILE);
    await setFault(page, "invalid call");
    await expectRight(page, TABLE, LAYOUT);
    expect(await tallyOf(page)).toMatchObject({ gpu: 3, processor: 1, devices: 2 });
  });

  test("when the driver refuses the shaders", async ({ page }) => {
    await start(page, SOFTWARE);
    await setFault(page, "refused shaders");
    await expectRight(page, TABLE, LAYOUT);
    expect(await stateOf(page)).toMatchObject({ kind: "unavailable" });
    expect(await tallyOf(page)).toMatchObject({ gpu: 0, processor: 3, devices: 3 });
  });

  test("when the driver computes wrongly, which shows before the first tile", async ({ page }) => {
    await start(page, SOFTWARE);
    await setFault(page, "wrong sums");
    await expectRight(page, TABLE, LAYOUT);
    expect(await stateOf(page)).toMatchObject({
      kind: "unavailable",
      why: expect.stringContaining("The GPU computes"),
    });
    expect(await tallyOf(page)).toMatchObject({ gpu: 0, processor: 3, devices: 3 });
  });

  test("when the GPU never answers: it is asked nothing more", async ({ page }) => {
    await start(page, { ...SOFTWARE, tileTimeoutMs: 1 });
    await setFault(page, "hanging");
    await expectRight(page, TABLE, LAYOUT);
    expect(await tallyOf(page)).toMatchObject({ gpu: 0, processor: 3, devices: 1 });
  });
});
