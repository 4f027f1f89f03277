// What machine and browser this is, from what the browser tells.
import type { Device } from "../../shared/protocol/messages.ts";

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\/(\d+)/, "Edge"],
  [/\bOPR\/(\d+)/, "Opera"],
  [/\bSamsungBrowser\/(\d+)/, "Samsung Internet"],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, "Firefox"],
  [/\bHeadlessChrome\/(\d+)/, "Headless Chrome"],
  [/\b(?:Chrome|CriOS)\/(\d+)/, "Chrome"],
  [/\bVersion\/(\d+).*\bSafari\//, "Safari"],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

/** "Firefox 160" from a user agent; "Browser" when none is known. */
export function browserName(userAgent: string): string {
  for (const [pattern, name] of BROWSERS) {
    const version = pattern.exec(userAgent)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return "Browser";
}

export const systemName = (userAgent: string): string =>
  SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "Unknown system";

export function detectDevice(): Device {
  const { userAgent, hardwareConcurrency } = navigator;
  const system = systemName(userAgent);
  return {
    browser: browserName(userAgent),
    system,
    cores: Math.min(1_024, Math.max(1, hardwareConcurrency || 1)),
    isMobile: /\bMobi/.test(userAgent) || system === "Android" || system.startsWith("iP"),
    isSecureContext: globalThis.isSecureContext,
  };
}

/** "Windows computer", "iPhone": what a person sees in front of them. */
export const deviceKind = ({ system, isMobile }: Pick<Device, "system" | "isMobile">): string => {
  if (system.startsWith("iP")) return system;
  if (system === "Unknown system") return isMobile ? "Phone" : "Computer";
  return `${system} ${isMobile ? "phone" : "computer"}`;
};
