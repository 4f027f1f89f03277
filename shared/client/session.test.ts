// One open job against a scripted coordinator: what is said in a tick goes together, in order.
import { describe, expect, it } from "vitest";
import { present } from "../assert.ts";
import { createVirtualClock } from "../data-plane/virtual-clock.ts";
import type { JobExtension, SmallBlock } from "../graph/task.ts";
import { asJobId, asTaskKey, type TaskKey } from "../ids.ts";
import {
  ClusterError,
  type ClusterClient,
  type ConnectionState,
  type JobFollower,
} from "./cluster-client.ts";
import { Session } from "./session.ts";
import type { Target } from "./target.ts";
import { TaskError } from "./task-error.ts";
import type { TaskNode } from "./task-node.ts";

const jobs = ["a", "b", "c"].map((letter) => asJobId(`j_${letter.repeat(22)}`));
const keyOf = (digit: string): TaskKey => asTaskKey(digit.repeat(64));

function nodeOf(digit: string, dependencies: readonly TaskNode[] = []): TaskNode {
  const task = {
    key: keyOf(digit),
    kernel: "test@1",
    params: { digit },
    inputs: dependencies.map(({ task: { key } }) => ({ task: key, output: 0 })),
    cost: { operations: 1, outputBytes: 1 },
    retries: 0,
  };
  return { task, dependencies, blocks: [], ready: null };
}

/** Extensions in digits: "-1 ~2 +3 4 =4" lets 1 go, tries 2 again, adds 3 and 4, and wants 4. */
function wordsOf({ released, retried, tasks, targets }: JobExtension): string {
  const digits = (mark: string, keys: readonly TaskKey[]): string[] =>
    keys.length === 0 ? [] : [mark + keys.map((key) => key.charAt(0)).join("")];
  return [
    ...digits("-", released),
    ...digits("~", retried),
    ...digits(
      "+",
      tasks.map(({ key }) => key),
    ),
    ...digits("=", targets),
  ].join(" ");
}

function open() {
  const said: string[] = [];
  const clock = createVirtualClock();
  const followers = new Set<JobFollower>();
  let opened = 0;
  let connection: ConnectionState = { state: "connected" };
  let answer: (words: string) => Promise<void> = () => Promise.resolve();
  const client: Pick<
    ClusterClient,
    "submit" | "extend" | "closeJob" | "forget" | "follow" | "connection"
  > = {
    get connection() {
      return connection;
    },
    submit: async (submission) => {
      said.push(`open ${submission.priority}`);
      return present(jobs[opened++], "job");
    },
    extend: async (_job, extension, _blocks: readonly SmallBlock[] = []) => {
      said.push(wordsOf(extension));
      await answer(wordsOf(extension));
    },
    closeJob: async () => void said.push("close"),
    forget: async () => void said.push("forget"),
    follow: (_job, follower) => {
      followers.add(follower);
      return () => void followers.delete(follower);
    },
  };
  const session = new Session({
    client: client as ClusterClient,
    tools: { clock },
    priority: 3,
    title: "Test",
  });
  const tell = (news: (follower: JobFollower) => void): void => [...followers].forEach(news);
  return {
    session,
    said,
    clock,
    followers,
    answerWith: (next: typeof answer) => void (answer = next),
    setConnection: (next: ConnectionState) => void (connection = next),
    tellResult: (digit: string) =>
      tell((follower) => follower.onResults([{ task: keyOf(digit), outputs: [] }])),
    tellFailure: (digit: string, message: string) =>
      tell((follower) => follower.onFailures([{ task: keyOf(digit), message, error: null }])),
    tellEnd: () => tell((follower) => follower.onEnd()),
  };
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 30; i += 1) await Promise.resolve();
};
const release = (target: Target): void => target.owner.release(target);

describe("one tick is one request", () => {
  it("with the tasks that targets need before these, and each once", async () => {
    const { session, said } = open();
    const one = nodeOf("1");
    const two = nodeOf("2", [one]);
    session.want(two);
    session.want(nodeOf("3", [one, two]));
    await settle();
    expect(said).toEqual(["open 3", "+123 =23"]);
    // What the coordinator has as a target is not sent again; what it may have dropped is.
    session.want(nodeOf("4", [two]));
    session.want(nodeOf("5", [one]));
    await settle();
    expect(said.slice(2)).toEqual(["+415 =45"]);
  });

  it("with what is let go and wanted anew in it left out", async () => {
    const { session, said, tellResult } = open();
    const first = session.want(nodeOf("1"));
    await settle();
    tellResult("1");
    release(first);
    const again = session.want(nodeOf("1"));
    release(session.want(nodeOf("2")));
    await settle();
    expect(said).toEqual(["open 3", "+1 =1"]);
    expect(again.status).toBe("done");
    release(again);
    await settle();
    expect(said.slice(2)).toEqual(["-1"]);
  });

  it("and the next waits for its answer", async () => {
    const { session, said, answerWith } = open();
    let confirm = (): void => undefined;
    answerWith(() => new Promise((resolve) => (confirm = resolve)));
    const first = session.want(nodeOf("1"));
    await settle();
    release(first);
    session.want(nodeOf("2"));
    await settle();
    session.want(nodeOf("1"));
    await settle();
    expect(said).toEqual(["open 3", "+1 =1"]);
    confirm();
    await settle();
    // Wanted again before its release was sent: nothing is said of it.
    expect(said.slice(2)).toEqual(["+2 =2"]);
    confirm();
  });
});

