// The page's side of sandboxed threads: what it believes, when it ends them, and for whom it keeps them.
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import { createVirtualClock, settle } from "../../shared/data-plane/virtual-clock.ts";
import { FUNCTION_KERNEL } from "../../shared/graph/task.ts";
import { asAttemptId, asJobId } from "../../shared/ids.ts";
import type { RunOutcome, RunRequest, RunSuccess } from "../../shared/worker/worker-platform.ts";
import type { SandboxTasks } from "../sandbox/messages.ts";
import { watchPulse } from "./frame-pulse.ts";
import { openSandboxSession, type SandboxPort } from "./sandbox-session.ts";
import { CANCELLED_GRACE_MS, SANDBOX_IDLE_MS, TOGETHER_MS_MAX } from "./slot-sandbox.ts";
import type { SandboxThread, StartSandbox } from "./slot-sandbox.ts";
import { createThreadPool } from "./thread-pool.ts";

const done: RunSuccess = { ok: true, outputs: [], computeMs: 1 };

describe("what a sandbox says", () => {
  const ports: MessagePort[] = [];
  afterEach(() => {
    for (const port of ports.splice(0)) port.close();
  });

  /** A session whose far side answers each task by `answer`, and which may say more. */
  function open(
    answer: (asked: SandboxTasks & { readonly run: number }) => readonly unknown[],
    inputs: readonly Uint8Array[] = [Uint8Array.of(1, 2)],
  ) {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    let died: (why: string) => void = () => undefined;
    const death = new Promise<string>((resolve) => {
      died = resolve;
    });
    let becameReady = (): void => undefined;
    const ready = new Promise<void>((resolve) => {
      becameReady = resolve;
    });
    const asked: SandboxTasks[] = [];
    port2.on("message", (tasks: SandboxTasks) => {
      asked.push(tasks);
      for (const saying of answer({ ...tasks, run: tasks.firstRun })) port2.postMessage(saying);
    });
    let nowMs = 0;
    const session = openSandboxSession({
      port: port1 as unknown as SandboxPort,
      hash: (bytes) => `hash of ${bytes.join()}`,
      nowMs: () => (nowMs += 10),
      onReady: becameReady,
      onDeath: (why) => died(why),
    });
    const task = { params: null, inputs: inputs.map((bytes) => ({ bytes })) };
    /** So many tasks together: their outcomes, once all are there. */
    const runAll = (count: number): Promise<RunOutcome[]> =>
      new Promise((resolve) => {
        const outcomes: RunOutcome[] = [];
        session.run(
          Array.from({ length: count }, () => task),
          count > 1,
          (outcome) => {
            if (outcomes.push(outcome) === count) resolve(outcomes);
          },
        );
      });
    const run = async (): Promise<RunOutcome | undefined> => (await runAll(1))[0];
    return { far: port2, asked, ready, death, run, runAll };
  }

  test("is believed when it is one answer to the task", async () => {
    const { far, ready, run } = open(({ run, blocks }) => [
      [{ type: "done", run, output: blocks[0]?.map((x) => 2 * x), computeMs: 3 }],
    ]);
    far.postMessage("ready");
    await ready;
    for (let i = 0; i < 2; i += 1) {
      expect(await run()).toEqual({
        ok: true,
        outputs: [{ block: "hash of 2,4", bytes: Uint8Array.of(2, 4) }],
        computeMs: 3,
      });
    }
  });

  test("cannot claim more time than has passed, or keep more memory than it needs", async () => {
    const { run } = open(({ run }) => [
      [{ type: "done", run, output: new Uint8Array(1_000).subarray(0, 2), computeMs: 1e9 }],
    ]);
    const outcome = await run();
    expect(outcome).toMatchObject({ ok: true, computeMs: 10 });
    expect(outcome?.ok === true && outcome.outputs[0]?.bytes.buffer.byteLength).toBe(2);
  });

  test("is one answer for each of several tasks, in order; together they take no longer than passed", async () => {
    const answers = (from: number) => [0, 1, 2].map((i) => ({ ...answered, run: from + i }));
    const { asked, runAll } = open(({ run }) => {
      const [first, ...others] = answers(run).map((one) => ({ ...one, computeMs: 12 }));
      return [[first], others];
    });
    const outcomes = await runAll(3);
    // The clock moves by 10 ms at each look.
    expect(outcomes.map((outcome) => outcome.ok && outcome.computeMs)).toEqual([10, 10, 10]);
    expect(asked).toEqual([
      {
        firstRun: 1,
        tasks: [0, 1, 2].map(() => ({ params: null, inputs: [0] })),
        blocks: [Uint8Array.of(1, 2)],
        saysTogether: true,
      },
    ]);
    await runAll(3);
    expect(asked[1]?.firstRun).toBe(4);
  });

  test("is asked with small blocks in one buffer, and a large one in its own", async () => {
    const large = new Uint8Array(2 ** 16).fill(7);
    const inputs = [Uint8Array.of(1, 2), large, new Uint8Array(), Uint8Array.of(3)];
    const { asked, run } = open(({ run }) => [[{ ...answered, run }]], inputs);
    await run();
    expect(asked[0]?.blocks.map((block) => block.join())).toEqual(
      inputs.map((bytes) => bytes.join()),
    );
    const sizes = asked[0]?.blocks.map(({ buffer }) => buffer.byteLength);
    expect(sizes).toEqual([3, large.length, 3, 3]);
    // Copies went: the page keeps what it has.
    expect(large.length).toBe(2 ** 16);
  });

  test("ends it when it answers several tasks out of order", async () => {
    const { runAll, death } = open(({ run }) => [[{ ...answered, run: run + 1 }]]);
    void runAll(2);
    expect(await death).toMatch(/nobody had asked for/);
  });

  test("is a failure with an error of bounded length", async () => {
    const long = "x".repeat(10_000);
    const error = { name: long, message: long, stack: long, extra: 1 };
    const { run } = open(({ run }) => [
      [{ type: "failed", run, reason: "kernel-error", message: long, error }],
    ]);
    const outcome = await run();
    expect(outcome).toEqual({
      ok: false,
      reason: "kernel-error",
      message: long.slice(0, 4_000),
      error: {
        name: long.slice(0, 200),
        message: long.slice(0, 4_000),
        stack: long.slice(0, 8_000),
      },
    });
  });

  const answered = { type: "done", output: Uint8Array.of(1), computeMs: 1 };
  test.each<[string, (run: number) => readonly unknown[]]>([
    ["another task's answer", (run) => [[{ ...answered, run: run + 1 }]]],
    ["no list", (run) => [{ ...answered, run }]],
    ["no object", () => [["hello"]]],
    ["nothing", () => [null]],
    ["an empty list", () => [[]]],
    ["more than was asked for", (run) => [[0, 1].map((i) => ({ ...answered, run: run + i }))]],
    ["an unknown type", (run) => [[{ ...answered, run, type: "evil" }]]],
    ["bytes that are none", (run) => [[{ ...answered, run, output: [1, 2] }]]],
    [
      "shared memory",
      (run) => [[{ ...answered, run, output: new Uint8Array(new SharedArrayBuffer(1)) }]],
    ],
    ["a time that is none", (run) => [[{ ...answered, run, computeMs: Number.NaN }]]],
    ["an unknown reason", (run) => [[{ type: "failed", run, reason: "cancelled", message: "" }]]],
    [
      "a message that is no text",
      (run) => [[{ type: "failed", run, reason: "bad-input", message: {} }]],
    ],
    [
      "an error that is none",
      (run) => [[{ type: "failed", run, reason: "bad-input", message: "", error: { name: 1 } }]],
    ],
    ["that it is ready, twice", () => ["ready", "ready"]],
  ])("ends it when it is %s", async (_, say) => {
    const { run, death } = open((task) => say(task.run));
    void run();
    expect(await death).toMatch(/nobody had asked for/);
  });

  test("ends it when it comes unasked: a flood is dropped with its channel", async () => {
    const { run, death, far } = open(({ run }) => [
      [{ ...answered, run }],
      ...Array.from({ length: 1_000 }, () => [{ ...answered, run }]),
    ]);
    expect(await run()).toMatchObject({ ok: true });
    expect(await death).toMatch(/nobody had asked for/);
    // The far end is closed with ours, or will be: nothing that it says arrives any more.
    far.postMessage([{ ...answered, run: 2 }]);
  });
});

