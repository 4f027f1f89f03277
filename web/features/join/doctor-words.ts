// What the connection doctor found, in words: the cause, what speaks for it, and what can be done.
import { unreachable } from "../../../shared/assert.ts";
import { formatByteRate, formatDuration } from "../../components/format.ts";
import type { ConnectionFinding } from "../../worker/connection-doctor.ts";

export interface Diagnosis {
  readonly title: string;
  /** What the finding rests on. */
  readonly because: string;
  /** What somebody can do about it; empty when nothing needs doing. */
  readonly advice: string;
  readonly isFine: boolean;
}

const GOES_ON = "Work goes on through the coordinator.";

export function diagnosisWords({ cause, evidence }: ConnectionFinding): Diagnosis {
  const other = evidence.peer?.name ?? "the other machine";
  const trouble = (title: string, because: string, advice: string): Diagnosis => ({
    title,
    because,
    advice: `${advice} ${GOES_ON}`,
    isFine: false,
  });
  switch (cause) {
    case "works":
      return {
        title: "The direct way works",
        because: `A channel to ${other} is open: data need not pass through the coordinator.`,
        advice: "",
        isFine: true,
      };
    case "nobody-else":
      return {
        title: "Nobody else is here to connect to",
        because: "The direct way can be tested as soon as a second machine has joined.",
        advice: "",
        isFine: true,
      };
    case "coordinator-unreachable":
      return {
        title: "The coordinator does not answer",
        because: `Neither its pages nor its socket at ${location.host} can be reached.`,
        advice:
          "Check that it is running, that this machine is in the same network, and that no firewall closes its port. This page tries again by itself.",
        isFine: false,
      };
    case "old-browser":
      return trouble(
        "This browser has no WebRTC",
        "Direct channels are made of it; it is too old, or switched off.",
        "A current Chrome, Edge, Firefox or Safari has it.",
      );
    case "switched-off":
      return trouble(
        "Direct channels are switched off",
        "The coordinator was started without them.",
        "Nothing is wrong with this machine.",
      );
    case "signalling-blocked":
      return trouble(
        "Something blocks the socket that introduces machines to each other",
        "The coordinator answers, but its second WebSocket does not open.",
        "A firewall, a virus scanner or a browser extension may be in the way.",
      );
    case "proxy":
      return trouble(
        "A proxy stands between this machine and the coordinator",
        "It passes pages on, but not WebSockets.",
        "Take the coordinator’s address out of the proxy settings of this machine.",
      );
    case "browser-refuses":
      return trouble(
        "This browser offers no direct way",
        "It named none of this machine’s addresses, not even for a channel to itself.",
        "A company policy or a privacy extension forbids WebRTC to use the network; or this machine has none.",
      );
    case "peer-silent":
      return trouble(
        `${other} did not answer`,
        "Its page was asked for a channel and said nothing in time.",
        "It may be asleep or hidden. Look at that machine, or check again later.",
      );
    case "peer-refuses":
      return trouble(
        `${other} offers no direct way`,
        "Its browser named none of its addresses; this one did.",
        "Run the check on that machine.",
      );
    case "other-network":
      return trouble(
        `${other} is in another network`,
        networkWords(evidence),
        "Put both into the same Wi-Fi or cable network; guest networks are separate.",
      );
    case "local-network-permission":
      return trouble(
        "macOS may not let this browser speak to the local network",
        `Addresses are exchanged with ${other}, but no packet comes through.`,
        "System Settings, Privacy & Security, Local Network: allow it for this browser, then reload.",
      );
    case "multicast-blocked":
      return trouble(
        "The network keeps its machines from finding each other",
        `This page and ${other} exchanged names that only multicast DNS resolves, and no packet came through.`,
        "Switch off “client isolation” in the Wi-Fi’s settings, leave guest networks and VPNs, and let the firewall pass UDP port 5353.",
      );
    case "udp-blocked":
      return trouble(
        "Packets between this machine and the others are lost",
        `Addresses are exchanged with ${other}, but no UDP packet comes through.`,
        "A firewall on one of the two machines, or between them, drops UDP: allow it for the browser.",
      );
    default:
      return unreachable(cause);
  }
}

function networkWords({ coordinator, peer }: ConnectionFinding["evidence"]): string {
  const name = (network: string | null): string =>
    network === null ? "behind a router" : `in ${network}`;
  const ownPlace = coordinator?.isOwnMachine === true ? null : (coordinator?.network ?? null);
  const own = coordinator?.isOwnMachine === true ? "on the coordinator’s machine" : name(ownPlace);
  const others =
    peer?.isOwnMachine === true ? "on the coordinator’s machine" : name(peer?.network ?? null);
  return `The coordinator sees this machine ${own}, and the other ${others}.`;
}

export interface CheckLine {
  readonly label: string;
  readonly value: string;
  readonly isOk: boolean;
}

/** What was tried, each with its figure. */
export function checkLines({ evidence, figures }: ConnectionFinding): readonly CheckLine[] {
  const { httpMs, httpBytesPerMs, socketMs, directMs } = figures;
  const line = (label: string, value: string | null, otherwise: string): CheckLine => ({
    label,
    value: value ?? otherwise,
    isOk: value !== null,
  });
  const time = (ms: number | null): string | null =>
    ms === null ? null : `answers in ${formatDuration(Math.max(1, ms))}`;
  const { peer } = evidence;
  return [
    line("Coordinator", time(httpMs), "does not answer"),
    line(
      "Download from it",
      httpBytesPerMs === null ? null : formatByteRate(httpBytesPerMs * 1_000),
      "no bytes came",
    ),
    line("Control socket", time(socketMs), "not open"),
    line("Introductions", evidence.isSignalling ? "ready" : null, "not reachable"),
    peer === null
      ? { label: "Direct channel", value: "nobody else to try", isOk: true }
      : line(
          `Direct to ${peer.name}`,
          peer.isOpen ? (time(directMs) ?? "open") : null,
          "did not open",
        ),
  ];
}
