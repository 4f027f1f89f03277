// Checks that each piece of evidence leads to the cause that it is evidence of.
import { describe, expect, it } from "vitest";
import { type ConnectionEvidence, diagnose, type PeerEvidence } from "./diagnose.ts";
import { countCandidates } from "./dial-evidence.ts";

const none = { mdns: 0, host: 0, other: 0 };
const hidden = { mdns: 1, host: 0, other: 0 };
const open = { mdns: 0, host: 2, other: 0 };
const failed: PeerEvidence = {
  name: "Tower",
  network: "192.168.1.0/24",
  isOwnMachine: false,
  isOpen: false,
  dial: { iceStates: ["new", "checking"], offered: hidden, answered: hidden },
};
const evidence: ConnectionEvidence = {
  system: "Windows",
  browser: "Chrome 157",
  hasWebRtc: true,
  isDirectAllowed: true,
  isControlOpen: true,
  isSignalling: true,
  coordinator: {
    address: "192.168.1.30",
    network: "192.168.1.0/24",
    isOwnMachine: false,
    isProxied: false,
  },
  loop: { isOpen: true, offered: hidden },
  peer: failed,
};
const withDial = (dial: Partial<NonNullable<PeerEvidence["dial"]>>): ConnectionEvidence => ({
  ...evidence,
  peer: {
    ...failed,
    dial: { iceStates: ["new"], offered: hidden, answered: hidden, ...dial },
  },
});

describe("diagnose", () => {
  it("says that it works when a channel opened, whatever else", () => {
    expect(diagnose({ ...evidence, peer: { ...failed, isOpen: true } })).toBe("works");
  });

  it("suspects the port when neither HTTP nor the socket gets through", () => {
    const cut = { ...evidence, coordinator: null, isControlOpen: false, isSignalling: false };
    expect(diagnose(cut)).toBe("coordinator-unreachable");
  });

  it("names a browser without WebRTC before everything that follows from it", () => {
    const old = { ...evidence, hasWebRtc: false, isSignalling: false, loop: null, peer: null };
    expect(diagnose(old)).toBe("old-browser");
  });

  it("names a coordinator without signalling", () => {
    expect(diagnose({ ...evidence, isDirectAllowed: false })).toBe("switched-off");
  });

  it("tells a proxy that lets no sockets through from something that hides", () => {
    const blocked = { ...evidence, isSignalling: false };
    expect(diagnose(blocked)).toBe("signalling-blocked");
    const coordinator = { ...evidence.coordinator, isProxied: true } as const;
    expect(
      diagnose({
        ...blocked,
        coordinator: { address: "", network: null, isOwnMachine: false, ...coordinator },
      }),
    ).toBe("proxy");
  });

  it("names a browser whose policy offers no way at all", () => {
    const loop = { isOpen: false, offered: none };
    expect(diagnose({ ...evidence, loop, peer: null })).toBe("browser-refuses");
    expect(diagnose(withDial({ offered: none }))).toBe("browser-refuses");
  });

  it("has nothing to find while nobody else is there", () => {
    expect(diagnose({ ...evidence, peer: null })).toBe("nobody-else");
  });

  it("tells the other page's fault from this one's", () => {
    expect(diagnose(withDial({ answered: null }))).toBe("peer-silent");
    expect(diagnose({ ...evidence, peer: { ...failed, dial: null } })).toBe("peer-silent");
    expect(diagnose(withDial({ answered: none }))).toBe("peer-refuses");
  });

  it("compares networks, and knows that the coordinator's machine is in all of its own", () => {
    expect(diagnose({ ...evidence, peer: { ...failed, network: "10.0.0.0/24" } })).toBe(
      "other-network",
    );
    expect(diagnose({ ...evidence, peer: { ...failed, network: null } })).toBe("other-network");
    const own = { ...failed, network: null, isOwnMachine: true };
    expect(diagnose({ ...evidence, peer: own })).toBe("multicast-blocked");
    const coordinator = {
      address: "10.9.9.9",
      network: null,
      isOwnMachine: false,
      isProxied: false,
    };
    expect(diagnose({ ...evidence, coordinator, peer: own })).toBe("other-network");
  });

  it("suspects multicast when only hidden names were exchanged, and on a Mac the permission", () => {
    expect(diagnose(evidence)).toBe("multicast-blocked");
    expect(diagnose({ ...evidence, system: "macOS" })).toBe("local-network-permission");
    const safari = { ...evidence, system: "macOS", browser: "Safari 27" };
    expect(diagnose(safari)).toBe("multicast-blocked");
  });

  it("suspects lost packets when both ends gave their addresses in numbers", () => {
    expect(diagnose(withDial({ offered: open, answered: open }))).toBe("udp-blocked");
    const loop = { isOpen: false, offered: hidden };
    expect(diagnose({ ...evidence, loop })).toBe("udp-blocked");
  });
});

describe("countCandidates", () => {
  it("counts by kind, and leaves out what is no UDP", () => {
    const sdp = [
      "v=0",
      "a=candidate:1 1 udp 2113937151 0f9c1f43-aaaa.local 51000 typ host generation 0",
      "a=candidate:2 1 udp 2113937151 192.168.1.7 51001 typ host",
      "a=candidate:3 1 UDP 1677729535 192.168.1.7 51002 typ srflx raddr 0.0.0.0 rport 0",
      "a=candidate:4 1 tcp 1518280447 192.168.1.7 9 typ host tcptype active",
    ].join("\r\n");
    expect(countCandidates(sdp)).toEqual({ mdns: 1, host: 1, other: 1 });
    expect(countCandidates("v=0")).toEqual(none);
  });
});
