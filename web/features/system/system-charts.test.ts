// Checks the lines of the charts: pieces of time, gaps, rates, and what is said of them.
import { describe, expect, it } from "vitest";
import { emptyHistory, type History, type Samples } from "./system-history.ts";
import { CHARTS, showChart, SPANS, valuesAt } from "./system-charts.ts";
import { extentOf, POINTS_MAX, seriesOf } from "./system-series.ts";
import { aboutWords, systemFigures } from "./system-words.ts";

const START_MS = 1_800_000_000_000;

function history(change: Partial<Samples>): History {
  const count = change.atMs?.length ?? 0;
  const zeros = Object.keys(emptyHistory.samples).map((name) => [
    name,
    Array.from({ length: count }, () => 0),
  ]);
  return {
    ...emptyHistory,
    run: "a",
    about: {
      version: "0.1.0",
      node: "v20.19.0",
      system: "Linux x64",
      cores: 2,
      memoryBytes: 8e9,
      startedAtMs: START_MS,
    },
    samples: { ...(Object.fromEntries(zeros) as Samples), ...change },
  };
}

const seconds = (count: number): number[] =>
  Array.from({ length: count }, (_, at) => START_MS + at * 1_000);
const cpu = { column: "cpuShare", of: "mean" } as const;

describe("seriesOf", () => {
  it("shows short spans sample by sample and only the span", () => {
    const cpuShare = seconds(400).map((_, at) => at);
    const { xs, lines } = seriesOf(history({ atMs: seconds(400), cpuShare }), [cpu], 300_000);
    expect(xs).toHaveLength(300);
    expect(lines[0]?.[0]).toBe(100);
    expect(lines[0]?.at(-1)).toBe(399);
  });

  it("takes the mean, or the highest, of each piece of an hour", () => {
    const values = seconds(3_600).map((_, at) => at % 12);
    const hour = history({ atMs: seconds(3_600), cpuShare: values, delayHighMs: values });
    const wishes = [cpu, { column: "delayHighMs", of: "highest" }] as const;
    const { xs, lines } = seriesOf(hour, wishes, 3_600_000);
    expect(xs.length).toBeLessThanOrEqual(POINTS_MAX + 1);
    expect(lines[0]?.slice(1, -1).every((value) => value === 5.5)).toBe(true);
    expect(lines[1]?.slice(1, -1).every((value) => value === 11)).toBe(true);
  });

  it("does not move its pieces when a sample is added", () => {
    const values = seconds(3_600).map((_, at) => Math.sin(at));
    const at = (count: number) =>
      seriesOf(
        history({ atMs: seconds(count), cpuShare: values.slice(0, count) }),
        [cpu],
        3_600_000,
      );
    const [before, now] = [at(3_000), at(3_001)];
    expect(now.lines[0]?.slice(0, 240)).toEqual(before.lines[0]?.slice(0, 240));
  });

  it("counts a second where the interval is longer, and leaves gaps where nothing was heard", () => {
    const atMs = [0, 2_000, 4_000, 60_000, 62_000].map((ms) => START_MS + ms);
    const slow = { ...history({ atMs, tasksDone: [2, 4, 6, 8, 10] }), intervalMs: 2_000 };
    const wish = { column: "tasksDone", of: "mean", isPerSecond: true } as const;
    expect(seriesOf(slow, [wish], 300_000).lines[0]).toEqual([1, 2, 3, null, 4, 5]);
  });

  it("has no points before the first sample", () => {
    expect(seriesOf(emptyHistory, [cpu], 300_000)).toEqual({ xs: [], lines: [[]] });
    expect(extentOf([])).toBeNull();
    expect(extentOf([3, null, 1, 2])).toEqual({ latest: 2, lowest: 1, highest: 3 });
  });
});

describe("the charts", () => {
  const [fiveMinutes] = SPANS;
  const chart = (id: string) => {
    const found = CHARTS.find((one) => one.id === id);
    if (found === undefined || fiveMinutes === undefined) throw new Error(id);
    return { found, span: fiveMinutes };
  };

  it("tells each line's latest, lowest and highest", () => {
    const { found, span } = chart("network");
    const shown = showChart(
      found,
      history({ atMs: seconds(3), bytesIn: [1e6, 4e6, 2e6], bytesOut: [0, 0, 5e5] }),
      span,
    );
    expect(shown.label).toBe(
      "Network over the last 5 minutes: received latest 2.0 MB/s, lowest 1.0 MB/s, highest 4.0 MB/s; sent latest 500 kB/s, lowest 0 B/s, highest 500 kB/s",
    );
    expect(shown.picture.y.range).toEqual([0, 5e6]);
    expect(valuesAt(found, shown.series, null)).toEqual(["2.0 MB/s", "500 kB/s"]);
    expect(valuesAt(found, shown.series, 1)).toEqual(["4.0 MB/s", "0 B/s"]);
    expect(valuesAt(found, shown.series, 99)).toEqual(["–", "–"]);
  });

  it("draws every chart of an empty history and says that there is nothing yet", () => {
    for (const each of CHARTS) {
      const { span } = chart("network");
      const { picture, label } = showChart(each, emptyHistory, span);
      expect(picture.y.range[1]).toBeGreaterThan(0);
      expect(label).toMatch(/nothing yet/);
    }
  });
});

describe("the figures of now", () => {
  it("are means of the last seconds in plain words", () => {
    const figures = systemFigures(
      history({
        atMs: seconds(8),
        cpuShare: [9, 9, 9, 0.1, 0.1, 0.2, 0.1, 0.1],
        delayHighMs: [0, 0, 0, 300, 300, 300, 300, 300],
        bytesIn: [0, 0, 0, 1e6, 1e6, 1e6, 1e6, 1e6],
        threads: [4, 4, 4, 4, 4, 4, 4, 4],
      }),
    );
    const values = Object.fromEntries(
      (figures ?? []).map(({ label, value, detail }) => [label, `${value}, ${detail}`]),
    );
    expect(values["Processor"]).toBe("12%, of one core; it has 2 cores");
    expect(values["Timers"]).toBe("300 ms late, It is overloaded: answers come late");
    expect(values["Network"]).toBe("1.0 MB/s, 1.0 MB/s in, 0 B/s out");
    expect(values["Tasks"]).toBe("0 tasks/s, 0 of 4 threads computing");
  });

  it("say nothing before the first sample, and what runs there after it", () => {
    expect(systemFigures(emptyHistory)).toBeNull();
    expect(aboutWords(emptyHistory, 0)).toBeNull();
    expect(aboutWords(history({}), START_MS + 7_500_000)).toBe(
      "Tabswarm 0.1.0 on Node 20.19.0, Linux x64; up for 2 h 5 min",
    );
  });
});
