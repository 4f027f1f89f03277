import { expect, test } from "vitest";
import { browserName, deviceKind, systemName } from "./device.ts";

test.each([
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/157.0.0.0 Safari/537.36 Edg/157.0.0.0",
    "Edge 157",
    "Windows",
  ],
  [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.2 Safari/605.1.15",
    "Safari 26",
    "macOS",
  ],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
    "Safari 18",
    "iPhone",
  ],
  [
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/157.0.0.0 Mobile Safari/537.36",
    "Chrome 157",
    "Android",
  ],
  [
    "Mozilla/5.0 (X11; Linux x86_64; rv:160.0) Gecko/20100101 Firefox/160.0",
    "Firefox 160",
    "Linux",
  ],
  [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
    "Headless Chrome 156",
    "Linux",
  ],
  ["curl/8", "Browser", "Unknown system"],
])("%s", (userAgent, browser, system) => {
  expect([browserName(userAgent), systemName(userAgent)]).toEqual([browser, system]);
});

test("machines are called what they are", () => {
  expect(deviceKind({ system: "Windows", isMobile: false })).toBe("Windows computer");
  expect(deviceKind({ system: "Android", isMobile: true })).toBe("Android phone");
  expect(deviceKind({ system: "iPad", isMobile: true })).toBe("iPad");
  expect(deviceKind({ system: "Unknown system", isMobile: false })).toBe("Computer");
});
