// How a person stops this machine: for good, for a while, or when it has finished; and starts it again.
import { Button } from "@mantine/core";
import { PauseIcon, PlayIcon } from "../../components/icons.tsx";
import type { PauseReason } from "../../../shared/protocol/messages.ts";
import type { CourtesySettings } from "../../../shared/worker/courtesy.ts";
import type { JoinState } from "./join-state.ts";
import type { Join } from "./join-store.ts";
import styles from "./join-page.module.css";

const MINUTE_MS = 60_000;

export interface StopControlsProps {
  readonly join: Join;
  readonly state: JoinState;
  readonly onLeave: () => void;
}

/** Pauses that a rule made: going on all the same switches that rule off. */
const RULES: Partial<Record<PauseReason, Partial<CourtesySettings>>> = {
  battery: { onlyPluggedIn: false },
  hidden: { stopsWhenHidden: false },
  busy: { givesWay: false },
};

export function StopControls({ join, state, onLeave }: StopControlsProps) {
  const { worker } = join;
  const { pausedBy } = state;
  const isFinishing = pausedBy === "finishing";
  return (
    <div className={styles["buttons"]}>
      <div className={styles["row"]} role="group" aria-label="Pause">
        {pausedBy === null ? (
          <>
            <Button
              variant="default"
              leftSection={<PauseIcon sizePx={16} />}
              onClick={() => worker.pause()}
            >
              Pause
            </Button>
            <Button
              variant="default"
              aria-label="Pause for 15 min"
              onClick={() => worker.pauseFor(15 * MINUTE_MS)}
            >
              For 15 min
            </Button>
            <Button
              variant="default"
              aria-label="Pause for 1 h"
              onClick={() => worker.pauseFor(60 * MINUTE_MS)}
            >
              For 1 h
            </Button>
          </>
        ) : (
          <GoOn join={join} pausedBy={pausedBy} />
        )}
      </div>
      <div className={styles["row"]} role="group" aria-label="Leave">
        <Button variant="default" disabled={isFinishing} onClick={() => worker.finish(true)}>
          Finish, then stop
        </Button>
        <Button variant="default" onClick={onLeave}>
          Leave
        </Button>
      </div>
    </div>
  );
}

/** The one primary action of a paused machine. */
function GoOn({ join, pausedBy }: { join: Join; pausedBy: PauseReason }) {
  const rule = RULES[pausedBy];
  const goOn = (): void => {
    if (pausedBy === "finishing") join.worker.finish(false);
    else if (rule === undefined) join.worker.resume();
    else join.setCourtesy(rule);
  };
  return (
    <Button fullWidth leftSection={<PlayIcon sizePx={16} />} onClick={goOn}>
      {pausedBy === "finishing" && "Keep computing"}
      {pausedBy !== "finishing" && (rule === undefined ? "Resume" : "Compute anyway")}
    </Button>
  );
}
