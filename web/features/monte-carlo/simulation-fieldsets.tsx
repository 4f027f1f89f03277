// The fields of the simulation form, in three groups: the option, its price, the simulation.
import { Button, Checkbox, Radio, SegmentedControl, TextInput } from "@mantine/core";
import type { Control } from "../../../shared/monte-carlo/asian-option.ts";
import { formatCount, formatRound } from "../../components/format.ts";
import type { SimulationFields, TextField } from "./simulation-fields.ts";
import styles from "./simulate-page.module.css";

export interface SimulationForm {
  readonly fields: SimulationFields;
  readonly problems: ReadonlyMap<TextField, string>;
  readonly onChange: (change: Partial<SimulationFields>) => void;
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

export function SimulationFieldsets({ form }: { readonly form: SimulationForm }) {
  return (
    <>
      <OptionFields form={form} />
      <PriceFields form={form} />
      <PathFields form={form} />
    </>
  );
}

interface FieldProps {
  readonly form: SimulationForm;
  readonly name: TextField;
  readonly label: string;
  readonly description: string;
  readonly placeholder?: string;
}

const Field = ({ form, name, label, description, placeholder }: FieldProps) => (
  <TextInput
    label={label}
    description={description}
    placeholder={placeholder}
    value={form.fields[name]}
    error={form.problems.get(name)}
    // Lists need letters and spaces, which some phones leave out of their keys for numbers.
    inputMode={name === "s0" || name === "sigma" || name === "strike" ? "text" : "decimal"}
    autoComplete="off"
    onChange={(event) => form.onChange({ [name]: event.currentTarget.value })}
  />
);

function OptionFields({ form }: { readonly form: SimulationForm }) {
  const { fields, onChange } = form;
  return (
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
        <Field form={form} name="strike" label="Strike" description={LIST_HINT} />
        <Field
          form={form}
          name="points"
          label="Prices averaged"
          description="The first price is one of them."
        />
        <Field
          form={form}
          name="stepsPerYear"
          label="Steps a year"
          description="365: a price a day."
        />
      </div>
      <Checkbox
        label="Discount the payoff to today, at the drift"
        checked={fields.discounted}
        onChange={(event) => onChange({ discounted: event.currentTarget.checked })}
      />
    </fieldset>
  );
}

const PriceFields = ({ form }: { readonly form: SimulationForm }) => (
  <fieldset className={styles["group"]}>
    <legend>The price</legend>
    <div className={styles["fields"]}>
      <Field form={form} name="s0" label="First price" description={LIST_HINT} />
      <Field
        form={form}
        name="sigma"
        label="Yearly volatility"
        description="0.2 or 20%. Several make a grid."
      />
      <Field form={form} name="mu" label="Yearly drift" description="0.02 or 2%." />
    </div>
  </fieldset>
);

function PathFields({ form }: { readonly form: SimulationForm }) {
  const { fields, onChange } = form;
  const hasTarget = fields.targetStandardError.trim() !== "";
  return (
    <fieldset className={styles["group"]}>
      <legend>The simulation</legend>
      <div className={styles["fields"]}>
        <Field
          form={form}
          name="paths"
          label={hasTarget ? "Paths, at most" : "Paths"}
          description="10 times as many: a third of the error."
        />
        <PathsChoices form={form} />
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
        <Field
          form={form}
          name="targetStandardError"
          label="Stop at a standard error of"
          description="Empty: all paths are run."
          placeholder="Never"
        />
        <Field
          form={form}
          name="seed"
          label="Seed"
          description="The same seed draws the same paths."
        />
      </div>
    </fieldset>
  );
}

function PathsChoices({ form }: { readonly form: SimulationForm }) {
  const { paths } = form.fields;
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
            onClick={() => form.onChange({ paths: words })}
          >
            {formatRound(count)}
          </Button>
        );
      })}
    </div>
  );
}
