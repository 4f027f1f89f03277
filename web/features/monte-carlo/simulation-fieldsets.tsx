// The fields of the simulation form, in three groups: the option, its price, the simulation.
import { Button, Checkbox, Radio, SegmentedControl, TextInput } from "@mantine/core";
import type { Control } from "../../../shared/monte-carlo/asian-option.ts";
import { formatCount, formatRound } from "../../components/format.ts";
import type { SimulationFields, TextField } from "./simulation-fields.ts";
import styles from "./simulate-page.module.css";

interface Changes {
  readonly onChange: (change: Partial<SimulationFields>) => void;
}

export interface SimulationFieldsetsProps extends Changes {
  readonly fields: SimulationFields;
  readonly problems: ReadonlyMap<TextField, string>;
}

const LIST_HINT = "Several make a grid: 90, 100, 110.";

const PATHS_CHOICES = [1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

const CONTROL_CHOICES: readonly (readonly [Control, string, string])[] = [
  ["none", "None", "Every path counts for itself."],
  [
    "antithetic",
    "Antithetic",
    "Each path is paired with its mirror image, so that ups and downs balance.",
  ],
  [
    "geometric",
    "Geometric control",
    "A similar option with a known price shows how far the luck of the draw went, and corrects for it.",
  ],
];

export function SimulationFieldsets({ fields, problems, onChange }: SimulationFieldsetsProps) {
  const input = (field: TextField, label: string, description: string, placeholder?: string) => (
    <TextInput
      label={label}
      description={description}
      placeholder={placeholder}
      value={fields[field]}
      error={problems.get(field)}
      inputMode={field === "s0" || field === "sigma" || field === "strike" ? "text" : "decimal"}
      autoComplete="off"
      onChange={(event) => onChange({ [field]: event.currentTarget.value })}
    />
  );
  const hasTarget = fields.targetStandardError.trim() !== "";
  return (
    <>
      <fieldset className={styles["group"]}>
        <legend>The option</legend>
        <div className={styles["row"]}>
          <SegmentedControl
            aria-label="Type of the option"
            value={fields.type}
            onChange={(value) => onChange({ type: value === "put" ? "put" : "call" })}
            data={[
              { value: "call", label: "Call" },
              { value: "put", label: "Put" },
            ]}
          />
          <p className={styles["hint"]}>
            {fields.type === "call"
              ? "Pays what the average is above the strike."
              : "Pays what the average is below the strike."}
          </p>
        </div>
        <div className={styles["fields"]}>
          {input("strike", "Strike", LIST_HINT)}
          {input("points", "Prices averaged", "The first price is one of them.")}
          {input("stepsPerYear", "Steps a year", "365: a price a day.")}
        </div>
        <Checkbox
          label="Discount the payoff to today, at the drift"
          checked={fields.discounted}
          onChange={(event) => onChange({ discounted: event.currentTarget.checked })}
        />
      </fieldset>
      <fieldset className={styles["group"]}>
        <legend>The price</legend>
        <div className={styles["fields"]}>
          {input("s0", "First price", LIST_HINT)}
          {input("sigma", "Yearly volatility", "0.2 or 20%. Several make a grid.")}
          {input("mu", "Yearly drift", "0.02 or 2%.")}
        </div>
      </fieldset>
      <fieldset className={styles["group"]}>
        <legend>The simulation</legend>
        <div className={styles["fields"]}>
          {input(
            "paths",
            hasTarget ? "Paths, at most" : "Paths",
            "10 times as many: a third of the error.",
          )}
          <PathsChoices paths={fields.paths} onChange={onChange} />
        </div>
        <Radio.Group
          label="Variance reduction"
          value={fields.control}
          onChange={(control) => onChange({ control })}
        >
          <div className={styles["radios"]}>
            {CONTROL_CHOICES.map(([value, label, description]) => (
              <Radio key={value} value={value} label={label} description={description} />
            ))}
          </div>
        </Radio.Group>
        <div className={styles["fields"]}>
          {input(
            "targetStandardError",
            "Stop at a standard error of",
            "Empty: all paths are run.",
            "Never",
          )}
          {input("seed", "Seed", "The same seed draws the same paths.")}
        </div>
      </fieldset>
    </>
  );
}

function PathsChoices({ paths, onChange }: { readonly paths: string } & Changes) {
  return (
    <div className={styles["presets"]} role="group" aria-label="Usual numbers of paths">
      {PATHS_CHOICES.map((count) => {
        const words = formatCount(count);
        return (
          <Button
            key={count}
            size="compact-xs"
            variant={paths === words ? "light" : "default"}
            aria-pressed={paths === words}
            onClick={() => onChange({ paths: words })}
          >
            {formatRound(count)}
          </Button>
        );
      })}
    </div>
  );
}
