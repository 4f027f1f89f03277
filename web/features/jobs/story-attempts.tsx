// The attempts of a task on one line of time: which machine, how long it moved, waited and computed.
import { useNow, wallClock } from "../../app/use-now.ts";
import { formatDuration, formatPlural } from "../../components/format.ts";
import { attemptBars, outcomeWords, type AttemptStory } from "./story-words.ts";
import styles from "./story-attempts.module.css";

const LIVE_INTERVAL_MS = 1_000;

export function StoryAttempts({ attempts }: { readonly attempts: readonly AttemptStory[] }) {
  const isLive = attempts.some(({ endMs }) => endMs === null);
  const nowMs = useNow(isLive ? LIVE_INTERVAL_MS : null, wallClock);
  if (attempts.length === 0) {
    return <p className={styles["muted"]}>No attempt is remembered.</p>;
  }
  const bars = attemptBars(attempts, nowMs);
  return (
    <section>
      <h3 className={styles["heading"]}>{formatPlural(attempts.length, "attempt")}</h3>
      <ol className={styles["attempts"]}>
        {attempts.map((attempt, index) => {
          const bar = bars[index];
          return (
            <li key={attempt.attempt} data-outcome={attempt.outcome ?? "live"}>
              <div className={styles["line"]}>
                <b>{attempt.name}</b>
                <span className={styles["outcome"]}>{outcomeWords(attempt)}</span>
                <span className={styles["times"]}>{timesWords(attempt)}</span>
              </div>
              <div className={styles["track"]} aria-hidden="true">
                <span style={{ width: `${(bar?.start ?? 0) * 100}%` }} />
                {bar?.phases.map(({ key, share }) => (
                  <span key={key} data-phase={key} style={{ width: `${share * 100}%` }} />
                ))}
              </div>
            </li>
          );
        })}
      </ol>
      <p className={styles["legend"]} aria-hidden="true">
        <span data-phase="transfer" /> moving data <span data-phase="wait" /> waiting for a thread{" "}
        <span data-phase="compute" /> computing <span data-phase="unknown" /> not measured
      </p>
    </section>
  );
}

function timesWords({ fetchMs, waitMs, computeMs, outcome }: AttemptStory): string {
  const parts: string[] = [];
  if (fetchMs !== null && fetchMs >= 1) parts.push(`moved data ${formatDuration(fetchMs)}`);
  if (waitMs !== null && waitMs >= 1) parts.push(`waited ${formatDuration(waitMs)}`);
  if (computeMs !== null) parts.push(`computed ${formatDuration(computeMs)}`);
  if (parts.length > 0) return parts.join(", ");
  return outcome === null ? "" : "times not known";
}
