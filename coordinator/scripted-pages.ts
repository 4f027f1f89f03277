// Pages for the coordinator's tests: real sockets and real blocks, driven by a script.
import { randomBytes } from "node:crypto";
import { createBLAKE3 } from "hash-wasm";
import { WebSocket } from "ws";
import { encodeBase64 } from "../shared/codecs/base64.ts";
import { encodeNpy } from "../shared/codecs/npy.ts";
import { taskKey } from "../shared/graph/task-key.ts";
import type { BlockRef, JobSubmission, Task, TaskWork } from "../shared/graph/task.ts";
import { asBlockId, asClientId, asWorkerId, randomText } from "../shared/ids.ts";
import type { BlockId, ClientId, JobId, WorkerId } from "../shared/ids.ts";
import { httpPaths } from "../shared/protocol/http.ts";
import { coordinatorMessageSchema, PROTOCOL_VERSION } from "../shared/protocol/messages.ts";
import type { ClientMessage, CoordinatorMessage } from "../shared/protocol/messages.ts";
import type { WorkerMessage } from "../shared/protocol/messages.ts";
import type { Coordinator } from "./start-coordinator.ts";

const hasher = await createBLAKE3();
const hash = (bytes: Uint8Array): string => hasher.init().update(bytes).digest();
const encoder = new TextEncoder();

type Message<Type extends CoordinatorMessage["type"]> = Extract<CoordinatorMessage, { type: Type }>;

/** A control connection that keeps what it hears, answers pings, and can be awaited. */
export class ScriptedSocket {
  readonly #socket: WebSocket;
  readonly heard: CoordinatorMessage[] = [];
  readonly closed: Promise<number>;
  readonly #listeners = new Set<() => void>();
  #isClosed = false;
  onMessage: (message: CoordinatorMessage) => void = () => {};

  constructor(port: number, headers: Readonly<Record<string, string>> = {}) {
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}${httpPaths.control}`, { headers });
    this.#socket.on("error", () => {});
    this.#socket.on("message", (data: Buffer) => {
      const frame: unknown = JSON.parse(data.toString());
      for (const value of Array.isArray(frame) ? frame : [frame]) {
        const message = coordinatorMessageSchema.parse(value);
        if (message.type === "ping") this.send({ type: "pong", seq: message.seq });
        else this.heard.push(message);
        this.onMessage(message);
      }
      for (const listener of this.#listeners) listener();
    });
    this.closed = new Promise((resolve) => {
      this.#socket.once("close", (code) => {
        this.#isClosed = true;
        for (const listener of this.#listeners) listener();
        resolve(code);
      });
    });
  }

  async opened(): Promise<this> {
    await new Promise((resolve, reject) => {
      this.#socket.once("open", resolve);
      this.#socket.once("error", reject);
    });
    return this;
  }

  send(message: object): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string | Buffer): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  /** The first message heard of this type that `fits`, past or future. Rejects when closed. */
  next<Type extends CoordinatorMessage["type"]>(
    type: Type,
    fits: (message: Message<Type>) => boolean = () => true,
  ): Promise<Message<Type>> {
    const find = (): Message<Type> | undefined =>
      this.heard.find((message): message is Message<Type> => {
        return message.type === type && fits(message as Message<Type>);
      });
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find();
        if (found === undefined && !this.#isClosed) return;
        this.#listeners.delete(look);
        if (found !== undefined) resolve(found);
        else reject(new Error(`Closed before "${type}" came: ${JSON.stringify(this.heard)}`));
      };
      this.#listeners.add(look);
      look();
    });
  }

  /** As a page that closes. */
  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }
}

const helloShape = { type: "hello", version: PROTOCOL_VERSION } as const;
const device = {
  browser: "Test",
  system: "Test",
  cores: 4,
  isMobile: false,
  isSecureContext: true,
};

export const workerHello = (token: string, worker: WorkerId) => ({
  ...helloShape,
  role: "worker",
  token,
  worker,
  name: "Test machine",
  threads: 2,
  threadsMax: 4,
  paused: false,
  hidden: false,
  runsFunctions: false,
  device,
});

export const clientHello = (token: string, client: ClientId) => ({
  ...helloShape,
  role: "client",
  token,
  client,
});

export const freshWorkerId = (): WorkerId => asWorkerId(`w_${randomText(randomBytes(16))}`);
export const freshClientId = (): ClientId => asClientId(`c_${randomText(randomBytes(16))}`);

/** NPY bytes of a few numbers, and their reference. */
export function makeBlock(values: readonly number[]): {
  bytes: Uint8Array<ArrayBuffer>;
  ref: BlockRef;
} {
  const bytes = encodeNpy({ shape: [values.length], data: Float64Array.from(values) });
  return { bytes, ref: { block: asBlockId(hash(bytes)), sizeBytes: bytes.length } };
}

/** The HTTP interface as a page with this token uses it. */
export function httpOf(coordinator: Pick<Coordinator, "port">, token: string) {
  return (
    method: string,
    path: string,
    body?: Uint8Array<ArrayBuffer> | object,
  ): Promise<Response> => {
    const isBytes = body instanceof Uint8Array;
    const contentType = isBytes ? "application/octet-stream" : "application/json";
    return fetch(`http://127.0.0.1:${coordinator.port}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": contentType }),
      },
      ...(body === undefined ? {} : { body: isBytes ? body : JSON.stringify(body) }),
    });
  };
}

