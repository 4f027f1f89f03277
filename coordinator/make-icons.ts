// Draws the app's icons from its mark, in a browser: node --import tsx coordinator/make-icons.ts
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { findBrowser } from "./browser/find-browser.ts";
import { launchBrowser } from "./browser/launch-browser.ts";

const folder = resolve(import.meta.dirname, "../web/public");
const GROUND = "#faf9f6";
const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface Icon {
  readonly file: string;
  readonly sizePx: number;
  /** Part of the width that the mark takes; systems cut a maskable icon down to its middle four fifths. */
  readonly markShare: number;
  /** Phones put icons without a ground on black. */
  readonly hasGround: boolean;
}

const icons: readonly Icon[] = [
  { file: "icon-180.png", sizePx: 180, markShare: 0.72, hasGround: true },
  { file: "icon-192.png", sizePx: 192, markShare: 1, hasGround: false },
  { file: "icon-512.png", sizePx: 512, markShare: 1, hasGround: false },
  { file: "icon-maskable-192.png", sizePx: 192, markShare: 0.56, hasGround: true },
  { file: "icon-maskable-512.png", sizePx: 512, markShare: 0.56, hasGround: true },
];

const mark = await readFile(join(folder, "favicon.svg"), "utf8");
const browser = await launchBrowser(await findBrowser(say), say);
try {
  const page = await browser.newPage();
  for (const { file, sizePx, markShare, hasGround } of icons) {
    await page.setViewportSize({ width: sizePx, height: sizePx });
    const ground = hasGround ? GROUND : "transparent";
    const markPx = sizePx * markShare;
    await page.setContent(
      `<body style="margin:0;height:100vh;display:grid;place-items:center;background:${ground}">` +
        mark.replace("<svg ", `<svg width="${markPx}" height="${markPx}" `),
    );
    await page.screenshot({ path: join(folder, file), omitBackground: true });
  }
} finally {
  await browser.close();
}
