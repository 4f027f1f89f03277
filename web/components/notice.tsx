// One calm line or two about something the person should know, with its icon and colour.
import type { ReactNode } from "react";
import { CheckIcon, WarningIcon } from "./icons.tsx";
import styles from "./notice.module.css";

export interface NoticeProps {
  readonly tone: "attention" | "failed" | "done";
  readonly title: string;
  readonly children?: ReactNode;
  /** A button at the end of the line. */
  readonly action?: ReactNode;
}

export function Notice({ tone, title, children, action }: NoticeProps) {
  return (
    <div
      className={styles["notice"]}
      data-tone={tone}
      role={tone === "failed" ? "alert" : "status"}
    >
      <span className={styles["icon"]}>{tone === "done" ? <CheckIcon /> : <WarningIcon />}</span>
      <div className={styles["words"]}>
        <strong>{title}</strong>
        {children !== undefined && <div className={styles["text"]}>{children}</div>}
      </div>
      {action}
    </div>
  );
}
