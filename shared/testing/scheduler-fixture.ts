// A scheduler under test: short builders for events, and invariants checked after each of them.
import { asAttemptId, asBlockId, asIncarnation, asJobId, asTaskKey, asWorkerId } from "../ids.ts";
import type { BlockRef, RemoteError, Task, TaskInput, TaskResult } from "../graph/task.ts";
import type { SchedulerCommand } from "../scheduler/commands.ts";
import type { AttemptFailure, Holder, SchedulerEvent } from "../scheduler/events.ts";
import { assertInvariants } from "../scheduler/invariants.ts";
import { createScheduler, step, type SchedulerOptions } from "../scheduler/scheduler.ts";
import type { SchedulerState } from "../scheduler/scheduler.ts";
import { jobCounts, type JobCounts } from "../scheduler/views.ts";

type CommandType = SchedulerCommand["type"];
export type Command<Type extends CommandType> = Extract<SchedulerCommand, { type: Type }>;

/** A block of 10,000 bytes unless told: too many to travel in a message. */
export const block = (name: string, sizeBytes = 10_000): BlockRef => ({
  block: asBlockId(name),
  sizeBytes,
});

/** Inputs: "a.0" is an output of task a, anything without a dot is a block by itself. */
export function task(name: string, inputs: readonly string[] = [], more: Partial<Task> = {}): Task {
  const parse = (input: string): TaskInput => {
    const [key, output] = input.split(".");
    return output === undefined
      ? block(input)
      : { task: asTaskKey(key ?? ""), output: Number(output) };
  };
  return {
    key: asTaskKey(name),
    kernel: "kernel@1",
    params: null,
    inputs: inputs.map(parse),
    cost: { operations: 1_000_000, outputBytes: 1_000 },
    retries: 0,
    ...more,
  };
}

interface JobSetup {
  readonly targets?: readonly string[];
  readonly priority?: number;
  readonly known?: Readonly<Record<string, readonly string[]>>;
  readonly onFailure?: "end" | "go-on";
  readonly isOpen?: boolean;
  /** Workers by task. */
  readonly avoid?: Readonly<Record<string, readonly string[]>>;
}

interface Extension {
  readonly released?: readonly string[];
  readonly retried?: readonly string[];
  readonly tasks?: readonly Task[];
  /** All of `tasks` unless told. */
  readonly targets?: readonly string[];
  readonly known?: Readonly<Record<string, readonly string[]>>;
}

export interface Fixture {
  readonly state: SchedulerState;
  nowMs: number;
  /** Every event so far with its time, and the commands that it gave. */
  readonly log: { event: SchedulerEvent; nowMs: number; commands: SchedulerCommand[] }[];
  send(event: SchedulerEvent): SchedulerCommand[];
  join(worker: string, threads?: number, incarnation?: number): SchedulerCommand[];
  heard(worker: string): SchedulerCommand[];
  leave(worker: string, isExpected?: boolean): SchedulerCommand[];
  change(
    worker: string,
    change: {
      threads?: number;
      paused?: boolean;
      hidden?: boolean;
      runsFunctions?: boolean;
      isRetiring?: boolean;
    },
  ): SchedulerCommand[];
  /** The targets are the last task unless told. */
  submit(job: string, tasks: readonly Task[], setup?: JobSetup): SchedulerCommand[];
  extend(job: string, extension: Extension): SchedulerCommand[];
  close(job: string): SchedulerCommand[];
  /** All that failed unless told. */
  retry(
    job: string,
    how?: { readonly isElsewhere?: boolean; readonly tasks?: readonly string[] },
  ): SchedulerCommand[];
  /** The worker's live lease of the task ends with one output "name.0" that came along, of 100 bytes. */
  finishSmall(worker: string, task: string): SchedulerCommand[];
  /** The worker's live lease of the task ends with outputs "name.0", … of 10,000 bytes. */
  finish(
    worker: string,
    task: string,
    outputs?: readonly string[],
    computeMs?: number,
  ): SchedulerCommand[];
  fail(
    worker: string,
    task: string,
    reason: AttemptFailure,
    more?: { readonly block?: string; readonly error?: RemoteError },
  ): SchedulerCommand[];
  hold(holder: string, ...blocks: string[]): SchedulerCommand[];
  drop(holder: string, ...blocks: string[]): SchedulerCommand[];
  /** Lets time pass, with a tick at its end; `heard` workers are heard just before. */
  pass(ms: number, ...heard: string[]): SchedulerCommand[];
  /** The number of the worker's live attempt of the task. */
  attempt(worker: string, task: string): number;
  /** "worker:task" for every live lease, in order of granting. */
  leases(): string[];
  counts(job: string): JobCounts | undefined;
}

