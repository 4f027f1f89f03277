// The moment when the first machine joins: the invitation on the home page gives way to its machine.
import type { ClusterView } from "../../../shared/client/cluster-client.ts";

/** "invited": nobody has joined; "ready": somebody did while this page invited them. */
export type Welcome = "none" | "invited" | "ready";

/** `isKnown`: whether the coordinator has told who is there. */
export function nextWelcome(
  before: Welcome,
  isKnown: boolean,
  { workers }: Pick<ClusterView, "workers">,
): Welcome {
  if (!isKnown) return before;
  if (workers.length === 0) return "invited";
  return before === "none" ? "none" : "ready";
}