/** Submits a job over HTTP, which the coordinator must take. */
export async function submitJob(
  coordinator: Pick<Coordinator, "port" | "submitToken">,
  submission: JobSubmission,
): Promise<JobId> {
  const http = httpOf(coordinator, coordinator.submitToken);
  const response = await http("POST", httpPaths.jobs, submission);
  const text = await response.text();
  if (response.status !== 201) throw new Error(`The job was refused: ${text}`);
  return (JSON.parse(text) as { job: JobId }).job;
}

/** An answer in short: its status, and what a problem says. */
export async function answerOf(response: Promise<Response>): Promise<string> {
  const answer = await response;
  const text = await answer.text();
  if (text === "") return String(answer.status);
  return `${answer.status} ${(JSON.parse(text) as { detail: string }).detail}`;
}

export const makeTask = (work: TaskWork): Task => ({
  ...work,
  key: taskKey(work, hash, (text) => encoder.encode(text)),
  cost: { operations: 1_000, outputBytes: 200 },
  retries: 1,
});

/** A job of `count` independent targets, each the kernel "test-square@1" of a number. */
export function squaresJob(count: number, from = 0): JobSubmission {
  const tasks = Array.from({ length: count }, (_, i) =>
    makeTask({ kernel: "test-square@1", params: { value: from + i }, inputs: [] }),
  );
  return {
    kind: "squares",
    title: `Squares of ${count} numbers`,
    meta: { count },
    priority: 0,
    tasks,
    targets: tasks.map((task) => task.key),
  };
}

/** A worker that computes squares for as long as its allowance lasts, and fails where it is told to. */
export class ScriptedWorker {
  readonly worker: WorkerId;
  readonly blocks = new Map<BlockId, Uint8Array<ArrayBuffer>>();
  readonly socket: ScriptedSocket;
  readonly #http: ReturnType<typeof httpOf>;
  /** Values computed, in order. */
  readonly computed: number[] = [];
  /** Leases answered at most; the rest stay open. */
  allowance: number;
  /** Values whose squares it fails to compute. */
  readonly failing = new Set<number>();
  /** Sends results along with its reports, as workers do with small ones. */
  sendsResults = false;

  private constructor(coordinator: Coordinator, worker: WorkerId, allowance: number) {
    this.worker = worker;
    this.allowance = allowance;
    this.socket = new ScriptedSocket(coordinator.port);
    this.#http = httpOf(coordinator, coordinator.joinToken);
    this.socket.onMessage = (message) => this.#handle(message);
  }

  static async join(
    coordinator: Coordinator,
    { worker = freshWorkerId(), allowance = Infinity } = {},
  ): Promise<ScriptedWorker> {
    const page = new ScriptedWorker(coordinator, worker, allowance);
    await page.socket.opened();
    page.socket.send(workerHello(coordinator.joinToken, worker));
    await page.socket.next("welcome");
    return page;
  }

  say(message: WorkerMessage): void {
    this.socket.send(message);
  }

  #handle(message: CoordinatorMessage): void {
    if (message.type === "lease") this.#compute(message);
    if (message.type === "store-blocks") void this.#upload(message.blocks);
  }

  #compute(lease: Message<"lease">): void {
    if (this.computed.length >= this.allowance) return;
    const { value } = lease.params as { value: number };
    const { attempt } = lease;
    if (this.failing.has(value)) {
      const error = { name: "RangeError", message: `No square of ${value}.`, stack: "at square" };
      const { message } = error;
      this.say({ type: "attempt-failed", attempt, reason: "kernel-error", message, error });
      return;
    }
    const { bytes, ref } = makeBlock([value * value]);
    if (!this.sendsResults) this.blocks.set(ref.block, bytes);
    this.computed.push(value);
    this.say({
      type: "attempt-finished",
      attempt,
      outputs: [this.sendsResults ? { ...ref, bytes: encodeBase64(bytes) } : ref],
      computeMs: 2,
      fetchMs: 1,
      waitMs: 0.5,
      bytesFetched: 10,
    });
  }

  async #upload(blocks: readonly BlockId[]): Promise<void> {
    for (const block of blocks) {
      const bytes = this.blocks.get(block);
      // A coordinator that is just being closed cannot take it.
      if (bytes !== undefined)
        await this.#http("PUT", httpPaths.block(block), bytes).catch(() => {});
    }
  }
}

/** A client that has said hello. */
export async function joinClient(
  coordinator: Coordinator,
  client: ClientId = freshClientId(),
): Promise<ScriptedSocket> {
  const socket = await new ScriptedSocket(coordinator.port).opened();
  socket.send(clientHello(coordinator.submitToken, client));
  await socket.next("welcome");
  return socket;
}

/** Follows a job to its end and returns the outputs of its targets, by task. */
export async function watchToEnd(
  socket: ScriptedSocket,
  job: JobId,
): Promise<Map<string, BlockRef[]>> {
  const watch: ClientMessage = { type: "watch-job", job };
  socket.send(watch);
  const isOfJob = (message: Message<"job-results">): boolean => message.job === job;
  await socket.next("job-results", (message) => isOfJob(message) && message.isLast);
  const results = new Map<string, BlockRef[]>();
  for (const message of socket.heard) {
    if (message.type !== "job-results" || !isOfJob(message)) continue;
    for (const { task, outputs } of message.results) {
      results.set(
        task,
        outputs.map(({ block, sizeBytes }) => ({ block, sizeBytes })),
      );
    }
  }
  return results;
}
