// A dialog over the page, by the browser's own element: it keeps the keyboard inside and needs no
// inline styles, which the content security policy forbids to scroll locks of libraries.
import { useEffect, useId, useRef, type ReactNode } from "react";
import { CloseIcon } from "./icons.tsx";
import styles from "./dialog.module.css";

export interface DialogProps {
  readonly isOpen: boolean;
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function Dialog({ isOpen, title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();

  useEffect(() => {
    const element = dialog.current;
    if (element === null || element.open === isOpen) return;
    if (isOpen) element.showModal();
    else element.close();
  }, [isOpen]);

  return (
    <dialog
      ref={dialog}
      className={styles["dialog"]}
      aria-labelledby={titleId}
      onClose={onClose}
      onClick={(event) => {
        // The backdrop counts as the dialog itself; its content fills the rest.
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div className={styles["content"]}>
        <div className={styles["head"]}>
          <h2 id={titleId} className={styles["title"]}>
            {title}
          </h2>
          <button type="button" className={styles["close"]} aria-label="Close" onClick={onClose}>
            <CloseIcon />
          </button>
        </div>
        {isOpen && children}
      </div>
    </dialog>
  );
}
