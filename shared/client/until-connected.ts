// The first moment at which a client is of use: the coordinator has accepted it and told of its workers.
import { ClusterError, type ClusterClient } from "./cluster-client.ts";

/** What the caller's users are told. */
interface ConnectFailures {
  readonly refused: (message: string) => Error;
  /** May find out first why that is. */
  readonly unanswered: () => Error | Promise<Error>;
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
          else if (connection.state === "lost") {
            // Nothing else is waited for; a connection that comes up meanwhile counts all the same.
            Promise.resolve(failures.unanswered()).then(reject, reject);
          }
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
