// What this page may do in its browser, what it keeps, and that closing it is safe.
import { useEffect, useState } from "react";
import type { JoinState } from "./join-state.ts";
import type { Join } from "./join-store.ts";
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

export function AboutPage({ join, state }: { join: Join; state: JoinState }) {
  const [abilities] = useState(readAbilities);
  const certificatePage = useCertificatePage(join);
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
      {certificatePage !== null && (
        <p className={styles["path"]}>
          Does this browser warn of the coordinator’s certificate?{" "}
          <a href={certificatePage}>Let it be trusted</a>, once.
        </p>
      )}
      <p className={styles["path"]}>
        This machine computes only while this page is open. Closing it is safe: unfinished work goes
        to other machines.
      </p>
    </section>
  );
}

/** Only a page that came over https has a certificate to trust. */
function useCertificatePage({ worker }: Join): string | null {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    if (location.protocol !== "https:") return undefined;
    let isGone = false;
    void worker.doctor.certificatePage().then((found) => {
      if (!isGone) setAddress(found);
    });
    return () => {
      isGone = true;
    };
  }, [worker]);
  return address;
}
