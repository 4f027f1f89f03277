// Every maximum and every timeout of the system, with its unit in its name.

/** A block: large enough for a 512-series tile or a panel, small enough to buffer a few of. */
export const BLOCK_BYTES_MAX = 64 * 2 ** 20;
/** A block up to this size travels inside messages, and the store keeps it in the journal's database. */
export const SMALL_BLOCK_BYTES_MAX = 8 * 2 ** 10;
/** Panels aim at this size: one transfer of about 40 ms on gigabit, a few on a data channel. */
export const PANEL_BYTES_TARGET = 4 * 2 ** 20;
/** A control message (JSON) on the WebSocket. */
export const CONTROL_MESSAGE_BYTES_MAX = 1 * 2 ** 20;
/** The body of a job submission: 5,000 tasks take about 3 MB. */
export const JOB_BODY_BYTES_MAX = 64 * 2 ** 20;
/** A dataset's description: names and dates only, the values are blocks. */
export const DATASET_BODY_BYTES_MAX = 32 * 2 ** 20;
/**
 * Buffers that the functions in one thread may hold: sixteen of the largest blocks; four threads leave half
 * of an ordinary laptop's 8 GiB to its user. Machines that tell of less than 4 GiB give a quarter of it.
 */
export const SANDBOX_BUFFER_BYTES_MAX = 2 ** 30;
export const TASKS_PER_JOB_MAX = 200_000;
export const INPUTS_PER_TASK_MAX = 256;
/** What a task may ask for as its limit of time in a thread: a day. */
export const TASK_LIMIT_MS_MAX = 86_400_000;
export const SERIES_MAX = 50_000;
export const DATES_MAX = 1_000_000;
/** A series' name; a dropped file may have anything in its header. */
export const SERIES_NAME_LENGTH_MAX = 1_000;
/** Series × dates of one table: 4 GiB of float64, all that a browser's tab can hold. */
export const TABLE_VALUES_MAX = 2 ** 29;
/** A cell of a text table; a longer one is almost always a quotation mark that nobody closed. */
export const CELL_CHARS_MAX = 2 ** 20;
/** A line of a text table: 50,000 series with room for long numbers. */
export const RECORD_CHARS_MAX = 2 ** 25;
export const WORKERS_MAX = 256;
export const CLIENTS_MAX = 64;
export const THREADS_PER_WORKER_MAX = 256;
export const NAME_LENGTH_MAX = 64;

/** Actors of one coordinator. */
export const ACTORS_MAX = 1_000;
/** Actors in the threads of one worker: each is a Web Worker of some megabytes. */
export const ACTORS_PER_WORKER_MAX = 64;
/** Calls of one actor that wait or run; one more is refused as "busy". */
export const ACTOR_CALLS_MAX = 1_000;
/** Bytes of the arguments of these calls, as far as they travel inside messages. */
export const ACTOR_CALL_BYTES_MAX = 8 * 2 ** 20;
/** Arguments and results up to this size travel inside messages, which fit into a data channel's; larger ones as blocks. */
export const ACTOR_INLINE_BYTES_MAX = 40 * 2 ** 10;
/** The longest deadline of a call: a day. */
export const ACTOR_DEADLINE_MS_MAX = 86_400_000;
/** A call is sent again at most so often after its worker was lost. */
export const ACTOR_RETRIES_MAX = 100;

/** The coordinator asks every session this often; answering needs no timer in the page. */
export const PING_INTERVAL_MS = 2_000;
/** Silent this long, a worker gets no new work and its attempts may be leased a second time. */
export const SUSPECT_AFTER_MS = 8_000;
/** Silent this long, a visible worker's incarnation ends. */
export const LOST_AFTER_MS = 25_000;
/** Hidden pages are throttled by browsers, not gone: they get longer. */
export const LOST_AFTER_HIDDEN_MS = 90_000;
/** Without an open direct channel after this time the coordinator carries the bytes. */
export const DIRECT_CHANNEL_TIMEOUT_MS = 4_000;
/** A transfer that delivers nothing for this long is abandoned and tried elsewhere. */
export const TRANSFER_STALL_MS = 5_000;
/** How long the coordinator waits for a holder to upload a block that somebody asked for. */
export const STORE_WAIT_MS = 30_000;
