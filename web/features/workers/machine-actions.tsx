// What may be done with a machine from the dashboard: pause, threads, name, retire, remove.
import { Button, Slider } from "@mantine/core";
import { useEffect, useId, useRef, useState, type SubmitEvent } from "react";
import { NAME_LENGTH_MAX } from "../../../shared/limits.ts";
import type { WorkerView } from "../../../shared/protocol/messages.ts";
import { useSession } from "../../app/session.ts";
import { formatCount, formatPlural } from "../../components/format.ts";
import { PauseIcon, PencilIcon, PlayIcon } from "../../components/icons.tsx";
import { Notice } from "../../components/notice.tsx";
import { QUESTIONS, type MachineQuestion } from "./machine-questions.ts";
import { pauseEnds } from "./machine-words.ts";
import styles from "./machine-actions.module.css";

/** After this time the slider shows again what the machine says: it may have other ideas. */
const ASKED_MS = 4_000;

/** Does one thing after the other and keeps what went wrong last. */
function useDoing() {
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = (action: () => Promise<void>): void => {
    setIsBusy(true);
    setProblem(null);
    action()
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
      .finally(() => setIsBusy(false));
  };
  return { isBusy, problem, run };
}

export function MachineActions({ worker }: { readonly worker: WorkerView }) {
  const { client } = useSession();
  const { isBusy, problem, run } = useDoing();
  const [mode, setMode] = useState<"none" | "renaming" | MachineQuestion>("none");
  const id = worker.worker;
  const buttons = useRef<HTMLDivElement>(null);
  const wasAsking = useRef(false);
  useEffect(() => {
    // The keyboard goes on where it was before the field or question opened.
    const isAsking = mode !== "none";
    if (wasAsking.current && !isAsking) buttons.current?.querySelector("button")?.focus();
    wasAsking.current = isAsking;
  }, [mode]);
  const stop = (): void => setMode("none");
  return (
    <div className={styles["actions"]}>
      {mode === "none" && (
        <>
          <div ref={buttons} className={styles["buttons"]}>
            <PauseButton
              worker={worker}
              isBusy={isBusy}
              onPause={(paused) => run(() => client.changeWorker(id, { paused }))}
            />
            <Button
              variant="default"
              leftSection={<PencilIcon sizePx={16} />}
              onClick={() => setMode("renaming")}
            >
              Rename
            </Button>
            <Button
              variant="default"
              disabled={worker.isRetiring}
              onClick={() => setMode("retire")}
            >
              Retire gently
            </Button>
            <Button variant="default" onClick={() => setMode("remove")}>
              Remove
            </Button>
          </div>
          <Threads
            worker={worker}
            onChange={(threads) => run(() => client.changeWorker(id, { threads }))}
          />
        </>
      )}
      {mode === "renaming" && (
        <NameForm
          name={worker.name}
          onDone={(name) => {
            stop();
            if (name !== null && name !== worker.name) run(() => client.changeWorker(id, { name }));
          }}
        />
      )}
      {(mode === "retire" || mode === "remove") && (
        <Question
          question={mode}
          worker={worker}
          onAnswer={(isYes) => {
            stop();
            if (!isYes) return;
            run(() => (mode === "retire" ? client.retireWorker(id) : client.removeWorker(id)));
          }}
        />
      )}
      {problem !== null && (
        <Notice tone="failed" title="That could not be done">
          {problem}
        </Notice>
      )}
    </div>
  );
}

interface PauseButtonProps {
  readonly worker: WorkerView;
  readonly isBusy: boolean;
  readonly onPause: (paused: boolean) => void;
}

function PauseButton({ worker, isBusy, onPause }: PauseButtonProps) {
  const isPaused = worker.state === "paused";
  // A pause by a rule of the machine's user ends by that rule, not from here.
  const isHeld = isPaused && pauseEnds(worker) !== null;
  return (
    <Button
      variant="default"
      leftSection={isPaused ? <PlayIcon sizePx={16} /> : <PauseIcon sizePx={16} />}
      loading={isBusy}
      disabled={isHeld || worker.isRetiring}
      onClick={() => onPause(!isPaused)}
    >
      {isPaused ? "Resume" : "Pause"}
    </Button>
  );
}

interface ThreadsProps {
  readonly worker: WorkerView;
  readonly onChange: (threads: number) => void;
}

function Threads({ worker, onChange }: ThreadsProps) {
  const { threads, threadsMax } = worker;
  const labelId = useId();
  // The thumb follows the hand at once, and stays there until the machine has heard of it.
  const [held, setHeld] = useState<number | null>(null);
  const [isAsked, setIsAsked] = useState(false);
  useEffect(() => {
    if (!isAsked) return undefined;
    const forget = (): void => {
      setIsAsked(false);
      setHeld(null);
    };
    if (held === threads) {
      forget();
      return undefined;
    }
    const timer = setTimeout(forget, ASKED_MS);
    return () => clearTimeout(timer);
  }, [isAsked, held, threads]);
  const shown = held ?? threads;
  return (
    <div className={styles["threads"]}>
      <span id={labelId}>
        Threads it may use: {formatCount(shown)} of {formatPlural(threadsMax, "thread")}
      </span>
      <Slider
        value={shown}
        min={1}
        max={threadsMax}
        step={1}
        label={null}
        disabled={threadsMax === 1}
        thumbProps={{ "aria-labelledby": labelId }}
        onChange={(value) => {
          setIsAsked(false);
          setHeld(value);
        }}
        onChangeEnd={(value) => {
          if (value === threads) setHeld(null);
          else {
            setIsAsked(true);
            onChange(value);
          }
        }}
      />
      <p>Whoever sits at the machine may change this again.</p>
    </div>
  );
}

interface NameFormProps {
  readonly name: string;
  /** Null: left as it was. */
  readonly onDone: (name: string | null) => void;
}

function NameForm({ name, onDone }: NameFormProps) {
  const [text, setText] = useState(name);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    onDone(text.trim() === "" ? null : text.trim());
  };
  return (
    <form className={styles["rename"]} onSubmit={submit}>
      <input
        ref={field}
        value={text}
        maxLength={NAME_LENGTH_MAX}
        aria-label="Name of the machine"
        autoComplete="off"
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          // Only the field closes, not the dialog around it.
          event.preventDefault();
          event.stopPropagation();
          onDone(null);
        }}
      />
      <Button type="submit">Save</Button>
      <Button variant="default" onClick={() => onDone(null)}>
        Keep the name
      </Button>
    </form>
  );
}

interface QuestionProps {
  readonly question: MachineQuestion;
  readonly worker: WorkerView;
  readonly onAnswer: (isYes: boolean) => void;
}

function Question({ question, worker, onAnswer }: QuestionProps) {
  const { title, text, yes, no } = QUESTIONS[question];
  const titleId = useId();
  return (
    <div className={styles["question"]} role="group" aria-labelledby={titleId}>
      <strong id={titleId}>{title(worker.name)}</strong>
      <p>{text}</p>
      <div className={styles["buttons"]}>
        <Button variant="default" autoFocus onClick={() => onAnswer(false)}>
          {no}
        </Button>
        <Button {...(question === "remove" ? { color: "red" } : {})} onClick={() => onAnswer(true)}>
          {yes}
        </Button>
      </div>
    </div>
  );
}
