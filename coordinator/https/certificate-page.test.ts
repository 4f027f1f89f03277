// The words of the certificate page: the reader's platform first, nothing of the address taken for HTML, the app's colours.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { certificatePageHtml, type CertificatePage } from "./certificate-page.ts";
import { platforms, platformsFor } from "./platforms.ts";

const page: CertificatePage = {
  authority: {
    name: "Tabswarm at <Tower>",
    pem: "",
    fingerprint: "0123 4567 89AB CDEF",
    validUntilMs: Date.UTC(2036, 10, 23),
    permitted: ["local", "10.0.0.0/8"],
  },
  host: "192.168.1.20:7070",
  isSecure: false,
  userAgent: "",
  nonce: "n",
};

describe("platformsFor", () => {
  it.each([
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36", "windows"],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "windows"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "mac"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile", "ios"],
    ["Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) CriOS/140.0", "ios"],
    ["Mozilla/5.0 (Linux; Android 10; K) Chrome/140.0 Mobile Safari/537.36", "android"],
    ["Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "linux"],
    ["Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/140.0 Safari/537.36", "linux"],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "firefox"],
    ["", "linux"],
  ])("%s", (userAgent, id) => {
    const order = platformsFor(userAgent);
    expect(order[0]?.id).toBe(id);
    expect(new Set(order)).toEqual(new Set(platforms));
    expect(order).toHaveLength(platforms.length);
  });

  it("has iPads second for a Mac, which they say they are", () => {
    expect(platformsFor("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)")[1]?.id).toBe("ios");
  });
});

describe("certificatePageHtml", () => {
  it("tells how to install before it is trusted, with every platform's file", () => {
    const html = certificatePageHtml({ ...page, userAgent: "iPhone" });
    expect(html).toContain("<h1>Trust this coordinator</h1>");
    expect(html).toContain('href="https://192.168.1.20:7070/certificate"');
    expect(html.indexOf("tabswarm.mobileconfig")).toBeLessThan(html.indexOf("tabswarm.crt"));
    expect(html).toContain("<span>89AB</span>");
    expect(html).toContain("ends on 23 November 2036");
    // It has to open without any script before it is trusted.
    expect(html).not.toContain("<script");
  });

  it("says over https that it works, and asks the browser for what that adds", () => {
    const html = certificatePageHtml({ ...page, isSecure: true });
    expect(html).toContain("<h1>It works</h1>");
    expect(html).toContain('<script nonce="n">');
    for (const gain of ["Shared memory", "WebGPU", "Wake lock"]) expect(html).toContain(gain);
  });

  it("takes nothing from outside for HTML", () => {
    const html = certificatePageHtml({ ...page, host: `"><script>alert(1)</script>` });
    expect(html).not.toContain("<script>alert");
    expect(html).toContain("Tabswarm at &lt;Tower&gt;");
  });

  it("has the colours and sizes of the app", () => {
    const declared = (file: string): Map<string, string[]> => {
      const found = new Map<string, string[]>();
      const css = readFileSync(join(import.meta.dirname, file), "utf8");
      for (const [, name = "", value = ""] of css.matchAll(/(--[\w-]+):\s*([^;]+);/g)) {
        found.set(name, [...(found.get(name) ?? []), value]);
      }
      return found;
    };
    const app = declared("../../web/components/theme.css");
    const own = declared("certificate-page.css");
    expect(own.size).toBeGreaterThan(15);
    for (const [name, values] of own) expect(values, name).toEqual(app.get(name));
  });
});
