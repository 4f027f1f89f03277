// What an authority may sign for: nothing that anybody on the internet has.
import { describe, expect, it } from "vitest";
import { isPermitted, permittedNames } from "./permitted-names.ts";

describe("permittedNames", () => {
  it("are private networks and names alone on a machine at home", () => {
    const names = permittedNames(["kitchen.local", "192.168.1.20", "fd12::5", "localhost"]);
    for (const inside of ["10.9.8.7", "172.31.0.1", "127.0.0.1", "::1", "fe80::1", "tower.lan"]) {
      expect(isPermitted(inside, names), inside).toBe(true);
    }
    const outside = [
      "8.8.8.8",
      "172.32.0.1",
      "192.169.0.1",
      "2001:db8::1",
      "example.com",
      "notlocal",
    ];
    for (const name of [...outside, "local.example.com", "100.128.0.1"]) {
      expect(isPermitted(name, names), name).toBe(false);
    }
  });

  it("include a public address and a full name of this machine, and nothing beside them", () => {
    const names = permittedNames(["pc7.uni.example", "203.0.113.9", "2001:db8::7"]);
    for (const own of ["pc7.uni.example", "PC7.uni.example", "203.0.113.9", "2001:db8::7"]) {
      expect(isPermitted(own, names), own).toBe(true);
    }
    for (const other of ["pc8.uni.example", "uni.example", "203.0.113.8", "2001:db8::8"]) {
      expect(isPermitted(other, names), other).toBe(false);
    }
  });

  it("leave out a name that could be a domain of the first level: all below it would be permitted", () => {
    const names = permittedNames(["dev", "xn--p1ai", "my-tower", "tower2"]);
    expect(["dev", "xn--p1ai"].filter((name) => isPermitted(name, names))).toEqual([]);
    expect(isPermitted("anything.dev", names)).toBe(false);
    expect(isPermitted("my-tower", names)).toBe(true);
    expect(isPermitted("tower2", names)).toBe(true);
  });
});
