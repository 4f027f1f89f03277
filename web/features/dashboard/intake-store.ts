// The way of one table through the dashboard: dropped, read, corrected, sent, handed to a job.
import { createStore, type StoreApi } from "zustand/vanilla";
import type { HalfError } from "../../../shared/correlation/half-error.ts";
import type { CorrelationOptions } from "../../../shared/correlation/plan.ts";
import type { DatasetId, JobId } from "../../../shared/ids.ts";
import type { DatasetRecord } from "../../../shared/protocol/http.ts";
import type { LayoutCorrections } from "../../../shared/ingest/table-layout.ts";
import type { HalfMeasure } from "./half-words.ts";
import { mergeCorrections } from "./layout-choices.ts";
import type { ReadOutcome, TableSummary } from "./table-summary.ts";

type Intake =
  | { readonly step: "empty" }
  | {
      readonly step: "reading";
      readonly name: string;
      readonly bytesDone: number;
      readonly bytesTotal: number;
      /** What was read before a correction: stays in view until the new reading is there. */
      readonly previous: TableSummary | null;
    }
  | { readonly step: "ready"; readonly summary: TableSummary }
  | {
      readonly step: "refused";
      readonly name: string;
      readonly message: string;
      readonly previous: TableSummary | null;
      /** What the person had set right so far. */
      readonly corrections: LayoutCorrections;
    }
  | { readonly step: "asking"; readonly name: string }
  | {
      readonly step: "stored";
      readonly record: DatasetRecord;
      /** What the form begins with, where another job was set up so. */
      readonly options: CorrelationOptions | null;
    }
  | {
      readonly step: "sending";
      readonly name: string;
      readonly bytesDone: number;
      readonly bytesTotal: number;
    };

export interface IntakeState {
  readonly intake: Intake;
  /** Why the last job could not be started; the table is still there. */
  readonly failure: string | null;
  /** What half precision would change of the table in view. */
  readonly half: HalfMeasure;
}

/** Reads one file at a time in a thread of its own. */
export interface TableReader {
  read(
    file: File,
    corrections: LayoutCorrections,
    onProgress: (bytesDone: number) => void,
  ): Promise<ReadOutcome>;
  /** What half precision would change of what was read last. */
  measureHalf(minPeriods: number): Promise<HalfError>;
  close(): void;
}

/** What the intake needs from the rest of the app. */
export interface IntakePlace<Reader extends TableReader> {
  openReader(): Reader;
  /** Stores what the reader has read, in the precision of the options. */
  upload(
    reader: Reader,
    options: CorrelationOptions,
    onProgress: (bytesDone: number, bytesTotal: number) => void,
    signal: AbortSignal,
  ): Promise<DatasetRecord>;
  dataset(dataset: DatasetId): Promise<DatasetRecord>;
  submit(record: DatasetRecord, options: CorrelationOptions): Promise<JobId>;
  onSubmitted(job: JobId): void;
}

