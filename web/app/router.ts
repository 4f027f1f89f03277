// The addresses of the app over the history API; small enough to need no library.
import { useMemo, useSyncExternalStore } from "react";
import type { JobId } from "../../shared/ids.ts";
import { jobIdSchema } from "../../shared/protocol/parts.ts";

/** What a job's page shows: what came of it, who computed when, or which task reads which. */
export type JobViewName = "result" | "stream" | "graph";

export type Route =
  | { readonly page: "home" }
  | { readonly page: "join" }
  | { readonly page: "simulate" }
  | { readonly page: "workers" }
  | { readonly page: "system" }
  | { readonly page: "job"; readonly jobId: JobId; readonly view: JobViewName }
  | { readonly page: "unknown" };

export const simulatePath = "/simulate";
export const workersPath = "/workers";
export const systemPath = "/system";

/** The page that an address means; trailing slashes do not matter. */
export function routeOf(pathname: string): Route {
  const path = pathname.replace(/\/+$/, "");
  if (path === "") return { page: "home" };
  if (path === "/join") return { page: "join" };
  if (path === simulatePath) return { page: "simulate" };
  if (path === workersPath) return { page: "workers" };
  if (path === systemPath) return { page: "system" };
  const match = /^\/jobs\/([^/]+)(?:\/(stream|graph))?$/.exec(path);
  const jobId = jobIdSchema.safeParse(match?.[1]);
  if (!jobId.success) return { page: "unknown" };
  const view = (match?.[2] ?? "result") as JobViewName;
  return { page: "job", jobId: jobId.data, view };
}

export const jobPath = (jobId: JobId, view: JobViewName = "result"): string =>
  view === "result" ? `/jobs/${jobId}` : `/jobs/${jobId}/${view}`;

const listeners = new Set<() => void>();

/**
 * Goes to an address of this app and puts the view at its top, as a page load would; within one page
 * (`staysInPlace`) what the person looks at stays where it is.
 */
export function navigate(path: string, staysInPlace = false): void {
  if (path !== location.pathname + location.search) history.pushState(null, "", path);
  for (const listener of listeners) listener();
  if (!staysInPlace) window.scrollTo(0, 0);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

export function useRoute(): Route {
  const pathname = useSyncExternalStore(subscribe, () => location.pathname);
  return useMemo(() => routeOf(pathname), [pathname]);
}
