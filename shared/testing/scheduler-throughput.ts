// How many empty tasks a second the scheduler alone can hand out and take back.
import { asBlockId, asIncarnation, asJobId, asTaskKey, asWorkerId } from "../ids.ts";
import type { Task } from "../graph/task.ts";
import type { SchedulerCommand } from "../scheduler/commands.ts";
import { createScheduler, step } from "../scheduler/scheduler.ts";

export interface Throughput {
  readonly tasks: number;
  readonly seconds: number;
  readonly tasksPerSecond: number;
}

const isAnswered = ({ type }: SchedulerCommand): boolean =>
  type === "grant-lease" || type === "store-block" || type === "finish-job";

/**
 * Runs a job of `taskCount` independent tasks on `workerCount` workers of four threads that finish
 * at once. `readClockMs` is the caller's clock, for this measurement only.
 */
export function measureThroughput(
  taskCount: number,
  workerCount: number,
  readClockMs: () => number,
): Throughput {
  const tasks: Task[] = Array.from({ length: taskCount }, (_, i) => ({
    key: asTaskKey(`task-${i}`),
    kernel: "empty@1",
    params: null,
    inputs: [],
    cost: { operations: 0, outputBytes: 0 },
    retries: 0,
  }));
  const state = createScheduler();
  const pending: (SchedulerCommand | null)[] = [];
  let isDone = false;
  const started = readClockMs();
  const apply = (event: Parameters<typeof step>[1]): void => {
    for (const command of step(state, event, readClockMs() - started)) {
      // As a host does, which turns the others into messages and forgets them.
      if (isAnswered(command)) pending.push(command);
    }
  };
  for (let i = 0; i < workerCount; i += 1) {
    const worker = asWorkerId(`w_${i}`);
    const incarnation = asIncarnation(i + 1);
    apply({ type: "worker-joined", worker, incarnation, threads: 4, paused: false, hidden: false });
  }
  const targets = tasks.map((task) => task.key);
  apply({ type: "job-submitted", job: asJobId("job"), priority: 0, tasks, targets, known: [] });
  for (let at = 0; at < pending.length; at += 1) {
    const command = pending[at];
    pending[at] = null;
    if (command?.type === "grant-lease") {
      const { worker, incarnation, attempt, task } = command;
      const outputs = [{ block: asBlockId(`${task}.0`), sizeBytes: 128 }];
      apply({ type: "attempt-finished", worker, incarnation, attempt, outputs, computeMs: 0 });
    } else if (command?.type === "store-block") {
      const blocks = [{ block: command.block, sizeBytes: 128 }];
      apply({ type: "blocks-held", holder: "store", blocks });
    } else if (command?.type === "finish-job") {
      isDone = command.state === "done";
    }
  }
  if (!isDone) throw new Error("The job did not finish.");
  const seconds = (readClockMs() - started) / 1_000;
  return { tasks: taskCount, seconds, tasksPerSecond: taskCount / seconds };
}