export interface IntakeActions {
  readonly store: StoreApi<IntakeState>;
  readonly open: (file: File) => void;
  readonly correct: (change: LayoutCorrections) => void;
  /** A table that the coordinator has; `options`: what the form is to begin with. */
  readonly reuse: (dataset: DatasetId, name: string, options?: CorrelationOptions) => void;
  /** Measures what half precision would change, unless that is known or under way. */
  readonly measureHalf: (minPeriods: number) => void;
  readonly submit: (options: CorrelationOptions) => void;
  /** Back to the beginning; ends whatever is under way. */
  readonly reset: () => void;
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

export function createIntake<Reader extends TableReader>(
  place: IntakePlace<Reader>,
): IntakeActions {
  const store = createStore<IntakeState>(() => ({
    intake: { step: "empty" },
    failure: null,
    half: { state: "unknown" },
  }));
  let reader: Reader | null = null;
  let file: File | null = null;
  let corrections: LayoutCorrections = {};
  let abort = new AbortController();
  const show = (intake: Intake, failure: string | null = null): void =>
    store.setState({ intake, failure });

  const restart = (): AbortSignal => {
    abort.abort();
    abort = new AbortController();
    return abort.signal;
  };

  async function read(previous: TableSummary | null, failure: string | null = null): Promise<void> {
    if (file === null) return;
    const signal = restart();
    const { name, size } = file;
    reader ??= place.openReader();
    store.setState({ half: { state: "unknown" } });
    show({ step: "reading", name, bytesDone: 0, bytesTotal: size, previous }, failure);
    try {
      const outcome = await reader.read(file, corrections, (bytesDone) => {
        if (signal.aborted) return;
        show({ step: "reading", name, bytesDone, bytesTotal: size, previous }, failure);
      });
      if (signal.aborted || outcome.kind === "superseded") return;
      if (outcome.kind === "read") show({ step: "ready", summary: outcome.summary }, failure);
      else show({ step: "refused", name, message: outcome.message, previous, corrections });
    } catch (error) {
      if (signal.aborted) return;
      // Its thread is gone or broken: the next reading gets a new one.
      reader?.close();
      reader = null;
      show({ step: "refused", name, message: wordsOf(error), previous, corrections });
    }
  }

  async function measureHalf(minPeriods: number): Promise<void> {
    const { half, intake } = store.getState();
    const isAsked = half.state !== "unknown" && half.minPeriods === minPeriods;
    if (isAsked || intake.step !== "ready" || reader === null) return;
    const measuring: HalfMeasure = { state: "measuring", minPeriods };
    store.setState({ half: measuring });
    // A newer question, or another table, has taken this one's place.
    const isStale = (): boolean => store.getState().half !== measuring;
    try {
      const error = await reader.measureHalf(minPeriods);
      if (!isStale()) store.setState({ half: { state: "known", minPeriods, error } });
    } catch (error) {
      if (!isStale())
        store.setState({ half: { state: "failed", minPeriods, reason: wordsOf(error) } });
    }
  }

  /** The record of what is in view: stored already, or sent now. */
  async function record(
    before: Intake,
    options: CorrelationOptions,
    signal: AbortSignal,
  ): Promise<DatasetRecord> {
    if (before.step === "stored") return before.record;
    if (before.step !== "ready" || reader === null) throw new Error("There is no table to send.");
    const { name, sizeBytes } = before.summary;
    show({ step: "sending", name, bytesDone: 0, bytesTotal: sizeBytes });
    const onProgress = (bytesDone: number, bytesTotal: number): void => {
      if (!signal.aborted) show({ step: "sending", name, bytesDone, bytesTotal });
    };
    return place.upload(reader, options, onProgress, signal);
  }

  async function submit(options: CorrelationOptions): Promise<void> {
    const signal = restart();
    let before = store.getState().intake;
    try {
      const stored = await record(before, options, signal);
      // Sent is sent: should the job be refused, a second try starts from here.
      if (!signal.aborted && before.step === "ready")
        before = { step: "stored", record: stored, options };
      if (signal.aborted) return;
      const job = await place.submit(stored, options);
      if (signal.aborted) return;
      reset();
      place.onSubmitted(job);
    } catch (error) {
      if (signal.aborted) return;
      // Panels that were sent are gone from the reader, so the table is read once more.
      if (before.step === "ready") void read(before.summary, wordsOf(error));
      else show(before, wordsOf(error));
    }
  }

  async function reuse(
    dataset: DatasetId,
    name: string,
    options: CorrelationOptions | null,
  ): Promise<void> {
    reset();
    const signal = restart();
    show({ step: "asking", name });
    try {
      const found = await place.dataset(dataset);
      if (!signal.aborted) show({ step: "stored", record: found, options });
    } catch (error) {
      const message = wordsOf(error);
      if (!signal.aborted) show({ step: "refused", name, message, previous: null, corrections });
    }
  }

  function reset(): void {
    restart();
    reader?.close();
    reader = null;
    file = null;
    corrections = {};
    store.setState({ half: { state: "unknown" } });
    show({ step: "empty" });
  }

  return {
    store,
    open(chosen) {
      reset();
      file = chosen;
      void read(null);
    },
    correct(change) {
      const { intake } = store.getState();
      corrections = mergeCorrections(corrections, change);
      if (intake.step === "ready") void read(intake.summary);
      else if (intake.step === "reading" || intake.step === "refused") void read(intake.previous);
    },
    reuse: (dataset, name, choices) => void reuse(dataset, name, choices ?? null),
    measureHalf: (minPeriods) => void measureHalf(minPeriods),
    submit: (options) => void submit(options),
    reset,
  };
}
