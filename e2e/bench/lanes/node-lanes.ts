// Lanes in Node: processes of their own, so that a kernel without end can be ended.
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Stage } from "../stage.ts";
import { workByCalls, type Lane, type LaneWork } from "./lane-work.ts";

export interface LaneCall {
  readonly id: number;
  readonly method: keyof LaneWork;
  readonly request: unknown;
}

export type LaneAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Starts `count` lanes; they end with the bench. */
export function startNodeLanes(stage: Stage, count: number): readonly Lane[] {
  return Array.from({ length: count }, () => {
    const child = fork(join(import.meta.dirname, "node-lane.ts"), {
      execArgv: ["--import", import.meta.resolve("tsx")],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    stage.cleanups.add(() => void child.kill("SIGKILL"));
    return { work: workByCalls(callsTo(child)) };
  });
}

function callsTo(
  child: ChildProcess,
): (method: keyof LaneWork, request: unknown) => Promise<unknown> {
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  child.on("message", (message) => {
    const answer = message as LaneAnswer;
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ("value" in answer) call?.resolve(answer.value);
    else call?.reject(new Error(answer.error));
  });
  const fail = (why: string): void => {
    for (const call of waiting.values()) call.reject(new Error(why));
    waiting.clear();
  };
  child.on("error", (error) => fail(`A lane failed: ${error.message}`));
  child.on("exit", (code, signal) => fail(`A lane ended (${code ?? signal ?? "unknown"}).`));
  return (method, request) =>
    new Promise((resolve, reject) => {
      calls += 1;
      const call: LaneCall = { id: calls, method, request };
      waiting.set(calls, { resolve, reject });
      child.send(call, (error) => {
        if (error !== null) fail(`A lane cannot be reached: ${error.message}`);
      });
    });
}
