// Shows the table that is on its way in, at whatever step it is.
import { unreachable } from "../../../shared/assert.ts";
import { transportOf, type CorrelationOptions } from "../../../shared/correlation/plan.ts";
import type { IntakeActions, IntakeState } from "./intake-store.ts";
import { CorrelateForm, type CorrelateTable } from "./correlate-form.tsx";
import { Notice } from "../../components/notice.tsx";
import { BlindLayoutForm } from "./layout-form.tsx";
import { ByteProgress, Facts, Preview, PreviewFrame } from "./preview.tsx";
import type { TableSummary } from "./table-summary.ts";

export interface IntakeViewProps {
  readonly state: IntakeState;
  readonly actions: IntakeActions;
  readonly hasMachines: boolean;
}

/** A table that was read here and not sent anywhere. */
const unsent = (summary: TableSummary): CorrelateTable => ({ ...summary, transport: null });

export function IntakeView({ state, actions, hasMachines }: IntakeViewProps) {
  const { intake, failure, half } = state;
  const form = (table: CorrelateTable, isBusy: boolean, initial?: CorrelationOptions | null) => (
    <CorrelateForm
      initial={initial ?? null}
      table={table}
      half={half}
      hasMachines={hasMachines}
      isBusy={isBusy}
      failure={failure}
      onMeasureHalf={actions.measureHalf}
      onSubmit={actions.submit}
    />
  );
  switch (intake.step) {
    case "empty":
      return null;
    case "asking":
      return (
        <PreviewFrame name={intake.name} onFile={actions.open} onCancel={actions.reset}>
          <p role="status">Asking the coordinator for this table…</p>
        </PreviewFrame>
      );
    case "reading":
      return (
        <PreviewFrame
          name={intake.name}
          onFile={actions.open}
          onCancel={actions.reset}
          form={intake.previous === null ? undefined : form(unsent(intake.previous), true)}
        >
          <ByteProgress label="Reading" {...intake} />
          {intake.previous !== null && (
            <Preview summary={intake.previous} onCorrect={actions.correct} />
          )}
        </PreviewFrame>
      );
    case "refused":
      return (
        <PreviewFrame name={intake.name} onFile={actions.open} onCancel={actions.reset}>
          <Notice tone="failed" title="This file cannot be used as it is">
            {intake.message}
          </Notice>
          {intake.previous === null ? (
            <BlindLayoutForm corrections={intake.corrections} onCorrect={actions.correct} />
          ) : (
            <Preview summary={intake.previous} onCorrect={actions.correct} />
          )}
        </PreviewFrame>
      );
    case "ready":
      return (
        <PreviewFrame
          name={intake.summary.name}
          onFile={actions.open}
          onCancel={actions.reset}
          form={form(unsent(intake.summary), false)}
        >
          <Preview summary={intake.summary} onCorrect={actions.correct} />
        </PreviewFrame>
      );
    case "stored": {
      const { record } = intake;
      const { missingShare } = record;
      const counts = { seriesCount: record.series.length, dateCount: record.dates.length };
      return (
        <PreviewFrame
          name={record.name}
          onFile={actions.open}
          onCancel={actions.reset}
          form={form(
            { ...counts, missingShare, transport: transportOf(record) },
            false,
            intake.options,
          )}
        >
          <Facts
            {...counts}
            firstDate={record.dates[0] ?? ""}
            lastDate={record.dates.at(-1) ?? ""}
            missingShare={missingShare}
          />
          <p>The coordinator has this table already: nothing needs to be read or sent again.</p>
        </PreviewFrame>
      );
    }
    case "sending":
      return (
        <PreviewFrame name={intake.name} onCancel={actions.reset}>
          <ByteProgress label="Handing the table to the cluster" {...intake} />
        </PreviewFrame>
      );
    default:
      return unreachable(intake);
  }
}
