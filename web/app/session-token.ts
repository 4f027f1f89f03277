// Takes the token out of the address's fragment and keeps it for this tab only.

/** What a token admits to: a machine joins, a dashboard submits. */
export type TokenRole = "join" | "submit";

/** The parts of the page that hold the token, given by the caller so that tests can. */
export interface TokenPlace {
  readonly location: { readonly pathname: string; readonly search: string; readonly hash: string };
  readonly history: { replaceState(data: unknown, unused: string, url: string): void };
  readonly storage: Pick<Storage, "getItem" | "setItem">;
}

export const roleOf = (pathname: string): TokenRole =>
  pathname.replace(/\/+$/, "") === "/join" ? "join" : "submit";

/** The token in "#t=…", or null. Tokens are base64url; anything else is a mistyped address. */
export function tokenInFragment(hash: string): string | null {
  const token = new URLSearchParams(hash.replace(/^#/, "")).get("t");
  return token !== null && /^[\w-]{1,200}$/.test(token) ? token : null;
}

const keyOf = (role: TokenRole): string => `tabswarm.token.${role}`;

/**
 * The token of this tab for a role: from the fragment, which is then removed so that it stands in no
 * history or screenshot, or else from the tab's storage, so that reloading works.
 */
export function takeToken(role: TokenRole, place: TokenPlace): string | null {
  const fresh = tokenInFragment(place.location.hash);
  if (fresh === null) return readStored(role, place);
  try {
    place.storage.setItem(keyOf(role), fresh);
  } catch {
    // Without storage the fragment stays, because a reload would otherwise lose the token.
    return fresh;
  }
  place.history.replaceState(null, "", place.location.pathname + place.location.search);
  return fresh;
}

function readStored(role: TokenRole, place: TokenPlace): string | null {
  try {
    return place.storage.getItem(keyOf(role));
  } catch {
    return null;
  }
}

/** Storage of this tab; where the browser denies it (private modes), one that refuses everything. */
export function browserTokenPlace(): TokenPlace {
  return {
    location,
    history,
    storage: {
      getItem: (key) => sessionStorage.getItem(key),
      setItem: (key, value) => sessionStorage.setItem(key, value),
    },
  };
}
