// Writes the page's state on the document: scripts that drive headless workers read it there.
import { useEffect } from "react";
import type { WorkerStateWord } from "./join-state.ts";

export function useStateOnDocument(state: WorkerStateWord): void {
  useEffect(() => {
    document.documentElement.dataset["workerState"] = state;
  }, [state]);
}
