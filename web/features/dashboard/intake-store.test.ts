// Checks a table's way through the dashboard: every step, every failure, nothing left behind.
import { describe, expect, it } from "vitest";
import type { HalfError } from "../../../shared/correlation/half-error.ts";
import type { CorrelationOptions } from "../../../shared/correlation/plan.ts";
import { asDatasetId, asJobId, type JobId } from "../../../shared/ids.ts";
import type { LayoutCorrections, TableLayout } from "../../../shared/ingest/table-layout.ts";
import type { DatasetRecord } from "../../../shared/protocol/http.ts";
import { createIntake, type IntakeActions, type TableReader } from "./intake-store.ts";
import type { ReadOutcome, TableSummary } from "./table-summary.ts";

const layout: TableLayout = {
  encoding: "utf-8",
  delimiter: ",",
  quote: '"',
  decimal: ".",
  skipRecords: 0,
  header: "present",
  layout: "wide",
  dateColumn: 0,
  timeColumn: null,
  dateOrder: "auto",
  seriesColumn: null,
  valueColumn: null,
  ignoredColumns: [],
  extraMissing: [],
};
const summary: TableSummary = {
  name: "prices.csv",
  sizeBytes: 6,
  layout,
  columns: ["date", "A", "B"],
  columnCount: 3,
  firstRows: [],
  seriesCount: 2,
  dateCount: 5,
  firstDate: "2024-01-01",
  lastDate: "2024-01-05",
  missingShare: 0,
  notices: [],
};
const record: DatasetRecord = {
  dataset: asDatasetId(`d_${"a".repeat(22)}`),
  createdAtMs: 0,
  name: "prices.csv",
  series: ["A", "B"],
  dates: ["1", "2", "3", "4", "5"],
  missingShare: 0,
  dropped: [],
  panelSeries: 16,
  panels: [],
};
const options: CorrelationOptions = {
  method: "pearson",
  minPeriods: 1,
  precision: "f64",
  isFast: false,
  shrinkage: "none",
  tile: "auto",
};
const halfError: HalfError = { pairs: 1, largest: 0.01, typical: 0.01, lost: 0 };
const job = asJobId(`j_${"b".repeat(22)}`);
const file = new File(["a,b\n1\n"], "prices.csv");

class ScriptedReader implements TableReader {
  isClosed = false;
  readonly asked: LayoutCorrections[] = [];
  outcomes: (ReadOutcome | Error)[] = [];
  readonly measured: number[] = [];
  answerHalf: () => Promise<HalfError> = () => Promise.resolve(halfError);

