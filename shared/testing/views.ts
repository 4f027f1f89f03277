// Workers and jobs as the coordinator shows them, for tests that care about a few of their fields.
import { asJobId, asPeerId, asWorkerId } from "../ids.ts";
import type { JobView, WorkerView } from "../protocol/messages.ts";

const idleWorker: WorkerView = {
  worker: asWorkerId(`w_${"1".repeat(22)}`),
  peer: asPeerId("peer-of-one"),
  name: "Laptop",
  device: {
    browser: "Firefox 141",
    system: "Windows",
    cores: 8,
    isMobile: false,
    isSecureContext: false,
  },
  address: "192.168.1.2",
  threads: 4,
  threadsMax: 8,
  state: "idle",
  hidden: false,
  runsFunctions: false,
  running: 0,
  leased: 0,
  tasksDone: 0,
  tasksFailed: 0,
  cacheBytes: 0,
  bytesDirect: 0,
  bytesCoordinator: 0,
  path: "unknown",
  why: null,
  joinedAtMs: 0,
  computeMs: 0,
  condition: {
    pausedBy: null,
    memoryBytes: 0,
    busyShare: 0,
    pressure: null,
    battery: null,
    lagMs: null,
  },
  isRetiring: false,
  relativeSpeed: 1,
  speeds: [],
  standing: "new",
};

const newJob: JobView = {
  job: asJobId(`j_${"a".repeat(22)}`),
  kind: "correlation",
  title: "prices.csv",
  meta: null,
  priority: 0,
  state: "running",
  submittedAtMs: 0,
  finishedAtMs: null,
  tasksTotal: 1,
  tasksDone: 0,
  tasksRunning: 0,
  targetsTotal: 1,
  targetsDone: 0,
  targetsFailed: 0,
  isOpen: false,
  failure: null,
  timing: { computeMs: 0, fetchMs: 0, waitMs: 0, bytesMoved: 0, workers: [] },
};

/** An idle machine of four threads that has just joined, but for `change`. */
export const workerView = (change: Partial<WorkerView> = {}): WorkerView => ({
  ...idleWorker,
  ...change,
});

/** A running job of one task that nobody has begun, but for `change`. */
export const jobView = (change: Partial<JobView> = {}): JobView => ({ ...newJob, ...change });
