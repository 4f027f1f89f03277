// The worker's machine on a bench: events go in by hand, and what it commands is read in few words.
import { asAttemptId, asBlockId, asJobId, asPeerId, asTaskKey } from "../ids.ts";
import type { WorkerMessage } from "../protocol/messages.ts";
import type { LeaseMessage, WorkerCommand, WorkerEvent } from "../worker/worker-events.ts";
import { workerStep } from "../worker/worker-machine.ts";
import type { RunFailure } from "../worker/worker-platform.ts";
import { createWorkerState } from "../worker/worker-state.ts";

export const KIB = 1_024;
export const block = asBlockId;
export const attempt = asAttemptId;

export function lease(number: number, ...inputs: string[]): LeaseMessage {
  return {
    type: "lease",
    attempt: attempt(number),
    task: asTaskKey("t"),
    job: asJobId("j"),
    title: `Task ${number}`,
    kernel: "k@1",
    params: null,
    inputs: inputs.map((name) => ({
      block: block(name),
      sizeBytes: KIB,
      peers: [asPeerId("peer-1234")],
      stored: true,
    })),
    limitMs: null,
    leaseMs: 60_000,
    isSpeculative: false,
    expectedMs: null,
  };
}

export function setUp(options: { threads?: number; budget?: number; cached?: string[] } = {}) {
  const state = createWorkerState({
    name: "Desk",
    threads: options.threads ?? 2,
    runsFunctions: false,
    memoryBudgetBytes: options.budget ?? 100 * KIB,
    cached: (options.cached ?? []).map((name) => ({ block: block(name), sizeBytes: KIB })),
  });
  let nowMs = 0;
  const raise = (event: WorkerEvent): WorkerCommand[] => workerStep(state, event, nowMs);
  /** Leases that came in one frame. */
  const grantAll = (...leases: LeaseMessage[]): WorkerCommand[] => [
    ...leases.flatMap((one) => raise({ type: "lease-granted", lease: one })),
    ...raise({ type: "orders-heard" }),
  ];
  const grant = (number: number, ...inputs: string[]): WorkerCommand[] =>
    grantAll(lease(number, ...inputs));
  const arrive = (name: string): WorkerCommand[] =>
    raise({ type: "input-arrived", block: block(name), sizeBytes: KIB, bytesFetched: KIB });
  const succeed = (number: number, ...outputs: string[]): WorkerCommand[] =>
    raise({
      type: "attempt-succeeded",
      attempt: attempt(number),
      outputs: outputs.map((name) => ({ block: block(name), sizeBytes: KIB })),
      computeMs: 5,
    });
  const fail = (number: number, reason: RunFailure): WorkerCommand[] =>
    raise({ type: "attempt-failed", attempt: attempt(number), reason, message: "No." });
  /** The coordinator cancels these, in one frame; the pool has not answered yet. */
  const cancel = (...numbers: number[]): WorkerCommand[] => [
    ...numbers.flatMap((n) => raise({ type: "cancel-requested", attempt: attempt(n) })),
    ...raise({ type: "orders-heard" }),
  ];
  const pass = (durationMs: number): number => (nowMs += durationMs);
  return { state, raise, grant, grantAll, arrive, succeed, fail, cancel, pass };
}

/** A worker that is welcomed and has nothing to do. */
export function setUpWelcomed(options: Parameters<typeof setUp>[0] = {}) {
  const worker = setUp(options);
  worker.raise({ type: "welcomed" });
  worker.pass(1_000);
  return worker;
}

export const sent = (commands: WorkerCommand[]): WorkerMessage[] =>
  commands.flatMap((command) => (command.type === "send" ? [command.message] : []));
export const ofType = <Type extends WorkerCommand["type"]>(commands: WorkerCommand[], type: Type) =>
  commands.filter(
    (command): command is Extract<WorkerCommand, { type: Type }> => command.type === type,
  );
/** What each thread was given. */
export const bundles = (commands: WorkerCommand[]) =>
  ofType(commands, "start-attempts").map((command) => command.attempts.map((one) => one.attempt));
export const started = (commands: WorkerCommand[]) => bundles(commands).flat();
export const returned = (commands: WorkerCommand[]) =>
  sent(commands).flatMap((message) =>
    message.type === "attempts-returned" ? message.attempts : [],
  );
