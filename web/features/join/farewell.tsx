// What the page says when its machine does not compute any more: why, and how it may come back.
import { Button } from "@mantine/core";
import { useEffect } from "react";
import { MessagePage } from "../../components/message-page.tsx";
import type { EndedBy } from "../../worker/worker-snapshot.ts";
import { farewellWords } from "./join-words.ts";
import { useStateOnDocument } from "./use-worker-state.ts";

export interface FarewellReason {
  readonly by: EndedBy | "left";
  /** What this machine gave, in sentences. */
  readonly given: readonly string[];
}

export function Farewell({ reason, onReturn }: { reason: FarewellReason; onReturn: () => void }) {
  useStateOnDocument("left", reason.by);
  useEffect(() => {
    document.title = "Left · Tabswarm";
  }, []);
  const { title, text } = farewellWords(reason.by);
  return (
    <MessagePage title={title} action={<Button onClick={onReturn}>Join again</Button>}>
      <p>{text}</p>
      {reason.given.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </MessagePage>
  );
}
