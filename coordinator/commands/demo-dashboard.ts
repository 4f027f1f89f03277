// Drives the real dashboard as a person would: drops a file, presses buttons, downloads results.
import { join } from "node:path";
import type { Browser, Page } from "playwright";
import { launchBrowser } from "../browser/launch-browser.ts";

/** What a person would wait for at most before they complain. */
const STEP_TIMEOUT_MS = 60_000;

export interface DemoDashboard {
  /** Puts the file into the page and presses "Correlate". */
  correlate(file: string): Promise<void>;
  /** Presses the job page's three download buttons. */
  download(folder: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function openDemoDashboard(
  url: string,
  executablePath: string,
  say: (line: string) => void,
): Promise<DemoDashboard> {
  const browser: Browser = await launchBrowser(executablePath, say);
  try {
    const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
    page.setDefaultTimeout(STEP_TIMEOUT_MS);
    await page.goto(url);
    return {
      correlate: async (file) => {
        await page.locator('input[type="file"]').first().setInputFiles(file);
        await page.getByRole("button", { name: "Correlate", exact: true }).click();
      },
      download: (folder) => downloadAll(page, folder),
      close: () => browser.close(),
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

const DOWNLOADS = [
  { button: "All pairs (CSV)", file: "correlations.csv" },
  { button: "Matrix (NPY)", file: "matrix.npy" },
  { button: "Heatmap (PNG)", file: "heatmap.png" },
] as const;

async function downloadAll(page: Page, folder: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const { button, file } of DOWNLOADS) {
    const path = join(folder, file);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: button }).click(),
    ]);
    await download.saveAs(path);
    paths.push(path);
  }
  return paths;
}
