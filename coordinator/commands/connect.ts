// Connects a command to a coordinator, or says in one sentence why that is not possible.
import type { ClusterClient } from "../../shared/client/cluster-client.ts";
import { untilConnected } from "../../shared/client/until-connected.ts";
import { type CoordinatorAddress, openNodeClient, type NodeTools } from "../node-client.ts";
import { createTrust, whyUnanswered } from "../node-trust.ts";
import { CommandError } from "./command-error.ts";
import { HOW_TO_TRUST, trustedAuthority } from "./trusted-authority.ts";

/**
 * The address from `--coordinator` and `--token`; the dashboard's whole address with its fragment is
 * taken too, as that is what people copy. Throws CommandError (2).
 */
export function parseCoordinator(text: string, token: string | undefined): CoordinatorAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new CommandError(`"${text}" is not an address. Give one such as http://host:7070.`, 2);
  }
  const found = token ?? new URLSearchParams(url.hash.slice(1)).get("t");
  if (found === null || found === "") {
    throw new CommandError(
      "The token is missing: add --token, with what follows #t= in the dashboard's address.",
      2,
    );
  }
  return { baseUrl: url.origin, token: found };
}

/** What `--coordinator`, `--token` and `--ca` say. Throws CommandError (2). */
export async function remoteCoordinator(options: {
  readonly coordinator?: string;
  readonly token?: string;
  readonly ca?: string;
}): Promise<CoordinatorAddress | undefined> {
  if (options.coordinator === undefined) return undefined;
  const address = parseCoordinator(options.coordinator, options.token);
  const ca = await trustedAuthority(new URL(address.baseUrl), options.ca);
  return ca === undefined ? address : { ...address, ca };
}

/**
 * For commands whose connection is made elsewhere, where no option can be named. Throws CommandError
 * when it is known why that would fail.
 */
export async function checkAnswers({ baseUrl, ca }: CoordinatorAddress): Promise<void> {
  const why = await whyUnanswered(baseUrl, createTrust(ca), HOW_TO_TRUST);
  if (why !== null) throw new CommandError(why);
}

/** Resolves when the coordinator has accepted us and told of its workers. Throws CommandError. */
export async function connect(
  address: CoordinatorAddress,
  tools: NodeTools,
): Promise<ClusterClient> {
  const client = openNodeClient(address, tools);
  await untilConnected(client, {
    refused: (message) => new CommandError(message),
    unanswered: async () => {
      const why = await whyUnanswered(address.baseUrl, createTrust(address.ca), HOW_TO_TRUST);
      return new CommandError(
        why ?? `No coordinator answers at ${address.baseUrl}. Start one with "tabswarm serve".`,
      );
    },
  });
  return client;
}
