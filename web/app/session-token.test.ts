// Checks that the token leaves the address, survives a reload, and is kept apart by role.
import { describe, expect, it } from "vitest";
import { roleOf, takeToken, tokenInFragment, type TokenPlace } from "./session-token.ts";

function placeAt(pathname: string, hash: string, stored = new Map<string, string>()) {
  const replaced: string[] = [];
  const place: TokenPlace = {
    location: { pathname, search: "", hash },
    history: { replaceState: (_data, _unused, url) => void replaced.push(url) },
    storageOf: (role) => ({
      getItem: (key) => stored.get(`${role} ${key}`) ?? null,
      setItem: (key, value) => void stored.set(`${role} ${key}`, value),
    }),
  };
  return { place, replaced, stored };
}

describe("takeToken", () => {
  it("reads the fragment, keeps the token and strips the address", () => {
    const { place, replaced, stored } = placeAt("/join", "#t=abc-_123");
    expect(takeToken("join", place)).toBe("abc-_123");
    expect(replaced).toEqual(["/join"]);
    const reloaded = placeAt("/join", "", stored);
    expect(takeToken("join", reloaded.place)).toBe("abc-_123");
    expect(reloaded.replaced).toEqual([]);
  });

  it("keeps the two roles apart", () => {
    const { place, stored } = placeAt("/join", "#t=joinToken");
    takeToken("join", place);
    expect(takeToken("submit", placeAt("/", "", stored).place)).toBeNull();
  });

  it("prefers a new address over the stored token", () => {
    const { place, stored } = placeAt("/", "#t=old");
    takeToken("submit", place);
    expect(takeToken("submit", placeAt("/", "#t=new", stored).place)).toBe("new");
    expect(takeToken("submit", placeAt("/", "", stored).place)).toBe("new");
  });

  it("works without storage and then leaves the address as it is", () => {
    const { place, replaced } = placeAt("/", "#t=abc");
    const denied: TokenPlace = {
      ...place,
      storageOf: () => ({
        getItem: () => {
          throw new Error("denied");
        },
        setItem: () => {
          throw new Error("denied");
        },
      }),
    };
    expect(takeToken("submit", denied)).toBe("abc");
    expect(replaced).toEqual([]);
    const without: TokenPlace = { ...denied, location: { ...place.location, hash: "" } };
    expect(takeToken("submit", without)).toBeNull();
  });
});

describe("tokenInFragment", () => {
  it("takes only what looks like a token", () => {
    expect(tokenInFragment("")).toBeNull();
    expect(tokenInFragment("#t=")).toBeNull();
    expect(tokenInFragment("#x=abc")).toBeNull();
    expect(tokenInFragment("#t=a%20b")).toBeNull();
    expect(tokenInFragment("#t=abc")).toBe("abc");
  });
});

describe("roleOf", () => {
  it("is join on the join page and submit elsewhere", () => {
    expect(roleOf("/join")).toBe("join");
    expect(roleOf("/join/")).toBe("join");
    expect(roleOf("/")).toBe("submit");
    expect(roleOf("/jobs/x")).toBe("submit");
  });
});
