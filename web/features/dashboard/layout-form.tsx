// The guesses about a file's layout as lists to choose from; choosing reads the file anew.
import { Select } from "@mantine/core";
import type { LayoutCorrections } from "../../../shared/ingest/table-layout.ts";
import {
  blindLayoutControls,
  layoutControls,
  rareLayoutControls,
  type LayoutControl,
} from "./layout-choices.ts";
import type { TableSummary } from "./table-summary.ts";
import styles from "./preview.module.css";

export interface LayoutFormProps {
  readonly summary: TableSummary;
  readonly onCorrect: (change: LayoutCorrections) => void;
}

export function LayoutForm({ summary, onCorrect }: LayoutFormProps) {
  const { layout, columns } = summary;
  return (
    <fieldset className={styles["layout"]}>
      <legend>Read as</legend>
      <Controls controls={layoutControls(layout, columns)} onCorrect={onCorrect} />
      <details className={styles["rare"]}>
        <summary>More about this file</summary>
        <div className={styles["controls"]}>
          <Controls controls={rareLayoutControls(layout)} onCorrect={onCorrect} />
        </div>
      </details>
    </fieldset>
  );
}

export interface BlindLayoutFormProps {
  readonly corrections: LayoutCorrections;
  readonly onCorrect: (change: LayoutCorrections) => void;
}

/** For a file that was refused before anything could be shown of it. */
export function BlindLayoutForm({ corrections, onCorrect }: BlindLayoutFormProps) {
  return (
    <fieldset className={styles["layout"]}>
      <legend>If it is a table all the same, say how to read it</legend>
      <Controls controls={blindLayoutControls(corrections)} onCorrect={onCorrect} />
    </fieldset>
  );
}

function Controls({
  controls,
  onCorrect,
}: {
  controls: readonly LayoutControl[];
  onCorrect: (change: LayoutCorrections) => void;
}) {
  return controls.map((control) => (
    <Select
      key={control.id}
      label={control.label}
      data={control.choices}
      value={control.value}
      placeholder="Choose"
      searchable={control.choices.length > 12}
      onChange={(value) => {
        if (value !== null && value !== control.value) onCorrect(control.correction(value));
      }}
    />
  ));
}
