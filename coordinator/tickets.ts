// Tickets that admit once to one download or one stream of events, where no header can be set.
import type { JobId } from "../shared/ids.ts";
import type { TicketPurpose } from "../shared/protocol/http.ts";
import { freshToken } from "./access-tokens.ts";

/** A click on "download" follows its ticket at once. */
const TICKET_LIFE_MS = 60_000;
const TICKETS_MAX = 1_024;

interface Ticket {
  readonly job: JobId;
  readonly purpose: TicketPurpose;
  readonly expiresAtMs: number;
}

export class TicketOffice {
  readonly #nowMs: () => number;
  readonly #tickets = new Map<string, Ticket>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  issue(job: JobId, purpose: TicketPurpose): string {
    for (const [ticket, { expiresAtMs }] of this.#tickets) {
      // In the order of issue, so the first that is young ends the search.
      if (expiresAtMs > this.#nowMs() && this.#tickets.size < TICKETS_MAX) break;
      this.#tickets.delete(ticket);
    }
    const ticket = freshToken();
    this.#tickets.set(ticket, { job, purpose, expiresAtMs: this.#nowMs() + TICKET_LIFE_MS });
    return ticket;
  }

  /** False when it was never issued for this, has been used, or is too old. */
  redeem(ticket: string, job: JobId, purpose: TicketPurpose): boolean {
    const found = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    return (
      found !== undefined &&
      found.job === job &&
      found.purpose === purpose &&
      found.expiresAtMs > this.#nowMs()
    );
  }
}
