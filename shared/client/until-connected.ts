// The first moment at which a client is of use: the coordinator has accepted it and told of its workers.
import { ClusterError, type ClusterClient } from "./cluster-client.ts";

/** What the caller's users are told. */
interface ConnectFailures {
  readonly refused: (message: string) => Error;
  readonly unanswered: () => Error;
}

/** What programs get that connect to `address`. */
export const programFailures = (address: string): ConnectFailures => ({
  refused: (message) => new ClusterError(message, 401),
  unanswered: () => new ClusterError(`No coordinator answers at ${address}. Is it running?`, 0),
});

/** Rejects, and closes the client, when the coordinator refuses it or does not answer. */
export async function untilConnected(
  client: ClusterClient,
  failures: ConnectFailures,
): Promise<void> {
  const stops: (() => void)[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      stops.push(
        client.onView(() => resolve()),
        client.onConnection((connection) => {
          if (connection.state === "refused") reject(failures.refused(connection.message));
          else if (connection.state === "lost") reject(failures.unanswered());
        }),
      );
    });
  } catch (error) {
    client.close();
    throw error;
  } finally {
    for (const stop of stops) stop();
  }
}
