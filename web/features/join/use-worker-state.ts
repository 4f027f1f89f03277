// Writes the page's state on the document: scripts that drive headless workers read it there.
import { useEffect } from "react";
import type { EndedBy } from "../../worker/worker-snapshot.ts";
import type { WorkerStateWord } from "./join-state.ts";

/** `endedBy` tells of a page that has left why it did. */
export function useStateOnDocument(state: WorkerStateWord, endedBy?: EndedBy | "left"): void {
  useEffect(() => {
    const { dataset } = document.documentElement;
    if (endedBy === undefined) delete dataset["workerEndedBy"];
    else dataset["workerEndedBy"] = endedBy;
    dataset["workerState"] = state;
  }, [state, endedBy]);
}
