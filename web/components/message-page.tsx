// A whole page with one thing to say: what happened and the one thing to do next.
import type { ReactNode } from "react";
import { BrandMark } from "./icons.tsx";
import styles from "./message-page.module.css";

export interface MessagePageProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}

export function MessagePage({ title, children, action }: MessagePageProps) {
  return (
    <main className={styles["page"]}>
      <div className={styles["column"]}>
        <BrandMark sizePx={40} />
        <h1 className={styles["title"]}>{title}</h1>
        <div className={styles["text"]}>{children}</div>
        {action !== undefined && <div className={styles["action"]}>{action}</div>}
      </div>
    </main>
  );
}
