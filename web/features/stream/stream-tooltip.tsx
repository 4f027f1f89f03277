// What is under the pointer, in a small box beside it that stays inside of the picture.
import { useLayoutEffect, useRef, type RefObject } from "react";
import type { ActivityStore } from "./activity-store.ts";
import type { Pointed } from "./stream-view.ts";
import { attemptWords } from "./stream-words.ts";
import styles from "./task-stream.module.css";

export interface StreamTooltipProps {
  readonly pointed: Pointed;
  readonly store: ActivityStore;
  readonly holder: RefObject<HTMLDivElement | null>;
  readonly scroller: RefObject<HTMLDivElement | null>;
}

const AWAY_PX = 14;

export function StreamTooltip({ pointed, store, holder, scroller }: StreamTooltipProps) {
  const box = useRef<HTMLDivElement>(null);
  const { picked, xPx, yPx } = pointed;
  const words = attemptWords(picked, store.history.groups, store.nowMs());
  useLayoutEffect(() => {
    const [element, inside] = [box.current, holder.current];
    if (element === null || inside === null) return;
    const { offsetWidth: width, offsetHeight: height } = element;
    const isRight = xPx + AWAY_PX + width <= inside.clientWidth;
    const leftPx = isRight ? xPx + AWAY_PX : Math.max(0, xPx - AWAY_PX - width);
    const isBelow = yPx + AWAY_PX + height <= inside.clientHeight;
    const topPx = isBelow ? yPx + AWAY_PX : Math.max(0, yPx - AWAY_PX - height);
    const scrolledPx = scroller.current?.scrollTop ?? 0;
    element.style.transform = `translate(${inside.offsetLeft + leftPx}px, ${scrolledPx + topPx}px)`;
  }, [xPx, yPx, holder, scroller]);
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
