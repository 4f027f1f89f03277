// How many of the machine's threads the cluster may use.
import { Slider } from "@mantine/core";
import { useState } from "react";
import { threadsWords } from "./join-words.ts";
import styles from "./join-page.module.css";

export interface ThreadsSliderProps {
  readonly threads: number;
  readonly threadsMax: number;
  readonly onChange: (threads: number) => void;
}

export function ThreadsSlider({ threads, threadsMax, onChange }: ThreadsSliderProps) {
  // The thumb follows the hand at once; threads start and stop when it is let go.
  const [held, setHeld] = useState<number | null>(null);
  const shown = held ?? threads;
  return (
    <div className={styles["slider"]}>
      <label id="threads-label">{threadsWords(shown, threadsMax)}</label>
      <Slider
        value={shown}
        min={1}
        max={threadsMax}
        step={1}
        label={null}
        disabled={threadsMax === 1}
        thumbProps={{ "aria-labelledby": "threads-label" }}
        onChange={setHeld}
        onChangeEnd={(chosen) => {
          onChange(chosen);
          setHeld(null);
        }}
      />
    </div>
  );
}