describe("targets", () => {
  it("are shared by all that want them, until the last lets go", async () => {
    const { session, said } = open();
    const [a, b] = [session.want(nodeOf("1")), session.want(nodeOf("1"))];
    expect(a).toBe(b);
    await settle();
    release(a);
    await settle();
    expect(a.status).toBe("pending");
    expect(said).toHaveLength(2);
    release(b);
    await settle();
    expect(a.status).toBe("cancelled");
    expect(said.at(-1)).toBe("-1");
  });

  it("that failed are tried again; old news of the failure does not count", async () => {
    const { session, said, tellFailure, tellResult } = open();
    const target = session.want(nodeOf("1"));
    await settle();
    tellFailure("1", "no");
    expect(target.error).toBeInstanceOf(TaskError);
    expect(session.retry(target)).toBe(target);
    tellFailure("1", "no");
    expect(target.status).toBe("pending");
    await settle();
    expect(said.at(-1)).toBe("~1");
    tellResult("1");
    expect(target.status).toBe("done");
    expect(session.retry(target).status).toBe("done");
  });

  it("that were done fail when their result was lost and cannot be made again", async () => {
    const { session, said, tellFailure, tellResult } = open();
    const target = session.want(nodeOf("1"));
    await settle();
    tellResult("1");
    tellFailure("1", "Three workers were lost while computing it.");
    expect([target.status, target.error?.message]).toEqual([
      "failed",
      "Three workers were lost while computing it.",
    ]);
    session.retry(target);
    await settle();
    expect([target.status, said.at(-1)]).toEqual(["pending", "~1"]);
  });

  it("that the coordinator refuses fail alone", async () => {
    const { session, said, answerWith } = open();
    answerWith((words) => {
      if (words.includes("2")) return Promise.reject(new ClusterError("Not this one.", 422));
      return Promise.resolve();
    });
    const targets = ["1", "2", "3"].map((digit) => session.want(nodeOf(digit)));
    await settle();
    expect(said).toEqual(["open 3", "+123 =123", "+1 =1", "+23 =23", "+2 =2", "+3 =3"]);
    expect(targets.map(({ status }) => status)).toEqual(["pending", "failed", "pending"]);
  });

  it("wait for a coordinator that is away for a while", async () => {
    const { session, said, answerWith, clock } = open();
    let isAway = true;
    answerWith(() =>
      isAway ? Promise.reject(new ClusterError("No answer.", 0)) : Promise.resolve(),
    );
    const target = session.want(nodeOf("1"));
    await settle();
    isAway = false;
    await clock.advance(10_000);
    await settle();
    expect(said).toEqual(["open 3", "+1 =1", "+1 =1"]);
    expect(target.status).toBe("pending");
  });
});

