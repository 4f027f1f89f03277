// A job's stream of events: over HTTP with a real coordinator, and its pace with a clock in hand.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createVirtualClock, settle } from "../shared/data-plane/virtual-clock.ts";
import { asJobId, asTaskKey } from "../shared/ids.ts";
import { httpPaths } from "../shared/protocol/http.ts";
import type { JobView } from "../shared/protocol/messages.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import { JobEvents } from "./job-events.ts";
import type { ClientPort } from "./ports.ts";
import { httpOf, makeBlock, ScriptedWorker, squaresJob, submitJob } from "./scripted-pages.ts";
import type { Coordinator } from "./start-coordinator.ts";

interface Heard {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

const parseEvents = (text: string): Heard[] =>
  [...text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)].map(([, event = "", data = ""]) => ({
    event,
    data: JSON.parse(data) as Record<string, unknown>,
  }));

describe("GET /api/jobs/:job/events", () => {
  let fixture: CoordinatorFixture;
  let coordinator: Coordinator;
  let submit: ReturnType<typeof httpOf>;

  beforeEach(async () => {
    fixture = await CoordinatorFixture.create();
    coordinator = await fixture.start();
    submit = httpOf(coordinator, coordinator.submitToken);
  });
  afterEach(() => fixture.remove());

  it("tells progress, each result with its small bytes, and the end; then it is over", async () => {
    const job = await submitJob(coordinator, squaresJob(3));
    const response = await submit("GET", httpPaths.events(job));
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    await ScriptedWorker.join(coordinator);
    const events = parseEvents(await response.text());
    expect(events[0]).toMatchObject({
      event: "progress",
      data: { state: "running", tasksDone: 0 },
    });
    const results = events.filter(({ event }) => event === "result");
    expect(results.map(({ data }) => String(data["task"])).toSorted()).toEqual(
      squaresJob(3).targets.toSorted(),
    );
    expect(events.at(-1)).toMatchObject({ event: "end", data: { state: "done", targetsDone: 3 } });

    // One who comes after the end hears the same, and small blocks with their bytes.
    const late = parseEvents(await (await submit("GET", httpPaths.events(job))).text());
    expect(late.map(({ event }) => event)).toEqual(["result", "result", "result", "end"]);
    const { ref } = makeBlock([1]);
    const outputs = late.map(({ data }) => data["outputs"]).slice(0, 3);
    expect(outputs).toContainEqual([ref]);
  });

  it("tells failures of a job that goes on", async () => {
    const job = await submitJob(coordinator, { ...squaresJob(2), onFailure: "go-on" });
    const page = await ScriptedWorker.join(coordinator, { allowance: 0 });
    const response = await submit("GET", httpPaths.events(job));
    const error = { name: "RangeError", message: "too large", stack: "RangeError: too large" };
    page.socket.onMessage = (message) => {
      if (message.type !== "lease") return;
      const { attempt } = message;
      const reason = "kernel-error";
      page.say({ type: "attempt-failed", attempt, reason, message: "too large", error });
    };
    for (const lease of page.socket.heard) page.socket.onMessage(lease);
    const events = parseEvents(await response.text());
    const failures = events.filter(({ event }) => event === "failure");
    expect(failures).toHaveLength(2);
    expect(failures[0]?.data).toMatchObject({ error });
    expect(events.at(-1)).toMatchObject({ event: "end", data: { state: "failed" } });
  });

  it("admits by a ticket once, and by no other one", async () => {
    const job = await submitJob(coordinator, squaresJob(1));
    const address = `http://127.0.0.1:${coordinator.port}`;
    const created = await submit("POST", httpPaths.tickets, { job, format: "events" });
    const { ticket } = (await created.json()) as { ticket: string };
    await ScriptedWorker.join(coordinator);
    const link = `${address}${httpPaths.events(job, ticket)}`;
    expect(parseEvents(await (await fetch(link)).text()).at(-1)?.event).toBe("end");
    expect((await fetch(link)).status).toBe(401);
    const other = await submit("POST", httpPaths.tickets, { job, format: "json" });
    const forFile = ((await other.json()) as { ticket: string }).ticket;
    expect((await fetch(`${address}${httpPaths.events(job, forFile)}`)).status).toBe(401);
    expect((await fetch(`${address}${httpPaths.events(job)}`)).status).toBe(401);
    const unknown = await submit("GET", httpPaths.events(asJobId(`j_${"x".repeat(22)}`)));
    expect(unknown.status).toBe(404);
    expect(unknown.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  });

  it("ends with the job when it is cancelled or deleted, and for a reader that leaves", async () => {
    const cancelled = await submitJob(coordinator, squaresJob(1));
    const first = await submit("GET", httpPaths.events(cancelled));
    await submit("POST", httpPaths.jobAction(cancelled, "cancel"));
    expect(parseEvents(await first.text()).at(-1)).toMatchObject({ data: { state: "cancelled" } });

    const deleted = await submitJob(coordinator, squaresJob(1, 5));
    const second = await submit("GET", httpPaths.events(deleted));
    await submit("DELETE", httpPaths.job(deleted));
    expect(parseEvents(await second.text()).at(-1)).toMatchObject({ data: { state: "cancelled" } });

    // As many streams as there may be at once: one that is left makes room for another.
    const job = await submitJob(coordinator, squaresJob(1, 9));
    const ask = (): Promise<Response> => submit("GET", httpPaths.events(job));
    const streams = await Promise.all(Array.from({ length: 64 }, ask));
    expect(streams.map(({ status }) => status)).toEqual(Array.from({ length: 64 }, () => 200));
    expect((await ask()).status).toBe(503);
    await streams[0]?.body?.cancel();
    await expect.poll(async () => (await ask()).status).toBe(200);
  });
});

describe("JobEvents", () => {
  const job = asJobId("j_1");
  const task = asTaskKey("7".repeat(64));

  /** Streams over a host and a book that the test plays. */
  function createEvents() {
    const clock = createVirtualClock();
    const left: ClientPort[] = [];
    let view = { state: "running", tasksDone: 0 } as JobView;
    const events = new JobEvents({
      clock,
      host: { watch: () => true, clientLeft: (port) => void left.push(port) },
      book: { view: () => view },
      sources: { locatedResult: (result) => ({ task: result.task, outputs: [] }) },
    });
    const stream = events.open(job);
    if (stream === undefined) throw new Error("There is no stream.");
    const done = (tasksDone: number): void => {
      view = { ...view, tasksDone };
      events.changed();
    };
    const news = (count: number, isLast = false): void => {
      const results = Array.from({ length: count }, () => ({ task, outputs: [] }));
      stream.send({ type: "job-results", job, results, failures: [], isLast });
    };
    return { clock, left, events, stream, text: stream.text(), done, news };
  }

  it("says that it is still there in quiet times, and nothing when nothing changed", async () => {
    const { clock, text, done, events } = createEvents();
    expect((await text.next()).value).toMatch(/^event: progress\n/);
    const heard: unknown[] = [];
    const listen = async (): Promise<void> => {
      for await (const part of text) heard.push(part);
    };
    void listen();
    events.changed();
    await clock.advance(14_000);
    expect(heard).toEqual([]);
    await clock.advance(30_000);
    expect(heard).toEqual([": still here\n\n", ": still here\n\n"]);
    done(1);
    await settle();
    expect(heard.slice(2)).toEqual([
      expect.stringMatching(/^event: progress\ndata: .*"tasksDone":1/),
    ]);
  });

  it("hands results on as the reader takes them, and lets one go that takes none", async () => {
    const { text, news, left, events } = createEvents();
    news(2_000);
    const first = String((await text.next()).value);
    expect(first.length).toBeLessThan(100_000);
    expect(parseEvents(first).length).toBeGreaterThan(100);
    news(150_000);
    expect(left).toEqual([]);
    news(150_000);
    expect(left).toHaveLength(1);
    expect(events.size).toBe(0);
    expect((await text.next()).done).toBe(true);
  });

  it("tells the end after everything else, as it was then", async () => {
    const { text, news, done, left } = createEvents();
    news(1);
    done(7);
    news(1, true);
    done(99);
    let all = "";
    for await (const part of text) all += part;
    expect(parseEvents(all).map(({ event }) => event)).toEqual(["result", "result", "end"]);
    expect(all).toContain('"tasksDone":7');
    expect(left).toHaveLength(1);
  });
});