  async read(_file: File, corrections: LayoutCorrections, onProgress: (done: number) => void) {
    this.asked.push(corrections);
    onProgress(3);
    const outcome = this.outcomes.shift() ?? { kind: "read", summary };
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  measureHalf(minPeriods: number): Promise<HalfError> {
    this.measured.push(minPeriods);
    return this.answerHalf();
  }

  close(): void {
    this.isClosed = true;
  }
}

function scripted() {
  const readers: ScriptedReader[] = [];
  const submitted: JobId[] = [];
  const uploads: AbortSignal[] = [];
  const place = {
    upload: async (): Promise<DatasetRecord> => record,
    submit: async (): Promise<JobId> => job,
  };
  const outcomes: (ReadOutcome | Error)[] = [];
  const actions = createIntake<ScriptedReader>({
    openReader() {
      const reader = new ScriptedReader();
      reader.outcomes = outcomes;
      readers.push(reader);
      return reader;
    },
    upload(_reader, _options, onProgress, signal) {
      uploads.push(signal);
      onProgress(40, 80);
      return place.upload();
    },
    dataset: () => Promise.resolve(record),
    submit: () => place.submit(),
    onSubmitted: (id) => void submitted.push(id),
  });
  return { actions, readers, submitted, uploads, place, outcomes };
}

const stepOf = (actions: IntakeActions) => actions.store.getState().intake.step;

/** Resolves when the intake has come to `step`; a step that never comes fails by the test's limit. */
const reached = (actions: IntakeActions, step: string): Promise<void> =>
  new Promise((resolve) => {
    if (stepOf(actions) === step) return resolve();
    const off = actions.store.subscribe(({ intake }) => {
      if (intake.step !== step) return;
      off();
      resolve();
    });
  });

describe("createIntake", () => {
  it("reads a file, sends it and hands over the job", async () => {
    const { actions, readers, submitted } = scripted();
    const steps: string[] = [];
    actions.store.subscribe(({ intake }) => steps.push(intake.step));
    actions.open(file);
    await reached(actions, "ready");
    actions.submit(options);
    await reached(actions, "empty");
    expect(submitted).toEqual([job]);
    expect(new Set(steps)).toEqual(new Set(["empty", "reading", "ready", "sending"]));
    expect(readers.map((reader) => reader.isClosed)).toEqual([true]);
  });

  it("reads again with each correction and keeps the last preview in view", async () => {
    const { actions, readers } = scripted();
    actions.open(file);
    await reached(actions, "ready");
    actions.correct({ decimal: "," });
    expect(actions.store.getState().intake).toMatchObject({ step: "reading", previous: summary });
    await reached(actions, "ready");
    actions.correct({ delimiter: ";" });
    await reached(actions, "ready");
    expect(readers[0]?.asked).toEqual([{}, { decimal: "," }, { decimal: ",", delimiter: ";" }]);
  });

  it("shows a refusal with what was corrected, and can still be corrected", async () => {
    const { actions, outcomes } = scripted();
    outcomes.push({ kind: "refused", message: "This file has only one column." });
    actions.open(file);
    await reached(actions, "refused");
    expect(actions.store.getState().intake).toMatchObject({
      message: "This file has only one column.",
      corrections: {},
    });
    actions.correct({ delimiter: ";" });
    await reached(actions, "ready");
  });

  it("opens a new reader after one has died", async () => {
    const { actions, readers, outcomes } = scripted();
    outcomes.push(new Error("Reading stopped."));
    actions.open(file);
    await reached(actions, "refused");
    expect(readers[0]?.isClosed).toBe(true);
    actions.correct({ delimiter: ";" });
    await reached(actions, "ready");
    expect(readers).toHaveLength(2);
  });

  it("reads the table anew when sending failed, and says why", async () => {
    const { actions, place, readers } = scripted();
    place.upload = () => Promise.reject(new Error("The coordinator does not answer."));
    actions.open(file);
    await reached(actions, "ready");
    actions.submit(options);
    await reached(actions, "reading");
    await reached(actions, "ready");
    expect(actions.store.getState().failure).toBe("The coordinator does not answer.");
    expect(readers[0]?.asked).toHaveLength(2);
  });

  it("does not send again what was sent when only the job was refused", async () => {
    const { actions, place, uploads, submitted } = scripted();
    place.submit = () => Promise.reject(new Error("Too many tasks."));
    actions.open(file);
    await reached(actions, "ready");
    actions.submit(options);
    await reached(actions, "stored");
    expect(actions.store.getState().failure).toBe("Too many tasks.");
    place.submit = () => Promise.resolve(job);
    actions.submit(options);
    await reached(actions, "empty");
    expect(submitted).toEqual([job]);
    expect(uploads).toHaveLength(1);
  });

  it("uses a stored table again without reading anything", async () => {
    const { actions, readers } = scripted();
    actions.reuse(record.dataset, "prices.csv");
    await reached(actions, "stored");
    expect(readers).toEqual([]);
  });

  it("ends the upload and the reader when it is reset, and says nothing more", async () => {
    const { actions, place, readers, uploads } = scripted();
    let fail: (error: Error) => void = () => undefined;
    const sending = new Promise<DatasetRecord>((_resolve, reject) => {
      fail = reject;
    });
    place.upload = () => sending;
    actions.open(file);
    await reached(actions, "ready");
    actions.submit(options);
    expect(stepOf(actions)).toBe("sending");
    actions.reset();
    expect(uploads[0]?.aborted).toBe(true);
    expect(readers[0]?.isClosed).toBe(true);
    fail(new Error("Cancelled."));
    await sending.catch(() => undefined);
    expect(actions.store.getState()).toMatchObject({ intake: { step: "empty" }, failure: null });
  });
});

describe("measureHalf", () => {
  const halfOf = (actions: IntakeActions) => actions.store.getState().half;

  async function ready() {
    const scene = scripted();
    scene.actions.open(file);
    await reached(scene.actions, "ready");
    const reader = scene.readers[0];
    if (reader === undefined) throw new Error("no reader was opened");
    return { ...scene, reader };
  }

  it("asks the thread once for each minimum, and keeps the newest answer", async () => {
    const { actions, reader } = await ready();
    let answerFirst = (_error: HalfError): void => undefined;
    reader.answerHalf = () => new Promise((resolve) => (answerFirst = resolve));
    actions.measureHalf(1);
    actions.measureHalf(1);
    expect(halfOf(actions)).toEqual({ state: "measuring", minPeriods: 1 });
    reader.answerHalf = () => Promise.resolve({ ...halfError, largest: 0.5 });
    actions.measureHalf(9);
    answerFirst(halfError);
    await Promise.resolve();
    await Promise.resolve();
    expect(reader.measured).toEqual([1, 9]);
    expect(halfOf(actions)).toMatchObject({
      state: "known",
      minPeriods: 9,
      error: { largest: 0.5 },
    });
  });

  it("says why it failed, and does not ask again by itself", async () => {
    const { actions, reader } = await ready();
    reader.answerHalf = () => Promise.reject(new Error("The thread died."));
    actions.measureHalf(1);
    await Promise.resolve();
    await Promise.resolve();
    expect(halfOf(actions)).toEqual({
      state: "failed",
      minPeriods: 1,
      reason: "The thread died.",
    });
    actions.measureHalf(1);
    expect(reader.measured).toEqual([1]);
  });

  it("forgets the answer with the table it was about", async () => {
    const { actions } = await ready();
    actions.measureHalf(1);
    await Promise.resolve();
    actions.correct({ decimal: "," });
    expect(halfOf(actions)).toEqual({ state: "unknown" });
    await reached(actions, "ready");
    actions.measureHalf(1);
    await Promise.resolve();
    expect(halfOf(actions).state).toBe("known");
    actions.reset();
    expect(halfOf(actions)).toEqual({ state: "unknown" });
    actions.measureHalf(1);
    expect(halfOf(actions)).toEqual({ state: "unknown" });
  });
});
