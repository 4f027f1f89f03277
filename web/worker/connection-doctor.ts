// Tests this page's ways to the others, live, and says what is in the way: gathers what diagnose reads.
import { randomText, asBlockId, type BlockId, type PeerId } from "../../shared/ids.ts";
import type { ControlSocket } from "../../shared/client/control-socket.ts";
import { type Connection, connectionSchema, httpPaths } from "../../shared/protocol/http.ts";
import type { Device, WorkerMessage } from "../../shared/protocol/messages.ts";
import type { BrowserDataPlane } from "../transport/browser-data-plane.ts";
import { type LoopEvidence, tryLoop } from "../transport/dial-evidence.ts";
import {
  type ConnectionCause,
  type ConnectionEvidence,
  diagnose,
  type PeerEvidence,
} from "../transport/diagnose.ts";
import type { ProbeOutcome } from "../transport/peer-network.ts";
import { whyNoDirectChannels } from "../transport/peerjs-endpoint.ts";

/** A request that takes longer tells as much as one that fails. */
const ANSWER_TIMEOUT_MS = 5_000;
const SIGNALLING_PATIENCE_MS = 3_000;
const LOOK_MS = 100;
/** Each dial that fails makes later ones, for blocks, wait longer. */
const REDIAL_MS = 1_000;
/** Large enough to outlast the first packets, and a fraction of a second on most networks. */
const SAMPLE_BYTES = 4 * 2 ** 20;

/** What one check measured; null for what did not answer, or was not there to try. */
interface ConnectionFigures {
  readonly httpMs: number | null;
  readonly httpBytesPerMs: number | null;
  readonly socketMs: number | null;
  /** The way there and back over a direct channel, and to whom. */
  readonly directMs: number | null;
}

export interface ConnectionFinding {
  readonly cause: ConnectionCause;
  readonly evidence: ConnectionEvidence;
  readonly figures: ConnectionFigures;
}

export interface ConnectionDoctor {
  readonly isChecking: boolean;
  /** Of the last check; null before the first. */
  readonly finding: ConnectionFinding | null;
  /** One check at a time: the second asks for the same. */
  check(): Promise<void>;
  /** Where to install what makes browsers trust the coordinator; null where there is nothing to. */
  certificatePage(): Promise<string | null>;
  onChange(listener: () => void): () => void;
  close(): void;
}

export interface ConnectionDoctorOptions {
  readonly token: string;
  readonly control: ControlSocket<WorkerMessage>;
  readonly plane: () => BrowserDataPlane | null;
  readonly device: Device;
}

export function createConnectionDoctor(options: ConnectionDoctorOptions): ConnectionDoctor {
  const listeners = new Set<() => void>();
  const closing = new AbortController();
  let finding: ConnectionFinding | null = null;
  let checking: Promise<void> | null = null;
  const changed = (): void => {
    for (const listener of listeners) listener();
  };

  async function check(): Promise<void> {
    const found = await examine(options, closing.signal);
    if (closing.signal.aborted) return;
    finding = found;
  }

  return {
    get isChecking() {
      return checking !== null;
    },
    get finding() {
      return finding;
    },
    check() {
      checking ??= check().finally(() => {
        checking = null;
        changed();
      });
      changed();
      return checking;
    },
    async certificatePage() {
      const [seen] = await askCoordinator(options, closing.signal);
      return seen?.certificatePage ?? null;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      closing.abort();
      listeners.clear();
    },
  };
}

async function examine(
  options: ConnectionDoctorOptions,
  closing: AbortSignal,
): Promise<ConnectionFinding> {
  const { control, device } = options;
  const hasWebRtc = whyNoDirectChannels() === null;
  // One after the other: a measured download would slow the answers beside it.
  const [seen, httpMs] = await askCoordinator(options, closing);
  const httpBytesPerMs = seen === null ? null : await timeSample(options, closing);
  const socketMs = await timeSocket(control);
  const loop: LoopEvidence | null = hasWebRtc ? await tryLoop() : null;
  if (hasWebRtc) await untilSignalling(options, closing);
  const { peer, directMs } = await tryPeers(options, seen?.peers ?? [], closing);
  const plane = options.plane();
  const evidence: ConnectionEvidence = {
    system: device.system,
    browser: device.browser,
    hasWebRtc,
    isDirectAllowed: control.ticket?.direct ?? true,
    isControlOpen: control.state.state === "welcomed",
    isSignalling: plane?.isSignalling ?? false,
    coordinator: seen,
    loop,
    peer,
  };
  const figures = { httpMs, httpBytesPerMs, socketMs, directMs };
  return { cause: diagnose(evidence), evidence, figures };
}

