// Who we have direct channels with: dials on demand, accepts, gives up in time, and says why.
import type { PeerTicket } from "../../shared/client/control-socket.ts";
import type { DirectPath } from "../../shared/data-plane/block-fetcher.ts";
import type { Channel } from "../../shared/data-plane/channel.ts";
import {
  type ChannelSession,
  createChannelSession,
  type Lookup,
} from "../../shared/data-plane/channel-session.ts";
import type { Clock } from "../../shared/data-plane/clock.ts";
import type { AnswerLine, OpenLine } from "../../shared/data-plane/line.ts";
import type { DirectState } from "../../shared/data-plane/source-choice.ts";
import { TransferError } from "../../shared/data-plane/transfer-error.ts";
import type { BlockId, PeerId } from "../../shared/ids.ts";
import { DIRECT_CHANNEL_TIMEOUT_MS } from "../../shared/limits.ts";
import type { DialEvidence } from "./dial-evidence.ts";
import type { Endpoint, OpenEndpoint } from "./peerjs-endpoint.ts";

/** Open channels at once; browsers grow slow with hundreds of peer connections. */
const OPEN_LINKS_MAX = 64;
/** Links remembered, of which most are closed: what the reports to the coordinator may hold. */
const LINKS_MAX = 256;
/** Doubled at each failure in a row: a page that is just starting is found soon, a firewall costs little. */
const FIRST_REDIAL_MS = 5_000;
const REDIAL_MS_MAX = 600_000;

interface PeerLink {
  readonly peer: PeerId;
  readonly state: DirectState;
  readonly bytesSent: number;
  readonly why: string | null;
}

/** How a test of one direct channel ended. */
export type ProbeOutcome =
  | { readonly isOpen: true; readonly roundTripMs: number | null }
  | { readonly isOpen: false; readonly why: string; readonly evidence: DialEvidence | null };

export interface PeerNetwork extends DirectPath {
  /** A new welcome: a new peer id, under which everything begins anew. */
  use(ticket: PeerTicket): void;
  links(): readonly PeerLink[];
  /** Opens a channel if there is none, whatever failed before, and asks for a block that nobody has. */
  probe(peer: PeerId, nowhere: BlockId): Promise<ProbeOutcome>;
  readonly openLine: OpenLine;
  /** Whether the signalling that opens channels can be reached now. */
  readonly isSignalling: boolean;
  /** Transfers to peers and from peers under way now. */
  readonly activeTransfers: number;
  close(): void;
}

interface Link {
  readonly peer: PeerId;
  state: DirectState;
  why: string | null;
  /** Of the last dial that failed. */
  evidence: DialEvidence | null;
  /** Both sides may have dialled at the same time: each channel serves. */
  readonly sessions: Set<ChannelSession>;
  /** Bytes that closed sessions sent. */
  bytesSentBefore: number;
  failures: number;
  redialAtMs: number;
  lastUsedMs: number;
  dialling: Promise<void> | null;
  /** Ends the dialling with this result. */
  endDial: ((why: string) => void) | null;
}

