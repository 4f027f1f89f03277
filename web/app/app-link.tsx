// A link inside the app.
import type { ReactNode } from "react";
import { linkTo } from "./link-to.ts";

export interface AppLinkProps {
  readonly to: string;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

export const AppLink = ({ to, className, children }: AppLinkProps) => (
  <a {...linkTo(to)} className={className}>
    {children}
  </a>
);
