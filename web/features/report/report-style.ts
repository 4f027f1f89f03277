// The style sheet of a saved report: light and dark by the system, phone and paper.
import { Html } from "./html-text.ts";

export const REPORT_STYLE = new Html(`
:root { color-scheme: light dark; --ground: #fff; --sunken: #f2f0eb; --line: #e4e0d8; --strong: #948c7e; --text: #1f1c17; --muted: #625c52; --accent: #f3a81c; --soft: #fdf1d9; --accent-text: #855000; --band: rgb(243 168 28 / 30%); --moving: #2c6fd1; --moving-light: #81a9e4; --waiting: #d8d3c9; --failed: #c2302a; --failed-soft: #fcebe9; }
@media (prefers-color-scheme: dark) { :root { --ground: #131210; --sunken: #0d0c0b; --line: #302c26; --strong: #726a5d; --text: #f2eee6; --muted: #aba396; --accent: #ffb938; --soft: #33270f; --accent-text: #ffc45c; --band: rgb(255 185 56 / 28%); --moving: #5e9dfa; --moving-light: #3d6199; --waiting: #3b3731; --failed: #f2695f; --failed-soft: #3a1a17; } }
* { box-sizing: border-box; }
body { max-width: 1040px; padding: 24px 16px 48px; margin: 0 auto; background: var(--ground); color: var(--text); font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%; }
h1 { margin: 0; font-size: 28px; letter-spacing: -0.02em; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 40px 0 12px; font-size: 20px; }
h3 { margin: 16px 0 4px; font-size: 16px; }
p { max-width: 70ch; margin: 4px 0; overflow-wrap: anywhere; }
.muted, .note, footer { color: var(--muted); }
.outcome { font-size: 16px; font-weight: 600; }
dl { display: flex; flex-wrap: wrap; gap: 12px 40px; margin: 16px 0; }
dt { color: var(--muted); font-size: 12px; }
dd { margin: 0; font-size: 16px; font-weight: 600; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 6px 0 6px 16px; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
th:first-child { min-width: 12ch; max-width: 40ch; padding-left: 0; text-align: left; font-weight: 500; overflow-wrap: break-word; }
td { white-space: nowrap; }
table.wide td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
figure { margin: 0; }
figcaption { color: var(--muted); font-size: 12px; }
thead th { color: var(--muted); font-size: 12px; font-weight: 500; }
img { display: block; width: 100%; max-width: 720px; height: auto; background: #fff; image-rendering: pixelated; }
.plots { display: grid; gap: 24px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); }
.plot { width: 100%; height: auto; }
.plot text { fill: var(--muted); font-size: 13px; }
.plot text.marked { fill: var(--text); }
.plot .grid { fill: none; stroke: var(--line); }
.plot .line { fill: none; stroke: var(--accent-text); stroke-width: 2; }
.plot .second { fill: none; stroke: var(--moving); stroke-dasharray: 6 4; stroke-width: 2; }
.plot .thin { fill: none; stroke: var(--accent-text); opacity: 0.5; }
.plot .band { fill: var(--band); }
.plot .bars { fill: var(--accent); }
.plot .mark { fill: none; stroke: var(--text); stroke-dasharray: 4 4; }
.patterns { position: absolute; }
.axis { display: flex; max-width: none; justify-content: space-between; color: var(--muted); font-size: 12px; }
.machine { margin: 0 0 12px; break-inside: avoid; }
.machine figcaption { color: var(--text); overflow-wrap: anywhere; }
.machine svg { display: block; width: 100%; background: var(--sunken); }
.key { display: inline-block; width: 18px; height: 12px; margin-right: 6px; vertical-align: -1px; }
.keys { display: flex; padding: 0; margin: 8px 0; flex-wrap: wrap; gap: 4px 16px; color: var(--muted); font-size: 12px; list-style: none; }
.computing0 { fill: var(--accent); }
.computing1 { fill: color-mix(in srgb, var(--accent) 72%, var(--text)); }
.computing2 { fill: color-mix(in srgb, var(--accent) 86%, var(--text)); }
.computing3 { fill: color-mix(in srgb, var(--accent) 58%, var(--text)); }
.waiting { fill: var(--waiting); }
.moving { fill: url(#hatch-moving); }
.speculative { fill: url(#hatch-speculative); }
.failed { fill: url(#hatch-failed); }
.cancelled { fill: none; stroke: var(--strong); stroke-width: 0.6; }
.pale { opacity: 0.5; }
#hatch-moving .a { fill: var(--moving); }
#hatch-moving .b { fill: var(--moving-light); }
#hatch-speculative .a { fill: var(--soft); }
#hatch-speculative .b { fill: var(--accent); }
#hatch-failed .a { fill: var(--failed); }
#hatch-failed .b { fill: var(--failed-soft); }
footer { margin-top: 48px; font-size: 12px; }
@media print { body { max-width: none; padding: 0; } h2 { break-after: avoid; } tr, .plot, img { break-inside: avoid; } svg, img, .key { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`);
