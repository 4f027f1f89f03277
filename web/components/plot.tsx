// A plot in the page, reachable by keys; what stands beside it says which values are pointed at.
import { useEffect, useRef } from "react";
import type { PlotPicture } from "./plot-picture.ts";
import { PlotView } from "./plot-view.ts";
import styles from "./plot.module.css";

export interface PlotProps {
  readonly picture: PlotPicture;
  /** What the plot shows, for those who do not see it. */
  readonly label: string;
  /** The place on x that is pointed at, by its index; must be stable. */
  readonly onPoint: (index: number | null) => void;
  /** Plots of one name share their cross hair. */
  readonly shared?: string;
  /** Lower, for plots that stand in numbers beside each other. */
  readonly isSmall?: boolean;
}

export function Plot({ picture, label, onPoint, shared, isSmall = false }: PlotProps) {
  const element = useRef<HTMLDivElement>(null);
  const view = useRef<PlotView | null>(null);
  const newest = useRef(picture);

  useEffect(() => {
    newest.current = picture;
    view.current?.show(picture);
  }, [picture]);

  useEffect(() => {
    if (element.current === null) return undefined;
    const opened = new PlotView(element.current, newest.current, {
      onPoint,
      ...(shared === undefined ? {} : { shared }),
    });
    view.current = opened;
    return () => {
      view.current = null;
      opened.close();
    };
  }, [onPoint, shared]);

  return (
    // An application: the arrow keys belong to the plot, and the words beside it say what they reach.
    <div
      ref={element}
      className={styles["plot"]}
      data-small={isSmall}
      role="application"
      aria-roledescription="chart"
      aria-label={label}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keys work on it
      tabIndex={0}
    />
  );
}
