// Checks that shared addresses lead to this coordinator from another machine, too.
import { expect, test } from "vitest";
import { shareOrigin } from "./share-origin.ts";

const links = ["http://127.0.0.1:8080/join#t=a", "http://192.168.1.5:8080/join#t=a"];

test("an address of the network is shared as it is", () => {
  const here = { hostname: "192.168.1.9", origin: "http://192.168.1.9:8080" };
  expect(shareOrigin(here, links)).toBe("http://192.168.1.9:8080");
});

test("localhost is replaced by an address that means the same elsewhere, if there is one", () => {
  const here = { hostname: "localhost", origin: "http://localhost:8080" };
  expect(shareOrigin(here, links)).toBe("http://192.168.1.5:8080");
  expect(shareOrigin(here, [])).toBe("http://localhost:8080");
});
