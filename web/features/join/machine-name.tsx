// The machine's name as the page's heading, which becomes a field when it is to be changed.
import { useEffect, useRef, useState, type SubmitEvent } from "react";
import { Button } from "@mantine/core";
import { NAME_LENGTH_MAX } from "../../../shared/limits.ts";
import { PencilIcon } from "../../components/icons.tsx";
import styles from "./machine-name.module.css";

export interface MachineNameProps {
  readonly name: string;
  readonly onRename: (name: string) => void;
  /** False where the page has another heading; true by default. */
  readonly isHeading?: boolean;
}

export function MachineName({ name, onRename, isHeading = true }: MachineNameProps) {
  const [isEditing, setIsEditing] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(false);

  useEffect(() => {
    // The keyboard goes on where it was before the field opened.
    if (wasEditing.current && !isEditing) opener.current?.focus();
    wasEditing.current = isEditing;
  }, [isEditing]);

  if (isEditing) {
    return (
      <NameForm
        name={name}
        onDone={(changed) => {
          setIsEditing(false);
          if (changed !== null && changed !== name) onRename(changed);
        }}
      />
    );
  }
  return (
    <div className={styles["row"]}>
      {isHeading ? (
        <h1 className={styles["name"]}>{name}</h1>
      ) : (
        <strong className={styles["name"]} data-size="small">
          {name}
        </strong>
      )}
      <button
        ref={opener}
        type="button"
        className={styles["edit"]}
        aria-label="Rename this machine"
        title="Rename this machine"
        onClick={() => setIsEditing(true)}
      >
        <PencilIcon />
      </button>
    </div>
  );
}

function NameForm({ name, onDone }: { name: string; onDone: (changed: string | null) => void }) {
  const [text, setText] = useState(name);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    onDone(text.trim() === "" ? null : text.trim());
  };
  return (
    <form className={styles["row"]} onSubmit={submit}>
      <input
        ref={field}
        className={styles["field"]}
        value={text}
        maxLength={NAME_LENGTH_MAX}
        aria-label="Name of this machine"
        autoComplete="off"
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onDone(null);
        }}
      />
      <Button type="submit" variant="default">
        Save
      </Button>
    </form>
  );
}