describe("the threads of a pool", () => {
  /** Sandboxes run by `work`; the pool's other threads are never asked. */
  function setUp(work: (request: RunRequest, thread: number) => Promise<RunOutcome>, threads = 1) {
    const clock = createVirtualClock();
    const terminated: number[] = [];
    const deaths: ((why: string) => void)[] = [];
    const togetherness: boolean[] = [];
    const start: StartSandbox = (onDeath): SandboxThread => {
      const thread = deaths.length;
      deaths.push(onDeath);
      return {
        run: (requests, saysTogether, onOutcome) => {
          togetherness.push(saysTogether);
          void runInTurn(requests as RunRequest[], onOutcome);
        },
        terminate: () => terminated.push(thread),
      };
      async function runInTurn(
        requests: RunRequest[],
        onOutcome: (outcome: RunOutcome) => void,
      ): Promise<void> {
        for (const one of requests) onOutcome(await work(one, thread));
      }
    };
    const kernelThread = {
      run: () => Promise.resolve({ ...done, computeMs: 99 }),
      terminate: () => undefined,
    };
    const pool = createThreadPool(() => kernelThread, { start, clock });
    pool.resize(threads);
    pool.setRunsFunctions(true);
    const run = async (request: RunRequest): Promise<RunOutcome> => {
      const [outcome = done] = await Promise.all(pool.run([request]));
      return withoutPlace(outcome);
    };
    return { pool, run, clock, terminated, deaths, togetherness };
  }

  const request = (attempt: number, job = "j_one", kernel = FUNCTION_KERNEL): RunRequest => ({
    attempt: asAttemptId(attempt),
    job: asJobId(job),
    kernel,
    params: null,
    inputs: [],
    limitMs: null,
  });
  /** Where an attempt ran is told, too. */
  const withoutPlace = ({ thread, ...outcome }: RunOutcome): RunOutcome => {
    expect(thread === undefined || thread >= 0).toBe(true);
    return outcome;
  };
  const never = (): Promise<RunOutcome> => new Promise(() => undefined);

  test("run functions in sandboxes and everything else elsewhere", async () => {
    const { run, deaths } = setUp(() => Promise.resolve(done));
    expect(deaths).toHaveLength(0);
    expect(await run(request(1, "j_one", "echo@1"))).toMatchObject({ computeMs: 99 });
    expect(deaths).toHaveLength(0);
    expect(await run(request(2))).toEqual(done);
    expect(await run(request(3))).toEqual(done);
    expect(deaths).toHaveLength(1);
  });

  test("give each job sandboxes of its own, and keep one for its job", async () => {
    const { run, terminated, deaths } = setUp(() => Promise.resolve(done), 2);
    await run(request(1, "j_one"));
    await run(request(2, "j_two"));
    await run(request(3, "j_two"));
    await run(request(4, "j_one"));
    expect([deaths.length, terminated]).toEqual([2, []]);
    await run(request(5, "j_three"));
    expect([deaths.length, terminated]).toEqual([3, [0]]);
  });

  test("keep a sandbox whose function threw, and not one that ran out of memory", async () => {
    const failed = (reason: "kernel-error" | "out-of-memory") =>
      ({ ok: false, reason, message: "No." }) as const;
    let outcome: RunOutcome = failed("kernel-error");
    const { run, terminated } = setUp(() => Promise.resolve(outcome));
    expect(await run(request(1))).toEqual(outcome);
    expect(terminated).toEqual([]);
    outcome = failed("out-of-memory");
    expect(await run(request(2))).toEqual(outcome);
    expect(terminated).toEqual([0]);
  });

  test("end a sandbox that has been idle, with whatever still runs in it", async () => {
    const { run, clock, terminated, deaths } = setUp(() => Promise.resolve(done));
    await run(request(1));
    await clock.advance(SANDBOX_IDLE_MS - 1);
    await run(request(2));
    await clock.advance(SANDBOX_IDLE_MS - 1);
    expect(terminated).toEqual([]);
    await clock.advance(1);
    expect(terminated).toEqual([0]);
    await run(request(3));
    expect(deaths).toHaveLength(2);
  });

  test("settle an attempt whose sandbox died or was cancelled, and go on with a new one", async () => {
    const { pool, run, terminated, deaths } = setUp((_request, thread) =>
      thread < 2 ? never() : Promise.resolve(done),
    );
    const dying = run(request(1));
    deaths[0]?.("It fell over.");
    expect(await dying).toEqual({ ok: false, reason: "thread-died", message: "It fell over." });
    const cancelled = run(request(2));
    pool.cancel(asAttemptId(2));
    expect(await cancelled).toMatchObject({ reason: "cancelled" });
    expect(terminated).toEqual([0, 1]);
    expect(await run(request(3))).toEqual(done);
    // The dead ones' late words must not harm their successor.
    deaths[0]?.("Again.");
    expect(terminated).toEqual([0, 1]);
  });

  /** Functions that end when the test says so. */
  function setUpTurns() {
    const ends: ((outcome?: RunOutcome) => void)[] = [];
    const begun: number[] = [];
    const parts = setUp((one) => {
      begun.push(one.attempt);
      return new Promise((resolve) => ends.push((outcome = done) => resolve(outcome)));
    });
    const outcomes: string[] = [];
    const runAll = (...attempts: number[]): void => runLimited(null, ...attempts);
    const runLimited = (limitMs: number | null, ...attempts: number[]): void => {
      const requests = attempts.map((n) => ({ ...request(n), limitMs }));
      for (const [i, run] of parts.pool.run(requests).entries()) {
        void run.then((one) => outcomes.push(`${attempts[i]} ${one.ok ? "done" : one.reason}`));
      }
    };
    return { ...parts, ends, begun, outcomes, runAll, runLimited };
  }

  test("tell each outcome of several functions as it comes", async () => {
    const { pool, begun, ends, outcomes, runAll } = setUpTurns();
    runAll(1, 2);
    expect(pool.threads).toEqual([1]);
    ends[0]?.();
    await settle();
    expect([begun, outcomes, pool.threads]).toEqual([[1, 2], ["1 done"], [2]]);
    ends[1]?.({ ok: false, reason: "kernel-error", message: "No." });
    await settle();
    expect([outcomes, pool.threads]).toEqual([["1 done", "2 kernel-error"], [null]]);
  });

  test("blame the function that ran when its sandbox ended, and say that the others did not begin", async () => {
    for (const [why, end] of [
      ["thread-died", ({ deaths }) => deaths[0]?.("It fell over.")],
      ["cancelled", ({ pool }) => pool.cancel(asAttemptId(2))],
      [
        "out-of-memory",
        ({ ends }) => ends[1]?.({ ok: false, reason: "out-of-memory", message: "" }),
      ],
    ] satisfies [string, (parts: ReturnType<typeof setUpTurns>) => void][]) {
      const parts = setUpTurns();
      parts.runLimited(60_000, 1, 2, 3, 4);
      parts.ends[0]?.();
      await settle();
      end(parts);
      await settle();
      expect(parts.outcomes).toEqual(["1 done", `2 ${why}`, "3 unbegun", "4 unbegun"]);
      expect([parts.terminated, parts.pool.threads]).toEqual([[0], [null]]);
    }
  });

  test("find out which of several functions ended its sandbox, where these say together how they end", async () => {
    const { deaths, begun, ends, outcomes, runAll, pool, terminated, togetherness } = setUpTurns();
    runAll(1, 2, 3, 4, 5);
    ends[0]?.();
    await settle();
    pool.cancel(asAttemptId(4));
    // Two may have ended and three have done it: that is not known.
    deaths[0]?.("It fell over.");
    await settle();
    expect([begun, outcomes, terminated]).toEqual([[1, 2, 2], ["1 done", "4 cancelled"], [0]]);
    expect(togetherness).toEqual([true, false]);
    ends[2]?.();
    await settle();
    deaths[1]?.("It fell over.");
    await settle();
    expect(begun).toEqual([1, 2, 2, 3]);
    expect(outcomes.slice(2)).toEqual(["2 done", "3 thread-died", "5 unbegun"]);
    expect([terminated, pool.threads]).toEqual([[0, 1], [null]]);
    // The last one left can only have been it.
    runAll(6, 7);
    ends[4]?.();
    await settle();
    deaths[2]?.("It fell over.");
    await settle();
    expect(outcomes.slice(5)).toEqual(["6 done", "7 thread-died"]);
  });

  test("run several functions apart when they are not short, so that each can be told and ended", async () => {
    const { pool, clock, begun, ends, outcomes, runAll, terminated, togetherness } = setUpTurns();
    runAll(1, 2, 3);
    ends[0]?.();
    await clock.advance(TOGETHER_MS_MAX - 1);
    expect([outcomes, terminated]).toEqual([["1 done"], []]);
    await clock.advance(1);
    expect([begun, terminated, togetherness]).toEqual([[1, 2, 2], [0], [true, false]]);
    await clock.advance(10 * TOGETHER_MS_MAX);
    expect(terminated).toEqual([0]);
    pool.cancel(asAttemptId(2));
    await settle();
    expect(outcomes).toEqual(["1 done", "2 cancelled", "3 unbegun"]);
    runAll(4, 5);
    ends[3]?.();
    await clock.advance(2 * TOGETHER_MS_MAX);
    // The last one can only be itself.
    expect([outcomes.slice(3), terminated]).toEqual([["4 done"], [0, 1]]);
    ends[4]?.();
    await settle();
    expect([outcomes.slice(4), terminated]).toEqual([["5 done"], [0, 1]]);
  });

  test("let a cancelled function that had not begun end by itself, for a moment", async () => {
    const { pool, clock, terminated, ends, outcomes, runAll } = setUpTurns();
    runAll(1, 2, 3, 4);
    pool.cancel(asAttemptId(2));
    pool.cancel(asAttemptId(3));
    await clock.advance(10 * CANCELLED_GRACE_MS);
    ends[0]?.();
    await settle();
    await clock.advance(CANCELLED_GRACE_MS - 1);
    ends[1]?.();
    await settle();
    await clock.advance(CANCELLED_GRACE_MS - 1);
    expect([outcomes, terminated]).toEqual([["1 done", "2 done"], []]);
    await clock.advance(1);
    expect([outcomes, terminated]).toEqual([["1 done", "2 done", "3 cancelled", "4 unbegun"], [0]]);
  });

  test("run no function without consent, and end those that run when it is taken back", async () => {
    const { pool, run, terminated } = setUp(never);
    const running = run(request(1));
    pool.setRunsFunctions(false);
    expect(await running).toMatchObject({ reason: "cancelled" });
    expect(terminated).toEqual([0]);
    expect(await run(request(2))).toMatchObject({ reason: "cancelled" });
    expect(await run(request(3, "j_one", "echo@1"))).toMatchObject({ ok: true });
  });

  test("end their sandboxes when they shrink or close", async () => {
    const { pool, run, terminated } = setUp(never, 2);
    const first = run(request(1));
    const second = run(request(2));
    pool.resize(1);
    expect(terminated).toEqual([]);
    pool.close();
    expect(await Promise.all([first, second])).toMatchObject([
      { reason: "cancelled" },
      { reason: "cancelled" },
    ]);
    expect(terminated.toSorted((a, b) => a - b)).toEqual([0, 1]);
  });
});

test("a frame that does not answer three times is gone; one answer is enough to stay", async () => {
  const clock = createVirtualClock();
  let pings = 0;
  let isSilent = false;
  const onSilence = (): void => {
    isSilent = true;
  };
  const pulse = watchPulse({ postMessage: () => (pings += 1) }, clock, onSilence);
  await clock.advance(6_000);
  pulse.heard();
  await clock.advance(6_000);
  expect([pings, isSilent]).toEqual([6, false]);
  await clock.advance(2_000);
  expect(isSilent).toBe(true);
  const stopped = watchPulse({ postMessage: () => (pings += 1) }, clock, onSilence);
  stopped.stop();
  isSilent = false;
  await clock.advance(60_000);
  expect([pings, isSilent]).toEqual([6, false]);
});
