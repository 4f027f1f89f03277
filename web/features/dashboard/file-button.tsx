// A button that opens the system's file dialog.
import { Button, type ButtonProps } from "@mantine/core";
import { useRef } from "react";

export interface FileButtonProps {
  readonly children: string;
  readonly onFile: (file: File) => void;
  readonly variant?: NonNullable<ButtonProps["variant"]>;
}

export function FileButton({ children, onFile, variant = "filled" }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button variant={variant} onClick={() => input.current?.click()}>
        {children}
      </Button>
      <input
        ref={input}
        type="file"
        accept=".csv,.tsv,.txt,.tab,.data,.dat,text/csv,text/plain,text/tab-separated-values"
        hidden
        aria-label="Table file"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          // Choosing the same file again must count as a choice.
          event.currentTarget.value = "";
          if (file !== undefined) onFile(file);
        }}
      />
    </>
  );
}
