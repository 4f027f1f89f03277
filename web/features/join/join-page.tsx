// The page of a machine that joins: asks first, then shows its threads, what it gives, and how to stop it.
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { MessagePage } from "../../components/message-page.tsx";
import { remembersJoining } from "../../worker/identity.ts";
import { Farewell, type FarewellReason } from "./farewell.tsx";
import { Invitation } from "./invitation.tsx";
import { askedByAddress } from "./join-state.ts";
import { openJoin, type Join } from "./join-store.ts";
import { Joined } from "./joined.tsx";
import styles from "./join-page.module.css";

/** A page that was a worker before it was reloaded or restored is one again, without asking twice. */
const joinsByItself = (): boolean => askedByAddress(location.search).isAuto || remembersJoining();

export function JoinPage({ token }: { token: string }) {
  const [hasAgreed, setHasAgreed] = useState(joinsByItself);
  const [farewell, setFarewell] = useState<FarewellReason | null>(null);

  if (farewell !== null) {
    return (
      <Farewell
        reason={farewell}
        onReturn={() => {
          setFarewell(null);
          setHasAgreed(true);
        }}
      />
    );
  }
  if (!hasAgreed) return <Invitation onAgree={() => setHasAgreed(true)} />;
  return <Joining token={token} onEnd={setFarewell} />;
}

function Joining({ token, onEnd }: { token: string; onEnd: (reason: FarewellReason) => void }) {
  const [join, setJoin] = useState<Join | null>(null);
  const [failure, setFailure] = useState<string | null>(null);

  useEffect(() => {
    document.title = "Joined · Tabswarm";
    let isGone = false;
    let opened: Join | null = null;
    openJoin(token).then(
      (made) => {
        if (isGone) return made.close();
        opened = made;
        setJoin(made);
      },
      (error: unknown) => {
        if (!isGone) setFailure(error instanceof Error ? error.message : String(error));
      },
    );
    return () => {
      isGone = true;
      opened?.close();
      setJoin(null);
    };
  }, [token]);

  if (failure !== null) {
    return (
      <MessagePage
        title="This machine could not join"
        action={<Button onClick={() => location.reload()}>Try again</Button>}
      >
        <p>{failure}</p>
      </MessagePage>
    );
  }
  if (join === null) return <div className={styles["page"]} />;
  return <Joined join={join} onEnd={onEnd} />;
}
