// From evidence to a cause: why no direct channel opens between this page and another.
import type { Connection } from "../../shared/protocol/http.ts";
import type { CandidateCounts, DialEvidence, LoopEvidence } from "./dial-evidence.ts";

/** All that was found out; null for what could not be asked. */
export interface ConnectionEvidence {
  /** "macOS", "Android" … */
  readonly system: string;
  /** "Chrome 157" … */
  readonly browser: string;
  readonly hasWebRtc: boolean;
  /** False when the coordinator was started without signalling. */
  readonly isDirectAllowed: boolean;
  /** The socket through which the coordinator leases work. */
  readonly isControlOpen: boolean;
  /** The socket that introduces pages to each other. */
  readonly isSignalling: boolean;
  /** The coordinator's view; null when it does not answer over HTTP. */
  readonly coordinator: Omit<Connection, "peers" | "certificatePage"> | null;
  /** A channel from this page to itself; null without WebRTC. */
  readonly loop: LoopEvidence | null;
  /** The other machine that was tried; null when there is none. */
  readonly peer: PeerEvidence | null;
}

export interface PeerEvidence extends Pick<
  Connection["peers"][number],
  "network" | "isOwnMachine"
> {
  readonly name: string;
  readonly isOpen: boolean;
  readonly dial: DialEvidence | null;
}

export type ConnectionCause =
  | "works"
  | "coordinator-unreachable"
  | "old-browser"
  | "switched-off"
  | "signalling-blocked"
  | "proxy"
  | "browser-refuses"
  | "nobody-else"
  | "peer-silent"
  | "peer-refuses"
  | "other-network"
  | "local-network-permission"
  | "multicast-blocked"
  | "udp-blocked";

const countOf = ({ mdns, host, other }: CandidateCounts): number => mdns + host + other;

/** The likeliest cause: what rules out most comes first. Pure. */
export function diagnose(evidence: ConnectionEvidence): ConnectionCause {
  const { coordinator, loop, peer } = evidence;
  if (peer?.isOpen === true) return "works";
  if (coordinator === null && !evidence.isControlOpen) return "coordinator-unreachable";
  if (!evidence.hasWebRtc) return "old-browser";
  if (!evidence.isDirectAllowed) return "switched-off";
  if (!evidence.isControlOpen || !evidence.isSignalling) {
    return coordinator?.isProxied === true ? "proxy" : "signalling-blocked";
  }
  // A browser that cannot reach even itself is kept from it by a policy, an extension or a lack of network.
  if (loop !== null && !loop.isOpen && countOf(loop.offered) === 0) return "browser-refuses";
  if (peer === null) return "nobody-else";
  return causeBetween(evidence, peer);
}

/** Both ends have WebRTC and signalling, and still no channel opened. */
function causeBetween(evidence: ConnectionEvidence, peer: PeerEvidence): ConnectionCause {
  const { dial } = peer;
  if (dial === null || dial.answered === null) return "peer-silent";
  if (countOf(dial.answered) === 0) return "peer-refuses";
  if (countOf(dial.offered) === 0) return "browser-refuses";
  if (isElsewhere(evidence, peer)) return "other-network";
  // Addresses in numbers at either end need no name to be resolved: packets themselves are lost.
  const { offered, answered } = dial;
  if (offered.host + offered.other > 0 && answered.host + answered.other > 0) return "udp-blocked";
  if (evidence.loop?.isOpen === false) return "udp-blocked";
  return needsPermission(evidence) ? "local-network-permission" : "multicast-blocked";
}

function isElsewhere({ coordinator }: ConnectionEvidence, peer: PeerEvidence): boolean {
  // The coordinator's own machine is in all of its networks.
  if (coordinator === null || coordinator.isOwnMachine || peer.isOwnMachine) {
    const other = coordinator?.isOwnMachine === true ? peer : coordinator;
    return other !== null && !other.isOwnMachine && other.network === null;
  }
  return coordinator.network !== peer.network;
}

/** macOS asks its person before any browser but its own may speak to the local network. */
const needsPermission = ({ system, browser }: ConnectionEvidence): boolean =>
  system === "macOS" && !browser.startsWith("Safari");
