// What this page may do in its browser, what it keeps, and that closing it is safe.
import { useState } from "react";
import type { JoinState } from "./join-state.ts";
import { type Abilities, abilityWords, cacheWords, screenWords } from "./join-words.ts";
import styles from "./join-page.module.css";

/** Read once: a page does not gain or lose these while it is open. */
const readAbilities = (): Abilities => ({
  isSecure: globalThis.isSecureContext,
  isLocal: location.protocol === "http:",
  hasWebGpu: "gpu" in navigator,
  hasSharedMemory: globalThis.crossOriginIsolated,
  hasWakeLock: "wakeLock" in navigator,
});

export function AboutPage({ state }: { state: JoinState }) {
  const [abilities] = useState(readAbilities);
  const lines = [abilityWords(abilities), screenWords(state), cacheWords(state)];
  return (
    <section className={styles["section"]} aria-labelledby="page-heading">
      <h2 id="page-heading" className={styles["heading"]}>
        This page
      </h2>
      {lines.map(
        (line) =>
          line !== null && (
            <p key={line} className={styles["path"]}>
              {line}
            </p>
          ),
      )}
      <p className={styles["path"]}>
        This machine computes only while this page is open. Closing it is safe: unfinished work goes
        to other machines.
      </p>
    </section>
  );
}
