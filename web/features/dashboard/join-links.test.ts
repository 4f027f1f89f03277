// Checks that an address is shown without its key.
import { describe, expect, it } from "vitest";
import { shortLink } from "./join-links.ts";

describe("shortLink", () => {
  it("keeps host and path and leaves the key out", () => {
    expect(shortLink("http://192.168.1.20:7070/join#t=secret")).toBe("192.168.1.20:7070/join");
  });
});
