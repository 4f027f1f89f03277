// A link inside the app: changes the view without loading the page, and stays a real link.
import type { MouseEvent, ReactNode } from "react";
import { navigate } from "./router.ts";

export interface AppLinkProps {
  readonly to: string;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

export function AppLink({ to, className, children }: AppLinkProps) {
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    // New tabs and windows are the browser's business.
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (!isPlain || event.altKey || event.defaultPrevented) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={to} className={className} onClick={follow}>
      {children}
    </a>
  );
}
