// The few options of a correlation and the button that starts it.
import { Button, Checkbox, NumberInput, Radio } from "@mantine/core";
import { useEffect, useState } from "react";
import { unreachable } from "../../../shared/assert.ts";
import { TILE_MAX, TILE_MIN } from "../../../shared/correlation/tile-grid.ts";
import type { CorrelationOptions } from "../../../shared/correlation/plan.ts";
import { formatCount } from "../../components/format.ts";
import { Notice } from "../../components/notice.tsx";
import {
  firstChoices,
  obstacleTo,
  obstacleToChange,
  type Choices,
  type ChoiceTable,
} from "./correlate-choices.ts";
import { halfWords, type HalfMeasure } from "./half-words.ts";
import styles from "./correlate-form.module.css";

/** What the form needs to know of the table. */
export interface CorrelateTable extends ChoiceTable {
  readonly seriesCount: number;
  readonly dateCount: number;
}

export interface CorrelateFormProps {
  readonly table: CorrelateTable;
  /** The choices to begin with, where another job was set up so. */
  readonly initial: CorrelationOptions | null;
  readonly half: HalfMeasure;
  readonly hasMachines: boolean;
  readonly isBusy: boolean;
  readonly failure: string | null;
  /** Asks for what half precision would change; the answer comes as `half`. */
  readonly onMeasureHalf: (minPeriods: number) => void;
  readonly onSubmit: (options: CorrelationOptions) => void;
}

const METHODS: readonly (readonly [Choices["method"], string, string])[] = [
  ["pearson", "Pearson", "How closely two series keep to a straight line."],
  ["spearman", "Spearman", "How closely their ranks do: outliers count no more than others."],
];

const PRECISIONS: readonly (readonly [Choices["precision"], string, string])[] = [
  ["f64", "Exact (f64)", "All digits of double precision."],
  ["f32", "Single (f32)", "Faster; errors stay below 0.000001."],
  ["f16", "Half (f16)", "A quarter of the bytes are sent; the error depends on the table."],
];

export function CorrelateForm(props: CorrelateFormProps) {
  const { table, initial, half, isBusy, onMeasureHalf } = props;
  const { seriesCount, dateCount } = table;
  const [minPeriods, setMinPeriods] = useState<number | string>(initial?.minPeriods ?? 1);
  const [choices, setChoices] = useState(() => initial ?? firstChoices(table));
  const firstTile = initial === null || initial.tile === "auto" ? "" : initial.tile;
  const [tile, setTile] = useState<number | string>(firstTile);
  const hasMinimum = typeof minPeriods === "number" && minPeriods >= 1;
  // A table that was sent as halves is not here any more, and its choice was made then.
  const isHalfOpen = choices.precision === "f16" && table.transport === null;
  useEffect(() => {
    // A table that is read anew is measured anew, once it is there.
    if (isHalfOpen && hasMinimum && !isBusy) onMeasureHalf(minPeriods);
  }, [isHalfOpen, hasMinimum, minPeriods, isBusy, onMeasureHalf]);

  const obstacle = obstacleTo(choices, table);
  const isMeasured = half.state === "known" && half.minPeriods === minPeriods;
  const isValid = hasMinimum && obstacle === null && (!isHalfOpen || isMeasured);
  const choose = (change: Partial<Choices>): void =>
    setChoices((before) => ({ ...before, ...change }));
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isValid) return;
        props.onSubmit({ ...choices, minPeriods, tile: typeof tile === "number" ? tile : "auto" });
      }}
    >
      <NumberInput
        label="Minimum observations"
        description="Pairs with fewer dates in common stay empty."
        value={minPeriods}
        onChange={setMinPeriods}
        min={1}
        max={dateCount}
        allowDecimal={false}
        clampBehavior="blur"
        thousandSeparator=","
      />
      <MainChoices choices={choices} table={table} choose={choose} />
      {isHalfOpen && <HalfSentence half={half} />}
      <Advanced choices={choices} table={table} choose={choose} tile={tile} onTile={setTile} />
      {obstacle !== null && (
        <Notice tone="attention" title="These do not go together">
          {obstacle}
        </Notice>
      )}
      {props.failure !== null && (
        <Notice tone="failed" title="The job could not be started">
          {props.failure}
        </Notice>
      )}
      <div className={styles["go"]}>
        <Button type="submit" size="md" fullWidth disabled={!isValid} loading={isBusy}>
          Correlate
        </Button>
        <p className={styles["hint"]}>
          {formatCount((seriesCount * (seriesCount - 1)) / 2)} pairs.{" "}
          {!props.hasMachines && "No machine has joined yet: the job will wait for the first."}
        </p>
      </div>
    </form>
  );
}

