// What one attempt at a direct channel left behind: the states it went through, and who offered what.

/** Ways to an address that a browser offered, by kind. */
export interface CandidateCounts {
  /** Its own addresses, hidden behind names that only multicast DNS resolves. */
  readonly mdns: number;
  /** Its own addresses, as numbers. */
  readonly host: number;
  /** Addresses that a server saw, or that relay. */
  readonly other: number;
}

export interface DialEvidence {
  /** In their order: "new", "checking", "connected", "failed" … */
  readonly iceStates: readonly string[];
  /** What this browser offered. */
  readonly offered: CandidateCounts;
  /** What the other page offered; null while it has not answered. */
  readonly answered: CandidateCounts | null;
}

/** Counts the candidates of a session description; both sides' are written into theirs. */
export function countCandidates(sdp: string): CandidateCounts {
  const counts = { mdns: 0, host: 0, other: 0 };
  for (const [, address, kind] of sdp.matchAll(
    /^a=candidate:\S+ \d+ udp \d+ (\S+) \d+ typ (\w+)/gim,
  )) {
    if (kind !== "host") counts.other += 1;
    else if (address?.endsWith(".local") === true) counts.mdns += 1;
    else counts.host += 1;
  }
  return counts;
}

/** Writes down what happens to a connection from now on; what it returns tells it at any time. */
export function watchConnection(connection: RTCPeerConnection): () => DialEvidence {
  const iceStates: string[] = [connection.iceConnectionState];
  const note = (): void => {
    if (iceStates.at(-1) !== connection.iceConnectionState) {
      iceStates.push(connection.iceConnectionState);
    }
  };
  connection.addEventListener("iceconnectionstatechange", note);
  return () => {
    note();
    const remote = connection.remoteDescription;
    return {
      iceStates: [...iceStates],
      offered: countCandidates(connection.localDescription?.sdp ?? ""),
      answered: remote === null ? null : countCandidates(remote.sdp),
    };
  };
}

const LOOP_TIMEOUT_MS = 3_000;

export interface LoopEvidence {
  readonly isOpen: boolean;
  readonly offered: CandidateCounts;
}

/** Opens a channel from this page to itself: whether this browser lets any pass, and what it offers. */
export async function tryLoop(): Promise<LoopEvidence> {
  const [near, far] = [new RTCPeerConnection(), new RTCPeerConnection()];
  try {
    const channel = near.createDataChannel("loop");
    const opened = new Promise<boolean>((resolve) => {
      channel.addEventListener("open", () => resolve(true), { once: true });
      setTimeout(resolve, LOOP_TIMEOUT_MS, false);
    });
    passCandidates(near, far);
    passCandidates(far, near);
    await near.setLocalDescription();
    await far.setRemoteDescription(near.localDescription as RTCSessionDescription);
    await far.setLocalDescription();
    await near.setRemoteDescription(far.localDescription as RTCSessionDescription);
    const isOpen = await opened;
    return { isOpen, offered: countCandidates(near.localDescription?.sdp ?? "") };
  } catch {
    return { isOpen: false, offered: countCandidates(near.localDescription?.sdp ?? "") };
  } finally {
    near.close();
    far.close();
  }
}

function passCandidates(from: RTCPeerConnection, to: RTCPeerConnection): void {
  from.addEventListener("icecandidate", ({ candidate }) => {
    // One that comes before the description is in the description already.
    if (candidate !== null) void to.addIceCandidate(candidate).catch(() => undefined);
  });
}
