// Takes the token out of the address's fragment and keeps it: for this tab, or for the browser to join by.

/** What a token admits to: a machine joins, a dashboard submits. */
export type TokenRole = "join" | "submit";

/** The parts of the page that hold the token, given by the caller so that tests can. */
export interface TokenPlace {
  readonly location: { readonly pathname: string; readonly search: string; readonly hash: string };
  readonly history: { replaceState(data: unknown, unused: string, url: string): void };
  /** Of the tab, for dashboards; of the browser, for machines that join. */
  storageOf(role: TokenRole): Pick<Storage, "getItem" | "setItem">;
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
 * The token for a role: from the fragment, which is then removed so that it stands in no history or
 * screenshot, or else from the storage, so that reloading works. Whoever may join may do so again, from
 * the icon on a home screen too; the key to everything else ends with its tab.
 */
export function takeToken(role: TokenRole, place: TokenPlace): string | null {
  const fresh = tokenInFragment(place.location.hash);
  if (fresh === null) return readStored(role, place);
  try {
    place.storageOf(role).setItem(keyOf(role), fresh);
  } catch {
    // Without storage the fragment stays, because a reload would otherwise lose the token.
    return fresh;
  }
  place.history.replaceState(null, "", place.location.pathname + place.location.search);
  return fresh;
}

function readStored(role: TokenRole, place: TokenPlace): string | null {
  try {
    return place.storageOf(role).getItem(keyOf(role));
  } catch {
    return null;
  }
}

/** Where the browser denies storage (private modes), what is returned throws at each use. */
export function browserTokenPlace(): TokenPlace {
  return {
    location,
    history,
    storageOf: (role) => ({
      getItem: (key) => browserStorage(role).getItem(key),
      setItem: (key, value) => browserStorage(role).setItem(key, value),
    }),
  };
}

const browserStorage = (role: TokenRole): Storage =>
  role === "join" ? localStorage : sessionStorage;
