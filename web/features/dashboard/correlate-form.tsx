// The few options of a correlation and the button that starts it.
import { Button, NumberInput, Radio } from "@mantine/core";
import { useState } from "react";
import {
  TILE_MAX,
  TILE_MIN,
  type CorrelationOptions,
  type Precision,
} from "../../../shared/correlation/plan.ts";
import { formatCount } from "../../components/format.ts";
import { Notice } from "../../components/notice.tsx";
import styles from "./correlate-form.module.css";

export interface CorrelateFormProps {
  readonly seriesCount: number;
  readonly dateCount: number;
  readonly hasMachines: boolean;
  readonly isBusy: boolean;
  readonly failure: string | null;
  readonly onSubmit: (options: CorrelationOptions) => void;
}

export function CorrelateForm(props: CorrelateFormProps) {
  const { seriesCount, dateCount } = props;
  const [minPeriods, setMinPeriods] = useState<number | string>(1);
  const [precision, setPrecision] = useState<Precision>("f64");
  const [tile, setTile] = useState<number | string>("");
  const pairs = (seriesCount * (seriesCount - 1)) / 2;
  const isValid = typeof minPeriods === "number" && minPeriods >= 1;

  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isValid) return;
        props.onSubmit({ minPeriods, precision, tile: typeof tile === "number" ? tile : "auto" });
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
      <Radio.Group label="Precision" value={precision} onChange={(value) => setPrecision(value)}>
        <div className={styles["radios"]}>
          <Radio value="f64" label="Exact (f64)" />
          <Radio value="f32" label="Fast (f32, error below 0.000001)" />
        </div>
      </Radio.Group>
      <details className={styles["advanced"]}>
        <summary>Advanced</summary>
        <NumberInput
          label="Partition size"
          description="Series along one side of the part of the matrix that one task computes. Empty: automatic."
          placeholder="Automatic"
          value={tile}
          onChange={setTile}
          min={TILE_MIN}
          max={TILE_MAX}
          allowDecimal={false}
          clampBehavior="blur"
        />
      </details>
      {props.failure !== null && (
        <Notice tone="failed" title="The job could not be started">
          {props.failure}
        </Notice>
      )}
      <div className={styles["go"]}>
        <Button type="submit" size="md" fullWidth disabled={!isValid} loading={props.isBusy}>
          Correlate
        </Button>
        <p className={styles["hint"]}>
          {formatCount(pairs)} pairs.{" "}
          {!props.hasMachines && "No machine has joined yet: the job will wait for the first."}
        </p>
      </div>
    </form>
  );
}
