// Dropping a file anywhere on the page: says while one hovers, and hands over the first one dropped.
import { useEffect, useState } from "react";

/** True while a file is dragged over the page. `onFile` must be stable. */
export function useFileDrop(onFile: (file: File) => void): boolean {
  const [isOver, setIsOver] = useState(false);
  useEffect(() => {
    const listening = new AbortController();
    const { signal } = listening;
    // Entering a child fires before leaving its parent, so a plain flag would flicker.
    let depth = 0;
    const hasFile = (event: DragEvent): boolean =>
      event.dataTransfer?.types.includes("Files") === true;
    const on = (
      type: "dragenter" | "dragover" | "dragleave" | "drop",
      act: (e: DragEvent) => void,
    ) =>
      document.addEventListener(
        type,
        (event) => {
          if (hasFile(event)) act(event);
        },
        { signal },
      );
    on("dragenter", (event) => {
      event.preventDefault();
      depth += 1;
      setIsOver(true);
    });
    on("dragover", (event) => {
      // Without this the browser would open the file in place of the page.
      event.preventDefault();
    });
    on("dragleave", () => {
      depth = Math.max(0, depth - 1);
      if (depth === 0) setIsOver(false);
    });
    on("drop", (event) => {
      event.preventDefault();
      depth = 0;
      setIsOver(false);
      const file = event.dataTransfer?.files[0];
      if (file !== undefined) onFile(file);
    });
    return () => listening.abort();
  }, [onFile]);
  return isOver;
}
