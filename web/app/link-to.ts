// What makes an anchor change the view without loading the page, while it stays a real link.
import type { MouseEvent } from "react";
import { navigate } from "./router.ts";

export interface LinkProps {
  readonly href: string;
  readonly onClick: (event: MouseEvent<HTMLAnchorElement>) => void;
}

/** The properties of an anchor that leads to a path of this app; `staysInPlace`: see `navigate`. */
export const linkTo = (path: string, staysInPlace = false): LinkProps => ({
  href: path,
  onClick: (event) => {
    // New tabs and windows are the browser's business.
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (!isPlain || event.altKey || event.defaultPrevented) return;
    event.preventDefault();
    navigate(path, staysInPlace);
  },
});
