// A report as one self-contained HTML file: no script, no request, readable anywhere and on paper.
import { html, NO_HTML, type Html } from "./html-text.ts";
import { plotSvg } from "./plot-svg.ts";
import { shortened, type Report, type ReportFigure, type ReportTable } from "./report-model.ts";
import { REPORT_STYLE } from "./report-style.ts";

/** The policy forbids even what should not be there: scripts, and requests for anything. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

export function reportHtml(report: Report): string {
  const { title, about, outcome, when, madeBy, image, plots, tables, failures } = report;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="referrer" content="no-referrer" />
        <title>${shortened(title)}</title>
        <style>
          ${REPORT_STYLE}
        </style>
      </head>
      <body>
        <main>
          <header>
            <h1>${shortened(title)}</h1>
            <p class="muted">${shortened(about)}</p>
            <p class="outcome">${shortened(outcome)}</p>
            <p class="muted">${shortened(when)}</p>
          </header>
          ${failures.length === 0 ? NO_HTML : failuresHtml(failures)}
          <section aria-labelledby="result">
            <h2 id="result">Result</h2>
            ${figuresHtml(report.figures)}
            ${
              image === null
                ? NO_HTML
                : html`<figure>
                    <img src="${image.dataUrl}" alt="${shortened(image.label)}" />
                    <figcaption>${shortened(image.caption)}</figcaption>
                  </figure>`
            }
            <div class="plots">
              ${plots.map(
                ({ title: name, label, picture }, index) =>
                  html`<div>
                    <h3>${shortened(name)}</h3>
                    ${plotSvg(picture, shortened(label), `plot-${index}`)}
                  </div>`,
              )}
            </div>
            ${tables.map((table, index) => tableHtml(table, `table-${index}`))}
          </section>
          <section aria-labelledby="timing">
            <h2 id="timing">Where the time went</h2>
            ${figuresHtml(report.timing)} ${tableHtml(report.machines, "machines")}
          </section>
          ${report.stream === null ? NO_HTML : streamHtml(report.stream)}
        </main>
        <footer>${shortened(madeBy)}</footer>
      </body>
    </html> `;
  return page.markup;
}

const figuresHtml = (figures: readonly ReportFigure[]): Html =>
  figures.length === 0
    ? NO_HTML
    : html`<dl>
        ${figures.map(
          ({ name, value }) =>
            html`<div>
              <dt>${shortened(name)}</dt>
              <dd>${shortened(value)}</dd>
            </div>`,
        )}
      </dl>`;

function tableHtml({ title, head, rows, note }: ReportTable, id: string): Html {
  if (rows.length === 0) return NO_HTML;
  const kind = head.length === 2 ? "wide" : "";
  return html`<h3 id="${id}">${shortened(title)}</h3>
    <div class="scroll" role="region" tabindex="0" aria-labelledby="${id}">
      <table class="${kind}">
        <thead>
          <tr>
            ${head.map((words) => html`<th scope="col">${shortened(words)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(rowHtml)}
        </tbody>
      </table>
    </div>
    ${note === "" ? NO_HTML : html`<p class="note">${shortened(note)}</p>`}`;
}

const rowHtml = ([first = "", ...rest]: readonly string[]): Html =>
  html`<tr>
    <th scope="row">${shortened(first)}</th>
    ${rest.map((cell) => html`<td>${shortened(cell)}</td>`)}
  </tr>`;

const failuresHtml = (failures: readonly string[]): Html =>
  html`<section aria-labelledby="failures">
    <h2 id="failures">What went wrong</h2>
    <ul>
      ${failures.map((failure) => html`<li>${shortened(failure)}</li>`)}
    </ul>
  </section>`;

const KEYS = [
  ["computing0", "Computing"],
  ["moving", "Standing still for data"],
  ["waiting", "Waiting"],
  ["speculative", "Second copy"],
  ["cancelled", "Let go"],
  ["failed", "Failed"],
] as const;

const streamHtml = (stream: Html): Html =>
  html`<section aria-labelledby="stream">
    <h2 id="stream">Task stream</h2>
    <p class="muted">
      Who computed when: one line a thread. The thin row under each machine's threads shows data on
      its way, and what waited for a thread.
    </p>
    <ul class="keys">
      ${KEYS.map(
        ([look, words]) =>
          html`<li>
            <svg class="key" viewBox="0 0 18 12" aria-hidden="true" focusable="false">
              <path class="${look}" d="M1 1h16v10h-16z" /></svg
            >${words}
          </li>`,
      )}
    </ul>
    ${stream}
  </section>`;
