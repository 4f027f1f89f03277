// Adds up what vitest and Playwright said and prints "N passed, N failed" alone on the last line.
import { readFileSync } from "node:fs";

const [, , file, status] = process.argv;
// Runners colour their output even when it is piped in some environments.
// oxlint-disable-next-line no-control-regex
const text = readFileSync(file, "utf8").replaceAll(/\u001b\[[0-9;]*m/g, "");
const sum = (pattern) => [...text.matchAll(pattern)].reduce((total, m) => total + Number(m[1]), 0);

const passed = sum(/^\s*Tests\s.*?(\d+) passed/gm) + sum(/^\s{1,4}(\d+) passed \(/gm);
let failed = sum(/^\s*Tests\s.*?(\d+) failed/gm) + sum(/^\s{1,4}(\d+) failed$/gm);
// A step that failed before or without any test (types, lint, build) is one failure.
if (status !== "0" && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(status === "0" && failed === 0 ? 0 : 1);
