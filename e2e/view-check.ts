// What every view must be: no wider than the screen at any width, and without a fault that axe finds.
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

export const sizes = {
  desktop: { width: 1440, height: 900 },
  tablet: { width: 1024, height: 768 },
  phone: { width: 390, height: 844 },
};

/** Fails with the faults that axe finds in the page as it is, under this name of the view. */
export async function expectNoFaults(page: Page, name: string, rules?: string[]): Promise<void> {
  const axe = new AxeBuilder({ page })
    // Within the page: the other way opens another page for every look at this one.
    .setLegacyMode(true)
    // What passes is not written down, which takes most of the time on large pages.
    .options({ resultTypes: ["violations"] });
  if (rules !== undefined) axe.withRules(rules);
  const { violations } = await axe.analyze();
  expect(violations.map(({ id, nodes }) => `${name} ${id}: ${nodes[0]?.html}`)).toEqual([]);
}

/** Fails when the page, as wide as it is now, has to be scrolled sideways. */
async function expectNoWiderThanScreen(page: Page, name: string): Promise<void> {
  const [content, screen] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    innerWidth,
  ]);
  expect(content, `${name} scrolls sideways`).toBeLessThanOrEqual(screen ?? 0);
}

/**
 * Checks a view at all widths, light and dark, and leaves it on the desktop. `whenShown` is called at each
 * width in each scheme.
 */
export async function expectSound(
  page: Page,
  name: string,
  whenShown: (size: string, scheme: string) => Promise<void> = async () => {},
): Promise<void> {
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await whenShown(size, colorScheme);
      // The tablet's layout is one of the two others, and the scheme changes nothing but colours.
      const where = `${name}, ${size}, ${colorScheme}:`;
      if (colorScheme === "light") await expectNoWiderThanScreen(page, where);
      if (size === "tablet") continue;
      await expectNoFaults(page, where, colorScheme === "light" ? undefined : ["color-contrast"]);
    }
  }
  await page.setViewportSize(sizes.desktop);
}
