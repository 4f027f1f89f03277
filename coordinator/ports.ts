// How the scheduler host sees the connected pages: who they are and how to speak to them.
import type { ClientId, Incarnation, PeerId, WorkerId } from "../shared/ids.ts";
import type { CoordinatorMessage, RefusalReason } from "../shared/protocol/messages.ts";
import type { ClientHolder } from "../shared/scheduler/events.ts";
import type { WorkerRecord } from "./worker-record.ts";

interface Port {
  /** Where other peers dial this page. */
  readonly peer: PeerId;
  send(message: CoordinatorMessage): void;
  /** Says why and closes the connection. */
  end(reason: RefusalReason, message: string): void;
}

export interface WorkerPort extends Port {
  readonly worker: WorkerId;
  readonly incarnation: Incarnation;
  readonly record: WorkerRecord;
}

export interface ClientPort extends Port {
  readonly client: ClientId;
}

/** Client ids begin with "c_", which is what makes them holders. */
export const clientHolder = (client: ClientId): ClientHolder => client as string as ClientHolder;
