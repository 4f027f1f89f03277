import type { NetworkInterfaceInfo } from "node:os";
import { describe, expect, it } from "vitest";
import { joinAddresses, ownAddresses, urlHost } from "./network-addresses.ts";

const ipv4 = (address: string, internal = false): NetworkInterfaceInfo => ({
  address,
  internal,
  family: "IPv4",
  netmask: "255.255.255.0",
  mac: "00:00:00:00:00:00",
  cidr: `${address}/24`,
});
const ipv6 = (address: string, internal = false): NetworkInterfaceInfo => ({
  ...ipv4(address, internal),
  family: "IPv6",
  scopeid: 0,
});

describe("joinAddresses", () => {
  it("offers the home network's address and nothing that others cannot reach", () => {
    const interfaces = {
      lo: [ipv4("127.0.0.1", true), ipv6("::1", true)],
      docker0: [ipv4("172.17.0.1")],
      "br-4f2a": [ipv4("172.18.0.1")],
      veth12: [ipv4("172.19.0.1")],
      virbr0: [ipv4("192.168.122.1")],
      vmnet8: [ipv4("192.168.88.1")],
      tailscale0: [ipv4("100.100.1.2")],
      ztabc: [ipv4("10.147.20.3")],
      eth1: [ipv4("169.254.10.20")],
      wlan0: [ipv4("192.168.1.23"), ipv6("fe80::1")],
    };
    expect(joinAddresses(interfaces)).toEqual(["192.168.1.23"]);
  });

  it("lists every fitting interface, home networks first and public addresses last", () => {
    const interfaces = {
      eth0: [ipv4("203.0.113.5")],
      eth1: [ipv4("10.1.2.3")],
      wlan0: [ipv4("192.168.0.7")],
    };
    expect(joinAddresses(interfaces)).toEqual(["192.168.0.7", "10.1.2.3", "203.0.113.5"]);
  });

  it("falls back to IPv6 where there is no IPv4", () => {
    expect(joinAddresses({ eth0: [ipv6("fe80::2"), ipv6("fd12::7")] })).toEqual(["fd12::7"]);
  });

  it("returns nothing when there is only loopback", () => {
    expect(joinAddresses({ lo: [ipv4("127.0.0.1", true)] })).toEqual([]);
  });
});

it("ownAddresses keeps loopback and virtual interfaces", () => {
  const interfaces = { lo: [ipv4("127.0.0.1", true)], docker0: [ipv4("172.17.0.1")] };
  expect(ownAddresses(interfaces)).toEqual(["127.0.0.1", "172.17.0.1"]);
});

it("urlHost puts IPv6 in brackets", () => {
  expect(urlHost("fd12::7")).toBe("[fd12::7]");
  expect(urlHost("10.0.0.1")).toBe("10.0.0.1");
});
