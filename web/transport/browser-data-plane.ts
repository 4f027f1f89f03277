// Blocks in and out of this page: direct channels and HTTP behind one door.
import type { ControlConnection } from "../../shared/client/control-connection.ts";
import type { PeerTicket } from "../../shared/client/control-socket.ts";
import { type BlockFetcher, createBlockFetcher } from "../../shared/data-plane/block-fetcher.ts";
import type { Lookup } from "../../shared/data-plane/channel-session.ts";
import type { AnswerLine, OpenLine } from "../../shared/data-plane/line.ts";
import type { Clock } from "../../shared/data-plane/clock.ts";
import type { Hash } from "../../shared/graph/task-key.ts";
import type { BlockId, PeerId } from "../../shared/ids.ts";
import type { LinkReport, LocatedBlock } from "../../shared/protocol/messages.ts";
import type { DataPlane } from "../../shared/worker/worker-platform.ts";
import { browserClock } from "./browser-clock.ts";
import { createCoordinatorBlocks } from "./coordinator-blocks.ts";
import { createPeerNetwork, type PeerNetwork, type ProbeOutcome } from "./peer-network.ts";
import { createPeerjsEndpoints, whyNoDirectChannels } from "./peerjs-endpoint.ts";

/** What one "links" message may hold. */
const REPORTED_LINKS_MAX = 512;

interface LocateMessage {
  readonly type: "locate";
  readonly blocks: BlockId[];
}

export interface BrowserDataPlaneOptions {
  readonly control: ControlConnection<LocateMessage> & { readonly ticket: PeerTicket | null };
  readonly token: string;
  readonly hash: Hash;
  /** The bytes of a block that this page holds, for peers that ask. */
  readonly lookup: Lookup;
  /** Who opens a line to this page; nobody may when absent. */
  readonly answerLine?: AnswerLine;
  readonly clock?: Clock;
}

/** What a page can find out about its own ways, beside using them. */
export interface BrowserDataPlane extends DataPlane {
  /** Tests the direct way to a peer; `nowhere` is a block that nobody holds. */
  probe(peer: PeerId, nowhere: BlockId): Promise<ProbeOutcome>;
  readonly isSignalling: boolean;
  /** A line to a peer, inside a direct channel. */
  readonly openLine: OpenLine;
}

/** Used by joined pages and by the dashboard's client alike. */
export function createBrowserDataPlane(options: BrowserDataPlaneOptions): BrowserDataPlane {
  const { control, token, hash, lookup, clock = browserClock } = options;
  const { answerLine = () => null } = options;
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const locates = new Map<BlockId, Set<(located: LocatedBlock | null) => void>>();

  const network = createPeerNetwork({
    clock,
    lookup,
    answerLine,
    openEndpoint: createPeerjsEndpoints(clock),
    whyUnavailable: whyNoDirectChannels(),
    onChange: changed,
  });
  const store = createCoordinatorBlocks({ clock, token, fetch: fetch.bind(globalThis) });
  const fetcher = createBlockFetcher({
    clock,
    hash,
    direct: network,
    coordinator: store,
    locate,
    ownPeer: () => control.ticket?.peer ?? null,
    random: Math.random,
    onTransfer: changed,
  });

  function locate(block: BlockId): Promise<LocatedBlock | null> {
    if (control.state.state !== "welcomed") return Promise.resolve(null);
    return new Promise((resolve) => {
      const waiting = locates.get(block) ?? new Set();
      locates.set(block, waiting.add(resolve));
      control.send({ type: "locate", blocks: [block] });
    });
  }

  function answerLocate(block: BlockId, located: LocatedBlock | null): void {
    const waiting = locates.get(block) ?? [];
    locates.delete(block);
    for (const resolve of waiting) resolve(located);
  }

  const followTicket = (): void => {
    if (control.state.state === "welcomed" && control.ticket !== null) network.use(control.ticket);
    else for (const block of locates.keys()) answerLocate(block, null);
  };
  const stopState = control.onState(followTicket);
  const stopMessages = control.onMessage((message) => {
    if (message.type !== "located") return;
    for (const located of message.blocks) answerLocate(located.block, located);
  });
  followTicket();

  return {
    fetch: (located, signal) => fetcher.fetch(located, signal),
    upload: (block, bytes, signal) => store.upload(block, bytes, signal),
    links: () => reportLinks(network, fetcher),
    probe: (peer, nowhere) => network.probe(peer, nowhere),
    openLine: network.openLine,
    get isSignalling() {
      return network.isSignalling;
    },
    bytesReceived: fetcher.bytesReceived,
    get activeTransfers() {
      return fetcher.activeTransfers;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      stopState();
      stopMessages();
      for (const block of locates.keys()) answerLocate(block, null);
      fetcher.close();
      network.close();
      listeners.clear();
    },
  };
}

function reportLinks(network: PeerNetwork, fetcher: BlockFetcher): LinkReport[] {
  const meters = fetcher.meters();
  const coordinator = meters.get(null);
  const reports: LinkReport[] = [
    {
      peer: null,
      state: "open",
      bytesReceived: coordinator?.bytesReceived ?? 0,
      bytesSent: 0,
      bytesPerMs: coordinator?.bytesPerMs ?? null,
      why: null,
    },
  ];
  for (const { peer, state, bytesSent, why } of network.links()) {
    const meter = meters.get(peer);
    const bytesReceived = meter?.bytesReceived ?? 0;
    // A link that is closed now and never failed is worth a line only if something went over it.
    if (state === "none" && bytesReceived === 0 && bytesSent === 0) continue;
    if (reports.length === REPORTED_LINKS_MAX) break;
    reports.push({
      peer,
      state: state === "none" ? "connecting" : state,
      bytesReceived,
      bytesSent,
      bytesPerMs: meter?.bytesPerMs ?? null,
      why,
    });
  }
  return reports;
}
