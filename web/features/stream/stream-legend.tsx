// What the colours and patterns mean, and which kernels or functions are shown in full.
import { SHADES } from "./stream-looks.ts";
import styles from "./stream-legend.module.css";

export interface StreamLegendProps {
  readonly groups: readonly string[];
  /** Places in `groups`; null: all. */
  readonly filter: ReadonlySet<number> | null;
  readonly onFilter: (filter: ReadonlySet<number> | null) => void;
}

const KEYS = [
  ["computing", "Computing"],
  ["moving", "Moving data"],
  ["waiting", "Waiting"],
  ["speculative", "Second copy"],
  ["cancelled", "Let go"],
  ["failed", "Failed"],
] as const;
/** More names than this are not a legend any more; the others are read at their bars. */
const GROUPS_MAX = 12;

export function StreamLegend({ groups, filter, onFilter }: StreamLegendProps) {
  const toggle = (group: number): void => {
    const shown = new Set(filter ?? []);
    if (filter === null || !shown.delete(group)) shown.add(group);
    onFilter(shown.size === 0 || shown.size === groups.length ? null : shown);
  };
  return (
    <div className={styles["legend"]}>
      <ul className={styles["keys"]} aria-label="What the patterns mean">
        {KEYS.map(([look, words]) => (
          <li key={look}>
            <span className={styles["key"]} data-look={look} aria-hidden="true" />
            {words}
          </li>
        ))}
      </ul>
      {groups.length > 1 && (
        <div className={styles["groups"]} role="group" aria-label="Show only">
          {groups.slice(0, GROUPS_MAX).map((name, group) => (
            <button
              key={name}
              type="button"
              className={styles["group"]}
              aria-pressed={filter !== null && filter.has(group)}
              data-faded={filter !== null && !filter.has(group)}
              onClick={() => toggle(group)}
            >
              <span className={styles["key"]} data-shade={group % SHADES} aria-hidden="true" />
              {name}
            </button>
          ))}
          {groups.length > GROUPS_MAX && (
            <span className={styles["more"]}>and {groups.length - GROUPS_MAX} more</span>
          )}
        </div>
      )}
    </div>
  );
}
