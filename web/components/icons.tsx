// The few icons of the app, drawn on a 20-unit grid in the colour of the text beside them.
import type { ReactNode } from "react";

export function Icon({ children, sizePx = 20 }: { children: ReactNode; sizePx?: number }) {
  return (
    <svg
      width={sizePx}
      height={sizePx}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export interface IconProps {
  readonly sizePx?: number;
}

/** The mark of the app: four cells, one of them at work. */
export function BrandMark({ sizePx = 24 }: IconProps) {
  return (
    <svg width={sizePx} height={sizePx} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <rect x="2" y="2" width="9" height="9" rx="2.5" fill="var(--accent)" />
      <rect x="13" y="2" width="9" height="9" rx="2.5" fill="var(--line-strong)" />
      <rect x="2" y="13" width="9" height="9" rx="2.5" fill="var(--line-strong)" />
      <rect x="13" y="13" width="9" height="9" rx="2.5" fill="var(--accent)" />
    </svg>
  );
}

export const TableIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="2.5" y="3.5" width="15" height="13" rx="2" />
    <path d="M2.5 8h15M7.5 8v8.5M12.5 8v8.5" />
  </Icon>
);

/** Price histories that part from one point. */
export const HistoriesIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m2.5 10.5 4-3 3 1.5 4-5 4-1M2.5 10.5l5 .5 3-1.5 3.5 1.5 3.5-1M2.5 10.5l4 3 3-1 4 3.5 4-.5" />
  </Icon>
);

export const PlusIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M10 4v12M4 10h12" />
  </Icon>
);

export const CopyIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="7" y="7" width="10" height="10" rx="2" />
    <path d="M13 7V5a2 2 0 0 0-2-2H5a2 2 0 0 0-2 2v6a2 2 0 0 0 2 2h2" />
  </Icon>
);

/** A little smaller than the others: it stands before words in buttons. */
export const DownloadIcon = ({ sizePx = 18 }: IconProps) => (
  <Icon sizePx={sizePx}>
    <path d="M10 3.5v9M6 9l4 4 4-4M4 16.5h12" />
  </Icon>
);

export const CheckIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m4 10.5 4 4 8-9" />
  </Icon>
);

export const PauseIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M7 4.5v11M13 4.5v11" />
  </Icon>
);

export const PlayIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M6 4.5v11l9-5.5z" />
  </Icon>
);

export const WarningIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M10 3 2.5 16.5h15zM10 8.5v3.5M10 14.4v.1" />
  </Icon>
);

export const PencilIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m4 16 .8-3.4L13 4.4a1.6 1.6 0 0 1 2.3 0l.3.3a1.6 1.6 0 0 1 0 2.3L7.4 15.2z" />
  </Icon>
);

export const ChevronIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m8 5 5 5-5 5" />
  </Icon>
);

export const CloseIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m5 5 10 10M15 5 5 15" />
  </Icon>
);

export const MoreIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m5 8 5 5 5-5" />
  </Icon>
);
