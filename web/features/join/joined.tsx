// A joined machine: its name, cells, state, what it gave, and everything that its person may decide.
import { Button } from "@mantine/core";
import { useEffect } from "react";
import { useStore } from "zustand";
import { refusalAdvice } from "../../app/connection-words.ts";
import { steadyClock, useNow } from "../../app/use-now.ts";
import type { CellState } from "../../components/cell-states.ts";
import { BrandMark } from "../../components/icons.tsx";
import { MessagePage } from "../../components/message-page.tsx";
import { ThreadCells } from "../../components/thread-cells.tsx";
import { AboutPage } from "./about-page.tsx";
import { ConnectionSection } from "./connection-section.tsx";
import { CourtesyRules } from "./courtesy-rules.tsx";
import type { FarewellReason } from "./farewell.tsx";
import { workerStateOf, type JoinState } from "./join-state.ts";
import type { Join } from "./join-store.ts";
import { contributionWords, dashboardWords, figures, stateWords } from "./join-words.ts";
import { MachineName } from "./machine-name.tsx";
import { StopControls } from "./stop-controls.tsx";
import { ThreadsSlider } from "./threads-slider.tsx";
import { useStateOnDocument } from "./use-worker-state.ts";
import styles from "./join-page.module.css";

export interface JoinedProps {
  readonly join: Join;
  readonly onEnd: (reason: FarewellReason) => void;
}

export function Joined({ join, onEnd }: JoinedProps) {
  const state = useStore(join.store);
  const { connection, endedBy, given } = state;
  // Who was removed is not refused: the farewell that comes at once says what happened.
  useStateOnDocument(endedBy === null ? workerStateOf(state) : "left", endedBy ?? undefined);
  useEffect(() => {
    if (endedBy !== null) onEnd({ by: endedBy, given: farewellSentences(given) });
  }, [endedBy, given, onEnd]);

  if (connection.state === "refused" && endedBy === null) {
    const advice = refusalAdvice(connection.reason, connection.message);
    return (
      <MessagePage
        title={advice.title}
        action={advice.canReload && <Button onClick={() => location.reload()}>Reload</Button>}
      >
        <p>{advice.text}</p>
      </MessagePage>
    );
  }

  const leave = (): void => {
    join.worker.leave();
    onEnd({ by: "left", given: farewellSentences(given) });
  };
  const fromDashboard = dashboardWords(state);
  return (
    <main className={styles["page"]}>
      <div className={styles["column"]}>
        <p className={styles["brand"]}>
          <BrandMark sizePx={20} />
          Tabswarm
        </p>
        <MachineName name={state.name} onRename={(name) => join.rename(name)} />
        <div className={styles["cells"]}>
          <ThreadCells cells={cellsOf(state)} size="large" label="This machine" />
        </div>
        <StateLines state={state} />
        <div className={styles["controls"]}>
          <ThreadsSlider
            threads={state.courtesy.settings.threads}
            threadsMax={state.threadsMax}
            onChange={(threads) => join.setCourtesy({ threads })}
          />
          <StopControls join={join} state={state} onLeave={leave} />
        </div>
        {fromDashboard !== null && <p className={styles["path"]}>{fromDashboard}</p>}
        <Given state={state} />
        <CourtesyRules join={join} state={state} />
        <ConnectionSection join={join} state={state} />
        <AboutPage join={join} state={state} />
      </div>
    </main>
  );
}

/** Who has done nothing yet is not told so when leaving. */
const farewellSentences = (given: JoinState["given"]): readonly string[] =>
  given.inAll.tasks === 0 ? [] : contributionWords(given);

function StateLines({ state }: { state: JoinState }) {
  const nowMs = useNow(state.connection.state === "lost" ? 500 : null, steadyClock);
  const words = stateWords(state, nowMs);
  return (
    <div className={styles["state"]} data-tone={words.tone} role="status">
      <p className={styles["title"]}>{words.title}</p>
      <p className={styles["detail"]}>{words.detail}</p>
    </div>
  );
}

function Given({ state }: { state: JoinState }) {
  return (
    <section className={styles["section"]} aria-label="What this machine gave">
      {contributionWords(state.given).map((sentence, index) => (
        <p key={index === 0 ? "visit" : "all"} className={styles[index === 0 ? "given" : "path"]}>
          {sentence}
        </p>
      ))}
      <dl className={styles["figures"]}>
        {figures(state).map(({ label, value }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The threads' own states, and leases on their way shown on threads that wait for them. */
function cellsOf(state: JoinState): CellState[] {
  let arriving = state.fetching;
  return state.cells.map((cell) => {
    if (cell.state !== "waiting") return cell.state;
    if (state.paused) return "paused";
    arriving -= 1;
    return arriving >= 0 ? "moving" : "waiting";
  });
}
