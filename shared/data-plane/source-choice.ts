// Which source a block is fetched from next: the one predicted to deliver first.
import type { PeerId } from "../ids.ts";
import type { LocatedBlock } from "../protocol/messages.ts";
import type { SourceMeter } from "./source-meter.ts";

/** A peer, or null for the coordinator. */
export type Source = PeerId | null;
export type DirectState = "none" | "connecting" | "open" | "failed";

/** Transfers at once from one peer: a second hides the first one's round trip, more only queue. */
const TRANSFERS_PER_PEER_MAX = 3;
/** Two hide the round trip; more would delay the inputs of the first task for those of the next. */
const TRANSFERS_FROM_COORDINATOR_MAX = 2;
/** A data channel's usual rate between desktops; assumed of a source when nothing is measured. */
const CHANNEL_BYTES_PER_MS = 30_000;
/** One choice in this many is left to chance, so that a source that became fast is noticed. */
const EXPLORE_ONE_IN = 16;
/** The coordinator must first collect a block that it does not store: the bytes travel twice. */
const RELAY_LATENCY_MS = 200;

export type Choice =
  | { readonly kind: "take"; readonly source: Source }
  /** A channel is opening or every source is busy: ask again when that changes. */
  | { readonly kind: "wait" }
  | { readonly kind: "exhausted" };

export interface ChoiceInputs {
  readonly located: LocatedBlock;
  /** Sources that failed for this block. */
  readonly tried: ReadonlySet<Source>;
  readonly meter: (source: Source) => SourceMeter;
  readonly directState: (peer: PeerId) => DirectState;
  /** Starts to open a channel; the state is "connecting" (or "failed") afterwards. */
  readonly dial: (peer: PeerId) => void;
  readonly random: () => number;
}

export function chooseSource(inputs: ChoiceInputs): Choice {
  const { located, tried, meter, directState, dial, random } = inputs;
  const mayServe = located.stored && !tried.has(null);
  // No channel would be faster: opening one, or trying it, would only cost both ends their time.
  if (mayServe && (meter(null).bytesPerMs ?? 0) > CHANNEL_BYTES_PER_MS) {
    const isBusy = meter(null).activeTransfers >= TRANSFERS_FROM_COORDINATOR_MAX;
    return isBusy ? { kind: "wait" } : { kind: "take", source: null };
  }
  const usable: Source[] = [];
  let mayComeLater = false;
  for (const peer of located.peers) {
    if (tried.has(peer)) continue;
    if (directState(peer) === "none") dial(peer);
    const state = directState(peer);
    if (state === "open") {
      const { activeTransfers, bytesPerMs } = meter(peer);
      // An unmeasured source gets one transfer first; it may turn out to be slow.
      const transfersMax = bytesPerMs === null ? 1 : TRANSFERS_PER_PEER_MAX;
      if (activeTransfers < transfersMax) usable.push(peer);
      else mayComeLater = true;
    } else if (state !== "failed") mayComeLater = true;
  }
  // While a channel opens, a coordinator that has the block serves it at once; one that would
  // first have to collect it is the last resort.
  if (!tried.has(null) && (located.stored || (usable.length === 0 && !mayComeLater))) {
    if (meter(null).activeTransfers < TRANSFERS_FROM_COORDINATOR_MAX) usable.push(null);
    else mayComeLater = true;
  }
  if (usable.length === 0) return { kind: mayComeLater ? "wait" : "exhausted" };
  if (usable.length > 1 && random() < 1 / EXPLORE_ONE_IN) {
    const source = usable[Math.min(usable.length - 1, Math.floor(random() * usable.length))];
    return { kind: "take", source: source ?? null };
  }
  return { kind: "take", source: fastest(usable, located, meter) };
}

function fastest(
  usable: readonly Source[],
  located: LocatedBlock,
  meter: (source: Source) => SourceMeter,
): Source {
  // An unmeasured source is taken to be faster than the best known one, and so gets its try.
  const known = usable.map((source) => meter(source).bytesPerMs ?? 0);
  const assumed = 2 * Math.max(...known) || CHANNEL_BYTES_PER_MS;
  let best: { source: Source; predictedMs: number } | null = null;
  for (const source of usable) {
    const { bytesPerMs, pendingBytes } = meter(source);
    const relayMs = source === null && !located.stored ? RELAY_LATENCY_MS : 0;
    const rate = Math.max(bytesPerMs ?? assumed, 1e-6);
    const predictedMs = relayMs + (pendingBytes + located.sizeBytes) / rate;
    // Peers come first in the list, so that a tie spares the coordinator.
    if (best === null || predictedMs < best.predictedMs) best = { source, predictedMs };
  }
  return best?.source ?? null;
}
