// The ring of ended attempts and the log around it, with a clock of the test.
import { describe, expect, it } from "vitest";
import { asAttemptId, asJobId, asTaskKey, asWorkerId, type TaskKey } from "../shared/ids.ts";
import { ActivityLog, type GrantedAttempt } from "./activity-log.ts";
import { ActivityRing, ENDED_ATTEMPTS_MAX, type EndedAttempt } from "./activity-ring.ts";

const key = (number: number): TaskKey => asTaskKey(number.toString(16).padStart(64, "0"));
const job = (digit: string) => asJobId(`j_${digit.repeat(22)}`);

const endedAttempt = (number: number): EndedAttempt => ({
  attempt: asAttemptId(number),
  task: key(number % 1_000),
  worker: number % 7,
  group: number % 5,
  job: number % 3,
  thread: -1,
  endMs: 1e12 + number,
  lifeMs: 4,
  fetchMs: 0.5,
  waitMs: 1,
  computeMs: 2.25,
  outcome: "cancelled",
  isSpeculative: number % 2 === 1,
});

function fill(ring: ActivityRing, count: number): void {
  for (let number = 0; number < count; number += 1) ring.push(endedAttempt(number));
}

describe("ActivityRing", () => {
  it("takes nothing while nothing ends, and below 80 bytes an attempt when it is full", () => {
    const ring = new ActivityRing();
    expect(ring.bytes).toBe(0);
    ring.push(endedAttempt(1));
    expect(ring.bytes).toBeLessThan(400_000);
    fill(ring, ENDED_ATTEMPTS_MAX);
    const full = ring.bytes;
    // Key 32, number and end 8 each, four times 4 each, four places 2 each, flags 1.
    expect(full).toBe(ENDED_ATTEMPTS_MAX * (32 + 16 + 16 + 8 + 1));
    fill(ring, ENDED_ATTEMPTS_MAX);
    expect(ring.bytes).toBe(full);
  });

  it("gives back what it was given", () => {
    const ring = new ActivityRing();
    fill(ring, 10);
    expect(ring.find(asAttemptId(7))).toEqual(endedAttempt(7));
    expect(ring.find(asAttemptId(10))).toBeUndefined();
    const large = { ...endedAttempt(3), attempt: asAttemptId(2 ** 40), task: key(77) };
    ring.push(large);
    expect(ring.find(asAttemptId(2 ** 40))).toEqual(large);
    expect(ring.ofTask(key(77))).toEqual([large]);
  });

  it("forgets the oldest, and says from which number on it remembers", () => {
    const ring = new ActivityRing();
    fill(ring, ENDED_ATTEMPTS_MAX + 4_500);
    expect([ring.firstSeq, ring.nextSeq]).toEqual([4_500, ENDED_ATTEMPTS_MAX + 4_500]);
    expect(ring.find(asAttemptId(4_499))).toBeUndefined();
    expect(ring.find(asAttemptId(4_500))).toEqual(endedAttempt(4_500));
    const seqs: number[] = [];
    ring.scan(0, (_columns, _at, seq) => {
      seqs.push(seq);
      return seqs.length === 3 ? "stop" : undefined;
    });
    expect(seqs).toEqual([4_500, 4_501, 4_502]);
    const numbers: number[] = [];
    ring.scan(
      ENDED_ATTEMPTS_MAX + 4_498,
      (columns, at) => void numbers.push(columns.attempt[at] ?? 0),
    );
    expect(numbers).toEqual([ENDED_ATTEMPTS_MAX + 4_498, ENDED_ATTEMPTS_MAX + 4_499]);
    expect(ring.ofTask(key(3)).map(({ attempt }) => attempt)[0]).toBe(5_003);
  });
});

const granted = (number: number, change: Partial<GrantedAttempt> = {}): GrantedAttempt => ({
  attempt: asAttemptId(number),
  job: job("a"),
  task: key(number),
  worker: asWorkerId(`w_${"1".repeat(22)}`),
  workerName: "Laptop",
  kernel: "kernel@1",
  group: "kernel@1",
  isSpeculative: false,
  ...change,
});

function createLog(): { log: ActivityLog; at: (ms: number) => void } {
  let nowMs = 1_000;
  return { log: new ActivityLog(() => nowMs), at: (ms) => (nowMs = ms) };
}

const all = (log: ActivityLog) => log.read(0, 1_000, undefined);

