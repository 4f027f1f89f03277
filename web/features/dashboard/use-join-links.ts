// The join addresses for views, asked for anew with every connection.
import { useEffect, useState } from "react";
import { useCluster, useSession } from "../../app/session.ts";
import { fetchJoinLinks, type JoinLinks } from "./join-links.ts";

export function useJoinLinks(): JoinLinks {
  const { token } = useSession();
  const isConnected = useCluster((state) => state.connection.state === "connected");
  const [links, setLinks] = useState<JoinLinks>({ state: "loading" });

  useEffect(() => {
    // A restarted coordinator may have other addresses, so every new connection asks anew.
    if (!isConnected) return undefined;
    const abort = new AbortController();
    fetchJoinLinks(token, abort.signal).then(
      (found) => setLinks({ state: "ready", links: found }),
      () => {
        if (!abort.signal.aborted) setLinks({ state: "failed" });
      },
    );
    return () => abort.abort();
  }, [token, isConnected]);
  return links;
}