interface ChoicesProps {
  readonly choices: Choices;
  readonly table: ChoiceTable;
  readonly choose: (change: Partial<Choices>) => void;
}

function MainChoices({ choices, table, choose }: ChoicesProps) {
  return (
    <>
      <Radio.Group label="Method" value={choices.method} onChange={(method) => choose({ method })}>
        <div className={styles["radios"]}>
          {METHODS.map(([value, label, description]) => (
            <Choice
              key={value}
              value={value}
              label={label}
              description={description}
              obstacle={obstacleToChange(choices, { method: value }, table)}
            />
          ))}
        </div>
      </Radio.Group>
      <Radio.Group
        label="Precision"
        value={choices.precision}
        onChange={(precision) => choose({ precision })}
      >
        <div className={styles["radios"]}>
          {PRECISIONS.map(([value, label, description]) => (
            <Choice
              key={value}
              value={value}
              label={label}
              description={description}
              obstacle={obstacleToChange(choices, { precision: value }, table)}
            />
          ))}
        </div>
      </Radio.Group>
    </>
  );
}

interface ChoiceProps {
  readonly value: string;
  readonly label: string;
  readonly description: string;
  /** Why it cannot be chosen, in place of what it is; null when it can. */
  readonly obstacle: string | null;
}

const Choice = ({ value, label, description, obstacle }: ChoiceProps) => (
  <Radio
    value={value}
    label={label}
    description={obstacle ?? description}
    disabled={obstacle !== null}
  />
);

/** What the choice of halves means for this very table, before it counts. */
function HalfSentence({ half }: { readonly half: HalfMeasure }) {
  switch (half.state) {
    case "unknown":
    case "measuring":
      return (
        <p className={styles["half"]} role="status">
          Measuring the error on this table…
        </p>
      );
    case "known":
      return (
        <p className={styles["half"]} role="status">
          {halfWords(half.error)}
        </p>
      );
    case "failed":
      return (
        <Notice tone="failed" title="The error could not be measured">
          {half.reason} Choose another precision.
        </Notice>
      );
    default:
      return unreachable(half);
  }
}

interface AdvancedProps extends ChoicesProps {
  readonly tile: number | string;
  readonly onTile: (tile: number | string) => void;
}

function Advanced({ choices, table, choose, tile, onTile }: AdvancedProps) {
  const againstShrinkage = obstacleToChange(choices, { shrinkage: "ledoit-wolf" }, table);
  const againstFast = obstacleToChange(choices, { isFast: true }, table);
  return (
    <details className={styles["advanced"]}>
      <summary>Advanced</summary>
      <div className={styles["choices"]}>
        <Checkbox
          label="Ledoit–Wolf shrinkage"
          description={
            againstShrinkage ??
            "Draws chance correlations towards zero: for many series over few dates."
          }
          checked={choices.shrinkage !== "none"}
          disabled={againstShrinkage !== null}
          onChange={(event) =>
            choose({ shrinkage: event.currentTarget.checked ? "ledoit-wolf" : "none" })
          }
        />
        <Checkbox
          label="Fast arithmetic"
          description={
            againstFast ??
            "Fused operations where a machine has them: the last bits may differ between machines."
          }
          checked={choices.isFast}
          disabled={againstFast !== null}
          onChange={(event) => choose({ isFast: event.currentTarget.checked })}
        />
        <NumberInput
          label="Partition size"
          description="Series along one side of the part of the matrix that one task computes. Empty: automatic."
          placeholder="Automatic"
          value={tile}
          onChange={onTile}
          min={TILE_MIN}
          max={TILE_MAX}
          allowDecimal={false}
          clampBehavior="blur"
        />
      </div>
    </details>
  );
}
