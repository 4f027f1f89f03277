// Every number by which the scheduler decides, with its unit and the reason for its size.
import * as limits from "../limits.ts";

export const DEFAULT_TUNING = {
  suspectAfterMs: limits.SUSPECT_AFTER_MS,
  lostAfterMs: limits.LOST_AFTER_MS,
  lostAfterHiddenMs: limits.LOST_AFTER_HIDDEN_MS,
  /** Leases beyond the threads, one a thread at most: hides one round trip and no more. */
  prefetchMax: 8,
  /**
   * A worker whose leases are predicted to keep each thread busy for less than this gets more of a
   * kernel that was timed before: several round trips of a message, so that short tasks never wait.
   */
  prefetchMs: 20,
  /** Leases that a worker may hold for that reason. */
  shortLeasesMax: 64,
  /** A lease lasts at least this long: predictions of unseen kernels may be far off. */
  leaseMinMs: 60_000,
  /** A lease lasts this many predicted finishes: a busy phone is several times slower at times. */
  leaseFactor: 8,
  /** How far past the head of the queue placement looks for a task whose inputs are at hand. */
  lookAhead: 63,
  /** Ready tasks that one step may find unsuitable for every hungry worker before it gives up. */
  asideMax: 16,
  /** Times a head of the queue may be passed over for the sake of nearness. */
  passesMax: 64,
  /** A worker that could not get an input, or gave leases back, gets none for this long. */
  restMs: 2_000,
  /** An attempt younger than this is never copied: a copy costs a transfer of its inputs. */
  copyAfterMs: 500,
  /** A copy must be predicted to win by this factor. */
  copyFactor: 1.5,
  /** Distinct deaths of workers or threads under a task before it fails as their likely cause. */
  deathsMax: 3,
  /** Outstanding copies to the store for each holder: enough to fill its uplink. */
  uploadsPerHolder: 4,
  /** Copying to the store is presumed failed after this, plus the time of a slow uplink. */
  uploadTimeoutMs: limits.STORE_WAIT_MS,
  /** The slow uplink: 100 kB/s. */
  uploadSlowBytesPerMs: 100,
  /** A holder that failed to deliver a block this often is no longer believed to hold it. */
  uploadTriesMax: 3,
  /** Doubted holders of a missing block are asked for it again this often. */
  pleaIntervalMs: 10_000,
  /** Pleas made in one tick, so that a tick stays short. */
  pleasPerTick: 64,
  /** A retiring worker that hands nothing over for this long leaves all the same. */
  handOverStallMs: 60_000,
  /** A retiring worker hands over no longer than this after its last lease. */
  handOverMaxMs: 600_000,
  /** Results stay with their workers this long after the end of a job: clients may be drawing them. */
  lingerMs: 60_000,
  /** Kernel speed before any was timed, in operations a millisecond (0.1 Gop/s: a slow phone). */
  defaultOperationsPerMs: 100_000,
  /** A direct channel before it was measured: 10 MB/s. */
  defaultDirectBytesPerMs: 10_000,
  /** The coordinator before it was measured: 20 MB/s, a wireless network shared by several. */
  defaultStoreBytesPerMs: 20_000,
  /** Asking for a block takes a round trip even when the block is small. */
  transferLatencyMs: 5,
  /** Weight of the newest observation in learned speeds and rates. */
  learningRate: 0.3,
  /** Holders named with an input in a lease; the worker can ask for the others. */
  holdersNamedMax: 16,
  /** Blocks that a holder may announce before anybody asks for them. */
  blocksPerHolderMax: 100_000,
  /** Profiles (learned speeds) of workers that left, kept for their return. */
  profilesMax: 1_024,
  /** Sources that one worker's link rates are kept for. */
  linksPerWorkerMax: 512,
  /** Kernels and functions whose speeds are remembered. */
  groupsMax: 1_024,
  /** Finished jobs remembered for display; the journal has them all. */
  finishedJobsMax: 1_000,
  /** Attempts that were cancelled, remembered to recognise their late results. */
  lateAttemptsMax: 1_024,
  /** Sentences in a task's story. */
  storyMax: 20,
} as const;

/** The same names with any values, so that tests can shorten waits. */
export type Tuning = { readonly [Name in keyof typeof DEFAULT_TUNING]: number };