describe("ActivityLog", () => {
  it("tells a copy from the attempt that was faster", () => {
    const { log, at } = createLog();
    log.granted(granted(1));
    at(2_000);
    const task = key(1);
    log.granted(
      granted(2, { task, isSpeculative: true, worker: asWorkerId(`w_${"2".repeat(22)}`) }),
    );
    log.running([asAttemptId(1), asAttemptId(9)]);
    at(2_500);
    expect(all(log).live).toMatchObject({
      grantedMs: [1_000, 2_000],
      isRunning: [1, 0],
      isSpeculative: [0, 1],
    });
    log.ended(asAttemptId(2), {
      outcome: "finished",
      thread: 3,
      fetchMs: 1,
      waitMs: 2,
      computeMs: 3,
    });
    log.ended(asAttemptId(1), { outcome: "cancelled" });
    const { ended, live } = all(log);
    expect(live.attempt).toEqual([]);
    expect(ended).toMatchObject({
      attempt: [2, 1],
      worker: [1, 0],
      thread: [3, -1],
      endMs: [2_500, 2_500],
      // What was computed for nothing counts from when a thread was known to have it.
      computeMs: [3, 500],
      outcome: [0, 2],
      isSpeculative: [1, 0],
    });
    expect(log.attemptsOf(task)).toMatchObject([
      { attempt: 1, grantedMs: 1_000, endMs: 2_500, outcome: "cancelled" },
      { attempt: 2, grantedMs: 2_000, endMs: 2_500, outcome: "finished", isSpeculative: true },
    ]);
    expect(log.totals).toEqual({ finished: 1, computeMs: 3 });
  });

  it("ends an attempt once", () => {
    const { log } = createLog();
    log.granted(granted(1));
    expect(log.ended(asAttemptId(1), { outcome: "finished" })?.task).toBe(key(1));
    expect(log.ended(asAttemptId(1), { outcome: "cancelled" })).toBeUndefined();
    expect(all(log).nextSeq).toBe(1);
  });

  it("tells that an attempt without its input did nothing but fetch, and why it failed", () => {
    const { log, at } = createLog();
    log.granted(granted(1));
    at(1_700);
    log.ended(asAttemptId(1), { outcome: "failed", fetchMs: "all", why: "w".repeat(5_000) });
    expect(all(log).ended).toMatchObject({ fetchMs: [700], computeMs: [0], outcome: [1] });
    expect(log.attemptsOf(key(1))[0]?.why).toBe("w".repeat(1_000));
  });

  it("stays within what its columns hold, whatever workers say", () => {
    const { log, at } = createLog();
    log.granted(granted(1));
    at(900);
    log.running([asAttemptId(1)]);
    const times = { fetchMs: 1e300, waitMs: 1e300, computeMs: 1e300 };
    log.ended(asAttemptId(1), { outcome: "finished", thread: 1e9, ...times });
    const { ended } = all(log);
    expect(ended.thread).toEqual([-1]);
    for (const [ms = 0] of [ended.fetchMs, ended.waitMs, ended.computeMs]) {
      expect(ms / 1e12).toBeCloseTo(1);
    }
    expect(log.attemptsOf(key(1))).toMatchObject([{ grantedMs: 900, endMs: 900 }]);
  });

  it("gives rates of the last ten seconds and sums, until the job has ended", () => {
    const { log, at } = createLog();
    const finish = (number: number, change: Partial<GrantedAttempt>): void => {
      log.granted(granted(number, change));
      log.ended(asAttemptId(number), { outcome: "finished", computeMs: 5 });
    };
    finish(1, {});
    at(20_000);
    finish(2, {});
    finish(3, { group: "f" });
    finish(4, { group: "f", job: job("b") });
    log.granted(granted(5));
    log.ended(asAttemptId(5), { outcome: "failed", computeMs: 5 });
    const figures = log.figuresOf(job("a"));
    expect([...figures]).toEqual([
      ["kernel@1", { computeMs: 15, tasksPerSecond: 0.1 }],
      ["f", { computeMs: 5, tasksPerSecond: 0.1 }],
    ]);
    expect(log.figuresOf(job("c")).size).toBe(0);
    at(29_999);
    expect(log.figuresOf(job("b")).get("f")?.tasksPerSecond).toBe(0.1);
    at(30_000);
    expect(log.figuresOf(job("b")).get("f")).toEqual({ computeMs: 5, tasksPerSecond: 0 });
    log.granted(granted(6));
    log.jobEnded(job("a"));
    log.ended(asAttemptId(6), { outcome: "cancelled" });
    expect(log.figuresOf(job("a")).size).toBe(0);
  });

  it("goes on from the first that did not fit, also when most are of other jobs", () => {
    const { log } = createLog();
    for (let number = 1; number <= 10; number += 1) {
      log.granted(granted(number, { job: job(number % 2 === 0 ? "a" : "b") }));
      log.ended(asAttemptId(number), { outcome: "finished" });
    }
    const first = log.read(0, 3, job("a"));
    expect(first.ended.seq).toEqual([1, 3, 5]);
    const rest = log.read(first.nextSeq, 3, job("a"));
    expect(rest.ended.seq).toEqual([7, 9]);
    expect(rest.nextSeq).toBe(10);
  });

  it("begins anew when there are too many names, with what is under way", () => {
    const { log } = createLog();
    const before = log.run;
    log.granted(granted(1, { group: "long" }));
    for (let number = 2; number <= 4_096; number += 1) {
      log.granted(granted(number, { group: `f${number}` }));
      log.ended(asAttemptId(number), { outcome: "finished" });
    }
    expect(log.run).toBe(before);
    log.granted(granted(5_000, { group: "one more" }));
    log.ended(asAttemptId(5_000), { outcome: "finished" });
    const { run, groups, ended, live } = all(log);
    expect(run).not.toBe(before);
    expect(groups).toEqual(["long", "one more"]);
    expect(ended).toMatchObject({ seq: [0], attempt: [5_000], group: [1] });
    expect(live).toMatchObject({ attempt: [1], group: [0] });
  });

  it("remembers the tasks of attempts", () => {
    const { log } = createLog();
    log.granted(granted(1, { group: "f", kernel: "function@1" }));
    const remembered = { job: job("a"), task: key(1), kernel: "function@1", group: "f" };
    expect(log.taskOf(asAttemptId(1))).toMatchObject(remembered);
    log.ended(asAttemptId(1), { outcome: "returned" });
    expect(log.taskOf(asAttemptId(1))).toEqual(remembered);
    expect(log.remembers(key(1), job("a"))).toEqual(remembered);
    expect(log.remembers(key(1), job("b"))).toBeUndefined();
    expect(log.taskOf(asAttemptId(2))).toBeUndefined();
  });
});