describe("a job that is over", () => {
  const closed = (): Promise<void> => Promise.reject(new ClusterError("It is closed.", 410));

  it("takes with it what it had; what is wanted later goes into another one", async () => {
    const { session, said, tellResult, tellEnd, followers } = open();
    const [one, two] = [session.want(nodeOf("1")), session.want(nodeOf("2"))];
    await settle();
    tellResult("1");
    tellEnd();
    expect([one.status, two.status]).toEqual(["done", "cancelled"]);
    const three = session.want(nodeOf("3", [nodeOf("1")]));
    const again = session.retry(two);
    await settle();
    expect(said).toEqual(["open 3", "+12 =12", "open 3", "+132 =32"]);
    expect(followers.size).toBe(1);
    tellResult("2");
    expect([two.status, three.status, again.status]).toEqual(["cancelled", "pending", "done"]);
    release(one);
    release(three);
    await settle();
    expect(said.at(-1)).toBe("-3");
  });

  it("hands on what it was not given, told in whatever way", async () => {
    for (const end of ["answer first", "news first"] as const) {
      const { session, said, answerWith, tellResult, tellFailure, tellEnd } = open();
      session.want(nodeOf("1"));
      const failed = session.want(nodeOf("2"));
      await settle();
      tellResult("1");
      tellFailure("2", "no");
      answerWith(async (words) => {
        if (!words.includes("~")) return;
        if (end === "news first") tellEnd();
        await closed();
      });
      session.retry(failed);
      const last = session.want(nodeOf("3", [nodeOf("1")]));
      await settle();
      expect(said.slice(2)).toEqual(["~2 +3 =3", "open 3", "+132 =32"]);
      tellResult("3");
      tellResult("2");
      expect([last.status, failed.status]).toEqual(["done", "done"]);
    }
  });

  it("is still heard of when it was only closed: what it had may be there by now", async () => {
    const { session, said, answerWith, followers, tellResult } = open();
    const [one, two] = [session.want(nodeOf("1")), session.want(nodeOf("2"))];
    await settle();
    // Nobody followed it for long, as when a laptop sleeps; it wakes up, and asks for more first.
    answerWith(() => {
      answerWith(() => Promise.resolve());
      return closed();
    });
    const three = session.want(nodeOf("3", [nodeOf("1")]));
    await settle();
    expect(said.slice(2)).toEqual(["+3 =3", "open 3", "+13 =3"]);
    expect([one, two, three].map(({ status }) => status)).toEqual([
      "pending",
      "pending",
      "pending",
    ]);
    const [old, present] = followers;
    tellResult("1");
    // The new job has it, too: what the old one tells of it counts no more.
    present?.onFailures([{ task: keyOf("3"), message: "no", error: null }]);
    session.retry(three);
    await settle();
    old?.onFailures([{ task: keyOf("3"), message: "no", error: null }]);
    old?.onEnd();
    expect([one, two, three].map(({ status }) => status)).toEqual(["done", "cancelled", "pending"]);
    expect(followers.size).toBe(1);
    await session.close();
    expect(followers.size).toBe(0);
  });

  it("took what it was being given when that turns out to have come in time", async () => {
    const { session, said, answerWith, tellEnd } = open();
    session.want(nodeOf("1"));
    await settle();
    answerWith(async () => tellEnd());
    const last = session.want(nodeOf("2"));
    await settle();
    expect(last.status).toBe("cancelled");
    expect(said).toHaveLength(3);
  });

  it("hands on work whose blocks are still under way, and what failed to be tried again", async () => {
    const { session, said, tellFailure, tellEnd } = open();
    let arrive = (): void => undefined;
    const ready = new Promise<void>((resolve) => (arrive = resolve));
    const failed = session.want(nodeOf("1"));
    const late = session.want({ ...nodeOf("2"), ready });
    await settle();
    tellFailure("1", "no");
    session.retry(failed);
    tellEnd();
    await settle();
    arrive();
    await settle();
    expect(said).toEqual(["open 3", "+1 =1", "open 3", "+1 =1", "+2 =2"]);
    expect([failed.status, late.status]).toEqual(["pending", "pending"]);
  });

  it("is noticed by each half of what it refused", async () => {
    const { session, said, answerWith } = open();
    const refused = new ClusterError("Not this one.", 422);
    answerWith((words) => (words === "+12 =12" ? Promise.reject(refused) : closed()));
    const targets = ["1", "2"].map((digit) => session.want(nodeOf(digit)));
    await settle();
    expect(said.slice(0, 4)).toEqual(["open 3", "+12 =12", "+1 =1", "+2 =2"]);
    answerWith(() => Promise.resolve());
    expect(targets.map(({ status }) => status)).toEqual(["pending", "pending"]);
  });
});

describe("a session's end", () => {
  it("by this client's wish closes the job, or deletes it when nothing of it is wanted", async () => {
    const held = open();
    const target = held.session.want(nodeOf("1"));
    await held.session.close();
    expect(held.said).toEqual(["open 3", "+1 =1", "close"]);
    expect(target.error).toBeInstanceOf(ClusterError);
    expect(() => held.session.want(nodeOf("2"))).toThrow("closed");
    const empty = open();
    const released = empty.session.want(nodeOf("1"));
    await settle();
    release(released);
    await empty.session.close();
    expect(empty.said.at(-1)).toBe("forget");
    const unused = open();
    await unused.session.close();
    expect(unused.said).toEqual([]);
  });

  it("does not wait for a coordinator that is away", async () => {
    const { session, clock, answerWith, setConnection } = open();
    answerWith(() => Promise.reject(new ClusterError("No answer.", 0)));
    const target = session.want(nodeOf("1"));
    await settle();
    setConnection({ state: "lost", retryAtMs: 0 });
    const closing = session.close();
    await clock.advance(10_000);
    await closing;
    expect(target.error?.message).toBe("No answer.");
  });
});
