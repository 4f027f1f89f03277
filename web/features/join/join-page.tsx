// The page of a machine that joins: its threads, what it does, what it has done, and how to stop it.
import { Button, Switch } from "@mantine/core";
import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { steadyClock, useNow } from "../../app/use-now.ts";
import { BrandMark, PauseIcon, PlayIcon } from "../../components/icons.tsx";
import { ThreadCells } from "../../components/thread-cells.tsx";
import type { CellState } from "../../components/cell-states.ts";
import { MessagePage } from "../../components/message-page.tsx";
import { refusalAdvice } from "../../app/connection-words.ts";
import { workerStateOf, type JoinState, type WorkerStateWord } from "./join-state.ts";
import { openJoin, type Join } from "./join-store.ts";
import { cacheWords, CONSENT_WORDS, figures, pathWords, stateWords } from "./join-words.ts";
import { MachineName } from "./machine-name.tsx";
import { ThreadsSlider } from "./threads-slider.tsx";
import styles from "./join-page.module.css";

export function JoinPage({ token }: { token: string }) {
  const [join, setJoin] = useState<Join | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [hasLeft, setHasLeft] = useState(false);

  useEffect(() => {
    document.title = "Joined · Tabswarm";
    if (hasLeft) return undefined;
    let isGone = false;
    let opened: Join | null = null;
    openJoin(token).then(
      (made) => {
        if (isGone) return made.close();
        opened = made;
        setJoin(made);
      },
      (error: unknown) => {
        if (!isGone) setFailure(error instanceof Error ? error.message : String(error));
      },
    );
    return () => {
      isGone = true;
      opened?.close();
      setJoin(null);
    };
  }, [token, hasLeft]);

  if (hasLeft) return <Goodbye onReturn={() => setHasLeft(false)} />;
  if (failure !== null) {
    return (
      <MessagePage
        title="This machine could not join"
        action={<Button onClick={() => location.reload()}>Try again</Button>}
      >
        <p>{failure}</p>
      </MessagePage>
    );
  }
  if (join === null) return <div className={styles["page"]} />;
  return <Joined join={join} onLeft={() => setHasLeft(true)} />;
}

function Joined({ join, onLeft }: { join: Join; onLeft: () => void }) {
  const state = useStore(join.store);
  const { connection } = state;
  const nowMs = useNow(connection.state === "lost" ? 500 : null, steadyClock);
  useStateOnDocument(workerStateOf(state));

  if (connection.state === "refused") {
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

  const words = stateWords(state, nowMs);
  const leave = (): void => {
    join.worker.leave();
    onLeft();
  };
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
        <div className={styles["state"]} data-tone={words.tone} role="status">
          <p className={styles["title"]}>{words.title}</p>
          <p className={styles["detail"]}>{words.detail}</p>
        </div>
        <Controls join={join} state={state} onLeave={leave} />
        {connection.state === "welcomed" && connection.allowsFunctions && (
          <Consent join={join} runsFunctions={state.runsFunctions} />
        )}
        <dl className={styles["figures"]}>
          {figures(state).map(({ label, value }) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <p className={styles["path"]}>{pathWords(state)}</p>
        {cacheWords(state) !== null && <p className={styles["path"]}>{cacheWords(state)}</p>}
        <p className={styles["path"]}>
          This machine computes only while this page is open. Closing it is safe: unfinished work
          goes to other machines.
        </p>
      </div>
    </main>
  );
}

/** Scripts that drive headless workers read the state there, whatever the page looks like. */
function useStateOnDocument(state: WorkerStateWord | "left"): void {
  useEffect(() => {
    document.documentElement.dataset["workerState"] = state;
  }, [state]);
}

function Controls({ join, state, onLeave }: { join: Join; state: JoinState; onLeave: () => void }) {
  return (
    <div className={styles["controls"]}>
      <ThreadsSlider
        threads={state.threads}
        threadsMax={state.threadsMax}
        onChange={(threads) => join.worker.setThreads(threads)}
      />
      <div className={styles["buttons"]}>
        {state.paused ? (
          <Button leftSection={<PlayIcon sizePx={16} />} onClick={() => join.worker.resume()}>
            Resume
          </Button>
        ) : (
          <Button
            variant="default"
            leftSection={<PauseIcon sizePx={16} />}
            onClick={() => join.worker.pause()}
          >
            Pause
          </Button>
        )}
        <Button variant="default" onClick={onLeave}>
          Leave
        </Button>
      </div>
    </div>
  );
}

/** Whether this machine runs what others write; nothing of that happens before somebody says so. */
function Consent({ join, runsFunctions }: { join: Join; runsFunctions: boolean }) {
  return (
    <div className={styles["consent"]}>
      <Switch
        checked={runsFunctions}
        onChange={(event) => join.worker.setRunsFunctions(event.currentTarget.checked)}
        label="Run custom code as well"
        description={CONSENT_WORDS}
      />
    </div>
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

function Goodbye({ onReturn }: { onReturn: () => void }) {
  useStateOnDocument("left");
  return (
    <MessagePage
      title="This machine has left"
      action={<Button onClick={onReturn}>Join again</Button>}
    >
      <p>
        Thank you for computing. Unfinished work went back to the others; nothing runs here now.
      </p>
    </MessagePage>
  );
}