const within = (closing: AbortSignal): AbortSignal =>
  AbortSignal.any([closing, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);

function ask(token: string, path: string, closing: AbortSignal): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  return fetch(path, { headers, cache: "no-store", signal: within(closing) });
}

async function askCoordinator(
  { token, control }: ConnectionDoctorOptions,
  closing: AbortSignal,
): Promise<readonly [Connection | null, number | null]> {
  try {
    const path = httpPaths.connection(control.ticket?.peer ?? nobody);
    // The first may have to open a connection; the second times an answer.
    await (await ask(token, path, closing)).arrayBuffer();
    const startedMs = performance.now();
    const response = await ask(token, path, closing);
    const seen = connectionSchema.parse(await response.json());
    return [seen, performance.now() - startedMs];
  } catch {
    return [null, null];
  }
}

async function timeSample(
  { token }: ConnectionDoctorOptions,
  closing: AbortSignal,
): Promise<number | null> {
  try {
    const startedMs = performance.now();
    const response = await ask(token, httpPaths.connectionSample(SAMPLE_BYTES), closing);
    const { byteLength } = await response.arrayBuffer();
    return response.ok ? byteLength / Math.max(1, performance.now() - startedMs) : null;
  } catch {
    return null;
  }
}

/** Asks where a block is that nobody has: the answer is as short as its way is long. */
function timeSocket(control: ConnectionDoctorOptions["control"]): Promise<number | null> {
  if (control.state.state !== "welcomed") return Promise.resolve(null);
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const finish = (socketMs: number | null): void => {
      clearTimeout(timer);
      stop();
      resolve(socketMs);
    };
    const timer = setTimeout(finish, ANSWER_TIMEOUT_MS, null);
    const stop = control.onMessage((message) => {
      if (message.type === "located" && message.blocks.length === 0) {
        finish(performance.now() - startedMs);
      }
    });
    control.send({ type: "locate", blocks: [nowhere()] });
  });
}

/** A page that has just joined, or joined anew, is still on its way to the signalling. */
async function untilSignalling(
  { plane }: ConnectionDoctorOptions,
  closing: AbortSignal,
): Promise<void> {
  const untilMs = performance.now() + SIGNALLING_PATIENCE_MS;
  while (plane()?.isSignalling !== true && performance.now() < untilMs && !closing.aborted) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Until one channel opens, at most two: a second failure says that it is not the first machine's fault. */
const PEERS_TRIED_MAX = 2;

async function tryPeers(
  options: ConnectionDoctorOptions,
  peers: Connection["peers"],
  closing: AbortSignal,
): Promise<{ readonly peer: PeerEvidence | null; readonly directMs: number | null }> {
  const plane = options.plane();
  let first: PeerEvidence | null = null;
  if (plane === null) return { peer: null, directMs: null };
  for (const { peer, ...about } of peers.slice(0, PEERS_TRIED_MAX)) {
    const outcome = await dialPatiently(plane, peer, closing);
    if (outcome.isOpen) {
      return { peer: { ...about, isOpen: true, dial: null }, directMs: outcome.roundTripMs };
    }
    first ??= { ...about, isOpen: false, dial: outcome.evidence };
  }
  return { peer: first, directMs: null };
}

/**
 * The other page, too, may have just joined: while the signalling does not know it, every dial fails at
 * once. One that it knows and that stays silent takes longer than the patience, and is dialled once.
 */
async function dialPatiently(
  plane: BrowserDataPlane,
  peer: PeerId,
  closing: AbortSignal,
): Promise<ProbeOutcome> {
  const untilMs = performance.now() + SIGNALLING_PATIENCE_MS;
  for (;;) {
    const outcome = await plane.probe(peer, nowhere());
    const isAnswered = outcome.isOpen || (outcome.evidence?.answered ?? null) !== null;
    const isPatient = performance.now() < untilMs && !closing.aborted && plane.isSignalling;
    if (isAnswered || !isPatient) return outcome;
    await new Promise((resolve) => setTimeout(resolve, REDIAL_MS));
  }
}

/** The name of a block that nobody can have. */
function nowhere(): BlockId {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return asBlockId([...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
}

const nobody = `nobody-${randomText(crypto.getRandomValues(new Uint8Array(16)))}` as PeerId;
