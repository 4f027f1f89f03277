// What is under the pointer, in a small box beside it that stays in view.
import { useLayoutEffect, useRef, type RefObject } from "react";
import type { ActivityStore } from "./activity-store.ts";
import type { Pointed } from "./stream-options.ts";
import { attemptWords } from "./stream-words.ts";
import styles from "./task-stream.module.css";

export interface StreamTooltipProps {
  readonly pointed: Pointed;
  readonly store: ActivityStore;
  readonly holder: RefObject<HTMLDivElement | null>;
}

const AWAY_PX = 14;

export function StreamTooltip({ pointed, store, holder }: StreamTooltipProps) {
  const box = useRef<HTMLDivElement>(null);
  const { picked, xPx, yPx } = pointed;
  const words = attemptWords(picked, store.history.groups, store.nowMs());
  useLayoutEffect(() => {
    const [element, inside] = [box.current, holder.current];
    if (element === null || inside === null) return;
    const { offsetWidth: width, offsetHeight: height } = element;
    const isRight = xPx + AWAY_PX + width <= inside.clientWidth;
    const leftPx = isRight ? xPx + AWAY_PX : Math.max(0, xPx - AWAY_PX - width);
    // It may stand out of the lanes below, but not out of the window.
    const [lanes, stage] = [
      inside.getBoundingClientRect(),
      element.offsetParent?.getBoundingClientRect(),
    ];
    const isBelow = lanes.top + yPx + AWAY_PX + height <= window.innerHeight;
    const topPx = isBelow ? yPx + AWAY_PX : yPx - AWAY_PX - height;
    const [stageLeft, stageTop] = [stage?.left ?? 0, stage?.top ?? 0];
    element.style.transform = `translate(${lanes.left - stageLeft + leftPx}px, ${lanes.top - stageTop + topPx}px)`;
  }, [xPx, yPx, holder]);
  return (
    <div ref={box} className={styles["tooltip"]} role="tooltip">
      <b>{words.title}</b>
      <span>{words.state}</span>
      <span className={styles["muted"]}>{words.where}</span>
      <dl>
        {words.phases.map(([name, span]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{span}</dd>
          </div>
        ))}
        {words.ended !== "" && (
          <div>
            <dt>Ended</dt>
            <dd>{words.ended}</dd>
          </div>
        )}
      </dl>
    </div>
  );
}
