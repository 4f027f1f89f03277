// One open job against a scripted coordinator: what is said in a tick goes together, in order.
import { describe, expect, it } from "vitest";
import { createVirtualClock } from "../data-plane/virtual-clock.ts";
import type { JobExtension, SmallBlock } from "../graph/task.ts";
import { asJobId, asTaskKey, type TaskKey } from "../ids.ts";
import {
  ClusterError,
  type ClusterClient,
  type ClusterView,
  type JobFollower,
} from "./cluster-client.ts";
import { Session } from "./session.ts";
import type { Target } from "./target.ts";
import { TaskError } from "./task-error.ts";
import type { TaskNode } from "./task-node.ts";

const job = asJobId(`j_${"a".repeat(22)}`);
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
  const renewed: TaskNode[] = [];
  let follower: JobFollower | undefined;
  let onView: (view: ClusterView) => void = () => undefined;
  let answer: (words: string) => Promise<void> = () => Promise.resolve();
  const client: Pick<
    ClusterClient,
    "submit" | "extend" | "closeJob" | "forget" | "follow" | "onView"
  > = {
    submit: async (submission) => {
      said.push(`open ${submission.priority}`);
      return job;
    },
    extend: async (_job, extension, _blocks: readonly SmallBlock[] = []) => {
      said.push(wordsOf(extension));
      await answer(wordsOf(extension));
    },
    closeJob: async () => void said.push("close"),
    forget: async () => void said.push("forget"),
    follow: (_job, given) => {
      follower = given;
      return () => undefined;
    },
    onView: (listener) => {
      onView = listener;
      return () => undefined;
    },
  };
  const session = new Session({
    client: client as ClusterClient,
    tools: { clock },
    priority: 3,
    title: "Test",
    renew: (node) => {
      renewed.push(node);
      return session.want(node);
    },
  });
  return {
    session,
    said,
    clock,
    renewed,
    answerWith: (next: typeof answer) => void (answer = next),
    tellResult: (digit: string) => follower?.onResults([{ task: keyOf(digit), outputs: [] }]),
    tellFailure: (digit: string, message: string) =>
      follower?.onFailures([{ task: keyOf(digit), message, error: null }]),
    tellEnd: () => follower?.onEnd(),
    tellJobs: (jobs: readonly { readonly job: string }[]) =>
      onView({ workers: [], jobs: jobs as unknown as ClusterView["jobs"] }),
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

describe("a session's end", () => {
  it("comes when the job is ended, or is not among the jobs any more", async () => {
    for (const end of ["tellEnd", "vanish"] as const) {
      const world = open();
      const target = world.session.want(nodeOf("1"));
      await settle();
      if (end === "tellEnd") world.tellEnd();
      else {
        world.tellJobs([]);
        expect(world.session.isOver).toBe(false);
        world.tellJobs([{ job }]);
        world.tellJobs([]);
      }
      expect(world.session.isOver).toBe(true);
      expect(target.status).toBe("cancelled");
    }
  });

  it("by this client's wish closes the job, or deletes it when nothing of it is wanted", async () => {
    const held = open();
    const target = held.session.want(nodeOf("1"));
    await held.session.close();
    expect(held.said).toEqual(["open 3", "+1 =1", "close"]);
    expect(target.error).toBeInstanceOf(ClusterError);
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
});
