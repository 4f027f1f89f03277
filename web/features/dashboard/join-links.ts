// Asks the coordinator for the addresses under which other machines join.
import { httpPaths, joinLinksSchema } from "../../../shared/protocol/http.ts";

export type JoinLinks =
  | { readonly state: "loading" }
  | { readonly state: "ready"; readonly links: readonly string[] }
  | { readonly state: "failed" };

/** The links, likeliest first. Rejects when the coordinator cannot be asked. */
export async function fetchJoinLinks(token: string, signal: AbortSignal): Promise<string[]> {
  const response = await fetch(httpPaths.joinLinks, {
    headers: { authorization: `Bearer ${token}` },
    signal,
  });
  if (!response.ok) throw new Error(`The coordinator answered with error ${response.status}.`);
  return joinLinksSchema.parse(await response.json()).links;
}

/** The host and path of a link, which people compare with what they type; the key is left out. */
export function shortLink(link: string): string {
  const url = new URL(link);
  return `${url.host}${url.pathname}`;
}
