// The rules by which this machine spares its person, each a switch with what it means here and now.
import { Switch } from "@mantine/core";
import type { JoinState } from "./join-state.ts";
import type { Join } from "./join-store.ts";
import { batteryWords, CONSENT_WORDS } from "./join-words.ts";
import styles from "./join-page.module.css";

export function CourtesyRules({ join, state }: { join: Join; state: JoinState }) {
  const { settings, tellsBattery } = state.courtesy;
  const { connection } = state;
  return (
    <section className={styles["section"]} aria-labelledby="rules-heading">
      <h2 id="rules-heading" className={styles["heading"]}>
        Rules for this machine
      </h2>
      <div className={styles["rules"]}>
        <Switch
          checked={settings.onlyPluggedIn && tellsBattery === true}
          disabled={tellsBattery !== true}
          onChange={(event) => join.setCourtesy({ onlyPluggedIn: event.currentTarget.checked })}
          label="Only when plugged in"
          description={batteryWords(state.courtesy)}
        />
        <Switch
          checked={settings.stopsWhenHidden}
          onChange={(event) => join.setCourtesy({ stopsWhenHidden: event.currentTarget.checked })}
          label="Stop when this page is hidden"
          description="Behind another tab or window, or with the screen off."
        />
        <Switch
          checked={settings.givesWay}
          onChange={(event) => join.setCourtesy({ givesWay: event.currentTarget.checked })}
          label="Give way when this machine is busy"
          description="Uses fewer threads while somebody needs it for something else, and takes them back slowly."
        />
        {connection.state === "welcomed" && connection.allowsFunctions && (
          // Nothing that others wrote runs before somebody says so.
          <Switch
            checked={state.runsFunctions}
            onChange={(event) => join.worker.setRunsFunctions(event.currentTarget.checked)}
            label="Run custom code as well"
            description={CONSENT_WORDS}
          />
        )}
      </div>
    </section>
  );
}
