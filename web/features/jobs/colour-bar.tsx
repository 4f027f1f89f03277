// The scale of the heatmap: its colours, five numbers, and a mark at the value under the pointer.
import {
  colourOf,
  darkPalette,
  lightPalette,
  type Palette,
  type Rgb,
} from "../../../shared/correlation/colour.ts";
import { useDark } from "./use-dark.ts";
import styles from "./heatmap.module.css";

export const cssColour = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`;

/** Enough stops that a straight blend between two of them is not seen to differ. */
const STOPS = 24;

function gradient(palette: Palette): string {
  const stops = Array.from({ length: STOPS + 1 }, (_, at) =>
    cssColour(colourOf((at / STOPS) * 2 - 1, palette)),
  );
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

const TICKS = [
  [-1, "−1"],
  [-0.5, "−0.5"],
  [0, "0"],
  [0.5, "0.5"],
  [1, "1"],
] as const;

const left = (value: number): string => `${(value + 1) * 50}%`;

/** `value`: null shows no mark. */
export function ColourBar({ value, isComplete }: { value: number | null; isComplete: boolean }) {
  const palette = useDark() ? darkPalette : lightPalette;
  return (
    <div className={styles["legend"]}>
      <div className={styles["scale"]} aria-hidden="true">
        <div className={styles["bar"]} style={{ backgroundImage: gradient(palette) }}>
          {value !== null && <span className={styles["mark"]} style={{ left: left(value) }} />}
        </div>
        {TICKS.map(([tick, words]) => (
          <span key={tick} className={styles["tick"]} style={{ left: left(tick) }}>
            {words}
          </span>
        ))}
      </div>
      <ul className={styles["keys"]}>
        <li title="Too few common observations, or a series that never changes">
          <span
            className={styles["key"]}
            style={{
              backgroundImage: `repeating-linear-gradient(135deg, ${cssColour(palette.undefinedMark)} 0 1.5px, ${cssColour(palette.undefined)} 1.5px 5px)`,
            }}
          />
          undefined
        </li>
        {!isComplete && (
          <li>
            <span
              className={styles["key"]}
              style={{
                backgroundColor: cssColour(palette.notYet),
                backgroundImage: `radial-gradient(${cssColour(palette.notYetMark)} 1px, transparent 1.2px)`,
                backgroundSize: "5px 5px",
              }}
            />
            not yet
          </li>
        )}
      </ul>
    </div>
  );
}