export function createPeerNetwork(options: {
  readonly clock: Clock;
  readonly lookup: Lookup;
  readonly answerLine: AnswerLine;
  readonly openEndpoint: OpenEndpoint;
  /** Why no channel can be opened here at all; null when it can. */
  readonly whyUnavailable: string | null;
  readonly onChange: () => void;
}): PeerNetwork {
  const { clock, lookup, answerLine, openEndpoint, onChange } = options;
  const links = new Map<PeerId, Link>();
  let endpoint: Endpoint | null = null;
  let whyUnavailable: string | null = options.whyUnavailable ?? "Not connected yet.";

  function linkTo(peer: PeerId): Link {
    let link = links.get(peer);
    if (link === undefined) {
      link = {
        peer,
        state: "none",
        why: null,
        evidence: null,
        sessions: new Set(),
        bytesSentBefore: 0,
        failures: 0,
        redialAtMs: 0,
        lastUsedMs: clock.nowMs(),
        dialling: null,
        endDial: null,
      };
      links.set(peer, link);
      forgetOldLinks(link);
    }
    return link;
  }

  function forgetOldLinks(except: Link): void {
    for (const link of links.values()) {
      if (links.size <= LINKS_MAX) return;
      const isForgettable = link.sessions.size === 0 && link.dialling === null;
      if (link !== except && isForgettable) links.delete(link.peer);
    }
  }

  function fail(link: Link, why: string): void {
    if (link.sessions.size > 0) return;
    link.state = "failed";
    link.why = why;
    link.redialAtMs = clock.nowMs() + Math.min(REDIAL_MS_MAX, FIRST_REDIAL_MS * 2 ** link.failures);
    link.failures += 1;
    onChange();
  }

  /** Makes room for one more channel; false when all are in use. */
  function makeRoom(): boolean {
    const open = [...links.values()].filter((link) => link.sessions.size > 0);
    if (open.length < OPEN_LINKS_MAX) return true;
    const idle = open
      .filter((link) => [...link.sessions].every((session) => session.isIdle))
      .toSorted((a, b) => a.lastUsedMs - b.lastUsedMs)[0];
    if (idle === undefined) return false;
    for (const session of idle.sessions) session.close();
    return true;
  }

  function addChannel(link: Link, channel: Channel): void {
    const session = createChannelSession({
      channel,
      clock,
      lookup,
      answerLine,
      onClose: () => {
        link.sessions.delete(session);
        link.bytesSentBefore += session.bytesSent;
        // The peer may only have left its idle channel: dialling again is allowed at once.
        if (link.sessions.size === 0) link.state = "none";
        onChange();
      },
    });
    link.sessions.add(session);
    link.state = "open";
    link.why = null;
    link.failures = 0;
    link.lastUsedMs = clock.nowMs();
    onChange();
  }

  function dial(link: Link): Promise<void> {
    if (link.dialling !== null) return link.dialling;
    const via = endpoint;
    if (via === null || whyUnavailable !== null || !makeRoom()) {
      fail(link, whyUnavailable ?? "Too many direct channels are in use.");
      return Promise.resolve();
    }
    link.state = "connecting";
    link.dialling = new Promise((resolve) => {
      const finish = (): void => {
        stopTimer();
        link.dialling = null;
        link.endDial = null;
      };
      const dialled = via.connect(link.peer, {
        onOpen: (channel) => {
          finish();
          addChannel(link, channel);
          resolve();
        },
        onFailed: (why) => link.endDial?.(`${why} The coordinator carries the bytes.`),
      });
      link.endDial = (why) => {
        finish();
        link.evidence = dialled.evidence();
        dialled.abandon();
        fail(link, why);
        resolve();
      };
      const seconds = DIRECT_CHANNEL_TIMEOUT_MS / 1_000;
      const late = `No direct channel opened within ${seconds} s; the coordinator carries the bytes.`;
      const stopTimer = clock.after(DIRECT_CHANNEL_TIMEOUT_MS, () => link.endDial?.(late));
    });
    onChange();
    return link.dialling;
  }

  /** A channel that stalls once would stall every other transfer too: the other page may sleep. */
  async function requestFrom(
    link: Link,
    session: ChannelSession,
    ...request: Parameters<ChannelSession["request"]>
  ): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return await session.request(...request);
    } catch (error) {
      if (error instanceof TransferError && error.code === "stalled") {
        session.close();
        fail(link, "The direct channel fell silent; the coordinator carries the bytes.");
      }
      throw error;
    }
  }

  async function probe(peer: PeerId, nowhere: BlockId): Promise<ProbeOutcome> {
    const link = linkTo(peer);
    link.evidence = null;
    if (link.sessions.size === 0) await dial(link);
    const session = [...link.sessions][0];
    if (session === undefined) {
      return { isOpen: false, why: link.why ?? "No channel opened.", evidence: link.evidence };
    }
    const startedMs = clock.nowMs();
    try {
      await session.request(nowhere, { sizeBytes: 0 });
    } catch (error) {
      // "I do not have it" is the answer that was waited for.
      const isAnswer = error instanceof TransferError && error.code === "not-held";
      return { isOpen: true, roundTripMs: isAnswer ? clock.nowMs() - startedMs : null };
    }
    return { isOpen: true, roundTripMs: clock.nowMs() - startedMs };
  }

  const openLine: OpenLine = async (peer, key, events) => {
    const link = linkTo(peer);
    if (link.sessions.size === 0 && (link.state !== "failed" || clock.nowMs() >= link.redialAtMs)) {
      await dial(link);
    }
    const session = [...link.sessions][0];
    return (await session?.openLine(key, events)) ?? null;
  };

  function endAll(why: string): void {
    const ending = [...links.values()];
    links.clear();
    for (const link of ending) {
      link.endDial?.(why);
      for (const session of link.sessions) session.close();
    }
    endpoint?.close();
    endpoint = null;
  }

  return {
    use(ticket) {
      endAll("The connection to the coordinator began anew.");
      if (options.whyUnavailable !== null) return;
      if (!ticket.direct) {
        whyUnavailable = "Direct channels are switched off at the coordinator.";
        return;
      }
      whyUnavailable = null;
      endpoint = openEndpoint(ticket, (peer, channel) => {
        if (makeRoom()) addChannel(linkTo(peer), channel);
        else channel.close();
      });
    },
    state(peer) {
      const link = linkTo(peer);
      if (link.sessions.size > 0) return "open";
      if (link.state === "failed" && clock.nowMs() >= link.redialAtMs) return "none";
      return link.state;
    },
    dial: (peer) => dial(linkTo(peer)),
    probe,
    openLine,
    get isSignalling() {
      return endpoint?.isReachable ?? false;
    },
    request(peer, block, transfer) {
      const link = linkTo(peer);
      link.lastUsedMs = clock.nowMs();
      const session = [...link.sessions][0];
      if (session !== undefined) return requestFrom(link, session, block, transfer);
      return Promise.reject(new TransferError("unreachable", "The direct channel is not open."));
    },
    links: () =>
      [...links.values()].map((link) => ({
        peer: link.peer,
        state: link.sessions.size > 0 ? "open" : link.state,
        why: link.why,
        bytesSent: [...link.sessions].reduce((sum, s) => sum + s.bytesSent, link.bytesSentBefore),
      })),
    get activeTransfers() {
      let active = 0;
      for (const link of links.values()) {
        for (const session of link.sessions) active += session.activeTransfers;
      }
      return active;
    },
    close() {
      whyUnavailable = "The data plane is closed.";
      endAll(whyUnavailable);
    },
  };
}
