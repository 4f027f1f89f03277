// The strip above the dashboard that says when the coordinator is lost or refuses this page.
import { Button } from "@mantine/core";
import { Notice } from "../components/notice.tsx";
import { connectionAdvice } from "./connection-words.ts";
import { useCluster } from "./session.ts";
import { steadyClock, useNow } from "./use-now.ts";
import styles from "./app.module.css";

export function ConnectionBanner() {
  const connection = useCluster((state) => state.connection);
  const nowMs = useNow(connection.state === "lost" ? 1_000 : null, steadyClock);
  const advice = connectionAdvice(connection, nowMs);
  if (advice === null) return null;
  return (
    <div className={styles["banner"]}>
      <Notice
        tone={connection.state === "refused" ? "failed" : "attention"}
        title={advice.title}
        action={
          advice.canReload && (
            <Button variant="default" onClick={() => location.reload()}>
              Reload
            </Button>
          )
        }
      >
        {advice.text}
      </Notice>
    </div>
  );
}
