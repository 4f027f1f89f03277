// Tests of the saved report: nothing that a user wrote becomes markup, nothing is asked of a network,
// and its size is bounded.
import { describe, expect, test } from "vitest";
import { ActivityHistory } from "../stream/activity-core.ts";
import { layOut } from "../stream/stream-layout.ts";
import { toldActivity, toldWorker, type ToldAttempt } from "../stream/told-activity.ts";
import { scenarioResult } from "../monte-carlo/scenario-results.ts";
import { convergencePicture, payoffPicture } from "../monte-carlo/simulation-plots.ts";
import { escapeText, html } from "./html-text.ts";
import { linearTicks, plotSvg } from "./plot-svg.ts";
import { reportHtml } from "./report-html.ts";
import type { Report, ReportTable } from "./report-model.ts";
import { simulationParts } from "./result-parts.ts";
import { streamSvg } from "./stream-svg.ts";

const HOSTILE = `</style></title><script>alert("1")</script>' onload='x' <img src="http://evil.example/"> &amp;`;

const tableOf = (text: string): ReportTable => ({
  title: text,
  head: [text, text],
  rows: [[text, text]],
  note: text,
});

/** A report in which every text is the given one. */
const reportOf = (text: string, change: Partial<Report> = {}): Report => ({
  title: text,
  about: text,
  outcome: text,
  when: text,
  figures: [{ name: text, value: text }],
  image: { dataUrl: "data:image/png;base64,AAAA", label: text, caption: text },
  plots: [{ title: text, label: text, picture: convergencePicture(scenarioResult()) }],
  tables: [tableOf(text)],
  timing: [{ name: text, value: text }],
  machines: tableOf(text),
  stream: streamOf([{ seq: 0, endMs: 1_000, computeMs: 900 }], text),
  failures: [text],
  madeBy: text,
  ...change,
});

function streamOf(attempts: readonly ToldAttempt[], name = "Laptop") {
  const history = new ActivityHistory();
  history.take(
    toldActivity(attempts, [], {
      workers: Array.from({ length: 300 }, (_, place) => ({ worker: toldWorker(place), name })),
    }),
  );
  const span = { fromMs: history.firstMs ?? 0, toMs: history.lastMs ?? 1 };
  return streamSvg(layOut(history.machines, new Map(), []), span);
}

describe("a saved report", () => {
  test("no text of a user becomes markup", () => {
    const page = reportHtml(reportOf(HOSTILE));
    // As many elements of each kind as with harmless texts.
    const tags = (text: string): (string | undefined)[] =>
      [...text.matchAll(/<\/?([a-z][a-z0-9]*)[^>]*>/gi)].map(([, tag]) => tag);
    const plain = reportHtml(reportOf("a"));
    expect(tags(page)).toEqual(tags(plain));
    expect(page).not.toContain("<script");
    expect(page).not.toContain('<img src="http');
    expect(page).toContain("&lt;script&gt;");
  });

  test("it has no script, and addresses of its own only", () => {
    const page = reportHtml(reportOf("Prices"));
    expect(page).toContain(`content="default-src &#39;none&#39;; img-src data:;`);
    expect(page).not.toMatch(/<script|<link|<iframe|@import|<[^>]*\son[a-z]+=/i);
    const addresses = [...page.matchAll(/(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)/g)];
    expect(addresses.length).toBeGreaterThan(3);
    for (const [, address] of addresses) expect(address).toMatch(/^(data:|#)/);
  });

  test("long texts are cut", () => {
    const page = reportHtml(reportOf("x".repeat(100_000), { stream: null }));
    expect(page.length).toBeLessThan(30_000);
  });
});

test("the stream of a full history stays below a megabyte", () => {
  // Every column of every lane differs from the one before: nothing can be merged.
  const attempts = Array.from({ length: 200_000 }, (_, seq): ToldAttempt => {
    const lane = seq % 200;
    const step = Math.floor(seq / 200);
    const column = Math.floor((step / 1_000) * 160);
    const outcome = column % 2 === 0 ? "finished" : "failed";
    const endMs = 100 * (step + 1);
    return { seq, worker: lane % 50, thread: Math.floor(lane / 50), endMs, computeMs: 60, outcome };
  });
  const { markup } = streamOf(attempts);
  expect(markup.length).toBeGreaterThan(100_000);
  expect(markup.length).toBeLessThan(1_000_000);
});

test("machines beyond the room are left out and said to be", () => {
  const attempts = Array.from({ length: 300 }, (_, seq) => ({
    seq,
    worker: seq,
    endMs: 1_000 + seq,
    computeMs: 500,
  }));
  const { markup } = streamOf(attempts);
  expect(markup.match(/<figure/g)).toHaveLength(200);
  expect(markup).toContain("100 more machines are not drawn");
});

test("the stream draws what a lane shows at its time", () => {
  const { markup } = streamOf([
    { seq: 0, endMs: 500, computeMs: 500 },
    { seq: 1, endMs: 1_000, computeMs: 250, fetchMs: 250, outcome: "failed" },
  ]);
  expect(markup).toContain('<path class="computing0" d="M0 0h500v10h-500z"');
  expect(markup).toContain('<path class="moving" d="M500 0h250v10h-250z');
  expect(markup).toContain('<path class="failed" d="M750 0h250v10h-250z"');
});

test("plots keep within their frame and name what they mark", () => {
  const { markup } = plotSvg(payoffPicture(scenarioResult()), "Payoffs", "plot-1");
  expect(markup).toContain("mean of all paths");
  expect(markup).toContain('aria-label="Payoffs"');
  expect(markup).not.toMatch(/NaN|Infinity|undefined|null/);
});

test("a line with a gap is drawn in parts", () => {
  const axis = { range: [0, 3], isLog: false, label: null, tick: String } as const;
  const values = [1, null, 2, 3];
  const layers = [{ kind: "line", values }] as const;
  const picture = { xs: [0, 1, 2, 3], x: axis, y: axis, layers, marks: [] };
  const line = /class="line" d="([^"]*)"/.exec(plotSvg(picture, "Gap", "plot-2").markup)?.[1];
  expect(line?.match(/[ML]/g)).toEqual(["M", "M", "L"]);
});

test("ticks are round and within the range", () => {
  expect(linearTicks(0.3, 4.2, 5)).toEqual({ step: 1, values: [1, 2, 3, 4] });
  expect(linearTicks(-0.02, 0.021, 6).values).toEqual([-0.02, -0.01, 0, 0.01, 0.02]);
});

test("a simulation's report has its price, its plots and its table", () => {
  const meta = { scenarios: [scenarioResult().option] } as never;
  const parts = simulationParts({
    kind: "monte-carlo",
    meta,
    scenarios: [scenarioResult()],
    pathsDone: 1_000_000,
    isTargetReached: false,
    standardError: 0.018,
  });
  expect(parts.figures[0]?.value).toBe("11.600");
  expect(parts.plots).toHaveLength(2);
  expect(parts.tables[0]?.rows).toHaveLength(1);
});

test("templates escape texts and take markup as it is", () => {
  const inner = html`<b>${"a < b"}</b>`;
  expect(html`<p title="${'"'}">${[inner, inner]}${3}</p>`.markup).toBe(
    '<p title="&quot;"><b>a &lt; b</b>\n<b>a &lt; b</b>3</p>',
  );
  expect(escapeText("a\u0000b\uD800c\u{1F600}")).toBe("a\uFFFDb\uFFFDc\u{1F600}");
});
