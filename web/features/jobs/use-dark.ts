// Whether the system shows dark pages: the app's colours follow it.
import { useSyncExternalStore } from "react";

const QUERY = "(prefers-color-scheme: dark)";

function subscribe(listener: () => void): () => void {
  const query = matchMedia(QUERY);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}

export const useDark = (): boolean =>
  useSyncExternalStore(subscribe, () => matchMedia(QUERY).matches);
