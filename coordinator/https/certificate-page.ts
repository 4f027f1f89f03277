// The page that explains how to trust the coordinator: made whole here, so that it needs no script and no trust.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { platformsFor, type Platform } from "./platforms.ts";
import type { LocalAuthority } from "./server-identity.ts";

const styles = readFileSync(join(import.meta.dirname, "certificate-page.css"), "utf8");

export interface CertificatePage {
  readonly authority: LocalAuthority;
  /** As the reader's browser has it in its address: "192.168.1.20:7070". */
  readonly host: string;
  /** Whether this very page comes over https. */
  readonly isSecure: boolean;
  readonly userAgent: string;
  /** Of styles and scripts in the page. */
  readonly nonce: string;
}

/** The policy that goes with the page: nothing but what stands in it. */
export const certificatePagePolicy = (nonce: string): string =>
  [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

export function certificatePageHtml(page: CertificatePage): string {
  const { authority, host, isSecure, userAgent, nonce } = page;
  const [likely, ...others] = platformsFor(userAgent);
  const title = isSecure ? "It works" : "Trust this coordinator";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Tabswarm</title>
<style nonce="${nonce}">${styles}</style>
</head>
<body>
<main data-secure="${isSecure}">
<p class="brand">${BRAND_MARK}Tabswarm</p>
<h1>${title}</h1>
${isSecure ? afterInstalling() : beforeInstalling(host)}
${fingerprint(authority)}
<h2>${isSecure ? "To install the authority" : "Install the authority"}</h2>
${likely === undefined ? "" : likelyPlatform(likely, host, isSecure)}
<h2>On other machines</h2>
${others.map(otherPlatform).join("\n")}
${isSecure ? "" : gains()}
${limits(authority)}
<h2>Remove it</h2>
<p class="muted">When you need it no more, on ${escapeHtml(likely?.title ?? "your machine")}:</p>
<p>${marked(likely?.removal ?? "")}</p>
</main>
${isSecure ? `<script nonce="${nonce}">${GAINS_SCRIPT}</script>` : ""}
</body>
</html>
`;
}

const beforeInstalling = (host: string): string =>
  `<p class="lead">Browsers warn about ${escapeHtml(host)}, as they know the companies that sign certificates on
the internet, and this coordinator signs its own. Install its authority once on each machine, and the
warning is gone. You can also go on with the warning; the bytes are encrypted either way, but you
cannot be sure with whom.</p>`;

const afterInstalling = (): string =>
  `<p class="lead">This page came to you over https. If your browser showed no warning on the way, this machine
trusts the coordinator: open its join address or its dashboard again. If it did warn you, the authority
is not installed yet: the steps are below.</p>
${gains()}`;

const GAINS = [
  ["shared-memory", "Shared memory", "All threads read the same bytes; nothing is copied to each."],
  ["webgpu", "WebGPU", "Fast single-precision tiles are computed on the graphics card."],
  ["wake-lock", "Wake lock", "The screen stays on while this machine computes."],
] as const;

const gains = (): string => `<h2>What https adds</h2>
<ul class="gains">
${GAINS.map(
  ([id, name, what]) =>
    `<li id="${id}"><span>${name}</span><span class="has"></span><span class="what">${what}</span></li>`,
).join("\n")}
</ul>`;

/** Without it the list stands as it is: what a browser may offer. */
const GAINS_SCRIPT = `
const has = {
  "shared-memory": crossOriginIsolated && typeof SharedArrayBuffer === "function",
  "webgpu": "gpu" in navigator,
  "wake-lock": "wakeLock" in navigator,
};
for (const [id, isThere] of Object.entries(has)) {
  const item = document.getElementById(id);
  item.dataset.has = isThere ? "yes" : "no";
  item.querySelector(".has").textContent = isThere ? "✓ Available" : "Not here";
}
`;

const fingerprint = ({
  fingerprint: text,
}: LocalAuthority): string => `<h2>Compare the fingerprint</h2>
<p class="muted">The coordinator printed this when it started. If what you see here differs in any place, somebody
between you and the coordinator is pretending to be it: install nothing.</p>
<p class="fingerprint" aria-label="SHA-256 fingerprint">${text
  .split(" ")
  .map((group) => `<span>${group}</span>`)
  .join(" ")}</p>`;

const likelyPlatform = (platform: Platform, host: string, isSecure: boolean): string =>
  `<p><b>${escapeHtml(platform.title)}</b></p>
<div class="actions"><a class="button${isSecure ? " quiet" : ""}" ${fileLink(platform)}>${downloadText(platform)}</a></div>
${steps(platform)}
<div class="actions"><a class="button quiet" href="https://${escapeHtml(host)}/certificate">Check</a>
<span class="muted small">It works when this page opens without a warning.</span></div>`;

const otherPlatform = (platform: Platform): string =>
  `<details><summary>${escapeHtml(platform.title)}</summary>
<p><a ${fileLink(platform)}>${downloadText(platform)}</a></p>
${steps(platform)}
<p class="muted small">To remove it: ${marked(platform.removal)}</p>
</details>`;

const fileLink = ({ file, opensFile = false }: Platform): string =>
  `href="/certificate/${file}"${opensFile ? "" : " download"}`;

const downloadText = ({ file }: Platform): string =>
  file === "tabswarm.mobileconfig" ? "Download the profile" : "Download the certificate";

const steps = ({ steps: lines }: Platform): string =>
  `<ol>${lines.map((line) => `<li>${marked(line)}</li>`).join("\n")}</ol>`;

function limits({ name, permitted, validUntilMs }: LocalAuthority): string {
  const until = new Date(validUntilMs).toLocaleDateString("en-GB", {
    dateStyle: "long",
    timeZone: "UTC",
  });
  const names = permitted
    .filter((base) => !base.includes("/"))
    .map((base) => `<code>${escapeHtml(base)}</code>`);
  const networks = permitted
    .filter((base) => base.includes("/"))
    .map((base) => `<code>${escapeHtml(base)}</code>`);
  return `<h2>What you trust</h2>
<ul>
<li>The authority is called “${escapeHtml(name)}” and ends on ${until}. Its key is in the coordinator's data
folder, in a file that only its user can read, and never leaves it.</li>
<li>It can sign for home and office networks only, which is written into the certificate: the names
${names.join(", ")} and what is below them, and the addresses ${networks.join(", ")}.</li>
<li>It cannot sign for any site on the internet: not for your bank, your mail, or anybody's page.
Browsers refuse such a certificate.</li>
<li>It cannot make further authorities, and it cannot sign programs or mail.</li>
</ul>
<p class="muted small">For programs: <a href="/certificate/tabswarm.pem" download>the same in PEM format</a>.</p>`;
}

/** Text with `code` and *names*, as HTML. */
const marked = (text: string): string =>
  escapeHtml(text)
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
    .replaceAll(/\*([^*]+)\*/g, "<b>$1</b>");

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);

/** As the app draws it. */
const BRAND_MARK = `<svg width="20" height="20" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
<rect x="2" y="2" width="9" height="9" rx="2.5" fill="var(--accent)"/>
<rect x="13" y="2" width="9" height="9" rx="2.5" fill="var(--line-strong)"/>
<rect x="2" y="13" width="9" height="9" rx="2.5" fill="var(--line-strong)"/>
<rect x="13" y="13" width="9" height="9" rx="2.5" fill="var(--accent)"/>
</svg>`;