export function createFixture(options: SchedulerOptions = {}): Fixture {
  const state = createScheduler(options);
  const incarnationOf = (worker: string) =>
    state.workers.get(asWorkerId(worker))?.incarnation ?? asIncarnation(1);
  const who = (worker: string) => ({
    worker: asWorkerId(worker),
    incarnation: incarnationOf(worker),
  });
  const f: Fixture = {
    state,
    nowMs: 0,
    log: [],
    send(event) {
      const commands = step(state, event, f.nowMs);
      f.log.push({ event, nowMs: f.nowMs, commands });
      assertInvariants(state);
      return commands;
    },
    join: (worker, threads = 1, incarnation = 1) =>
      f.send({
        type: "worker-joined",
        worker: asWorkerId(worker),
        incarnation: asIncarnation(incarnation),
        threads,
        paused: false,
        hidden: false,
      }),
    heard: (worker) => f.send({ type: "worker-heard", ...who(worker) }),
    leave: (worker, isExpected = false) =>
      f.send({ type: "worker-left", ...who(worker), isExpected }),
    change(worker, change) {
      const changed = { threads: 1, paused: false, hidden: false, runsFunctions: false, ...change };
      return f.send({ type: "worker-changed", ...who(worker), ...changed });
    },
    submit(job, tasks, setup = {}) {
      const last = tasks.at(-1)?.key ?? "";
      return f.send({
        type: "job-submitted",
        job: asJobId(job),
        priority: setup.priority ?? 0,
        tasks,
        targets: (setup.targets ?? [last]).map(asTaskKey),
        known: knownResults(setup.known),
        onFailure: setup.onFailure ?? "end",
        isOpen: setup.isOpen ?? false,
        avoid: Object.entries(setup.avoid ?? {}).map(([key, workers]) => ({
          task: asTaskKey(key),
          workers: workers.map(asWorkerId),
        })),
      });
    },
    extend(job, { released = [], retried = [], tasks = [], targets, known }) {
      return f.send({
        type: "job-extended",
        job: asJobId(job),
        released: released.map(asTaskKey),
        retried: retried.map(asTaskKey),
        tasks,
        targets: targets?.map(asTaskKey) ?? tasks.map((one) => one.key),
        known: knownResults(known),
      });
    },
    close: (job) => f.send({ type: "job-closed", job: asJobId(job) }),
    retry: (job, { isElsewhere = false, tasks } = {}) =>
      f.send({
        type: "job-retried",
        job: asJobId(job),
        isElsewhere,
        ...(tasks === undefined ? {} : { tasks: tasks.map(asTaskKey) }),
      }),
    finishSmall: (worker, name) =>
      f.send({
        type: "attempt-finished",
        ...who(worker),
        attempt: asAttemptId(f.attempt(worker, name)),
        outputs: [{ ...block(`${name}.0`, 100), isStored: true }],
        computeMs: 10,
      }),
    finish: (worker, name, outputs = [`${name}.0`], computeMs = 10) =>
      f.send({
        type: "attempt-finished",
        ...who(worker),
        attempt: asAttemptId(f.attempt(worker, name)),
        outputs: outputs.map((output) => block(output)),
        computeMs,
      }),
    fail: (worker, name, reason, { block: blockName, error } = {}) =>
      f.send({
        type: "attempt-failed",
        ...who(worker),
        attempt: asAttemptId(f.attempt(worker, name)),
        reason,
        message: "It broke.",
        ...(blockName === undefined ? {} : { block: asBlockId(blockName) }),
        ...(error === undefined ? {} : { error }),
      }),
    hold: (holder, ...blocks) =>
      f.send({
        type: "blocks-held",
        holder: holder as Holder,
        blocks: blocks.map((name) => block(name)),
      }),
    drop: (holder, ...blocks) =>
      f.send({ type: "blocks-dropped", holder: holder as Holder, blocks: blocks.map(asBlockId) }),
    pass(ms, ...heard) {
      f.nowMs += ms;
      for (const worker of heard) f.heard(worker);
      return f.send({ type: "ticked" });
    },
    attempt(worker, name) {
      const lease = [...state.attempts.values()].find(
        (attempt) => attempt.worker.id === worker && attempt.task.key === name,
      );
      if (lease === undefined) throw new Error(`${worker} has no lease of ${name}`);
      return lease.id;
    },
    leases: () =>
      [...state.attempts.values()].map((attempt) => `${attempt.worker.id}:${attempt.task.key}`),
    counts: (job) => jobCounts(state, asJobId(job)),
  };
  return f;
}

function knownResults(known: JobSetup["known"] = {}): TaskResult[] {
  return Object.entries(known).map(([key, outputs]) => ({
    task: asTaskKey(key),
    outputs: outputs.map((name) => block(name)),
  }));
}

/** The commands of one type. */
export function only<Type extends CommandType>(
  commands: readonly SchedulerCommand[],
  type: Type,
): Command<Type>[] {
  return commands.filter((command): command is Command<Type> => command.type === type);
}

/** "worker:task" of each lease granted by these commands. */
export const granted = (commands: readonly SchedulerCommand[]): string[] =>
  only(commands, "grant-lease").map((command) => `${command.worker}:${command.task}`);
