// An address that can be read, selected whole with one click, and copied.
import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { CheckIcon, CopyIcon } from "./icons.tsx";
import { copyFrom } from "./copy-text.ts";
import styles from "./copy-field.module.css";

const CONFIRMED_MS = 2_000;

export interface CopyFieldProps {
  readonly value: string;
  readonly label: string;
}

export function CopyField({ value, label }: CopyFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  const [outcome, setOutcome] = useState<"none" | "copied" | "selected">("none");

  useEffect(() => {
    if (outcome === "none") return undefined;
    const timer = setTimeout(() => setOutcome("none"), CONFIRMED_MS);
    return () => clearTimeout(timer);
  }, [outcome]);

  const copy = async (): Promise<void> => {
    if (field.current === null) return;
    setOutcome((await copyFrom(field.current)) ? "copied" : "selected");
  };

  return (
    <div className={styles["row"]}>
      <input
        ref={field}
        className={styles["field"]}
        value={value}
        readOnly
        aria-label={label}
        spellCheck={false}
        onFocus={(event) => event.currentTarget.select()}
      />
      <Button
        variant="default"
        className={styles["button"] ?? ""}
        leftSection={outcome === "copied" ? <CheckIcon sizePx={16} /> : <CopyIcon sizePx={16} />}
        onClick={() => void copy()}
      >
        <span aria-live="polite">
          {outcome === "none" && "Copy"}
          {outcome === "copied" && "Copied"}
          {outcome === "selected" && "Selected"}
        </span>
      </Button>
    </div>
  );
}
