// Shown when the address lacks its key: says where the full address stands.
import { MessagePage } from "../components/message-page.tsx";
import type { TokenRole } from "./session-token.ts";

export function NoTokenPage({ role }: { role: TokenRole }) {
  return (
    <MessagePage title="This address is missing its key">
      <p>
        {role === "join"
          ? "To join, a machine needs the full join address. It ends with a key, like this:"
          : "The dashboard opens only with its full address. It ends with a key, like this:"}
      </p>
      <p>
        <code>
          {location.origin}
          {role === "join" ? "/join" : "/"}#t=…
        </code>
      </p>
      <p>
        {role === "join"
          ? "The dashboard shows it under “Add a machine”, with a code to scan. The terminal where Tabswarm was started prints it too."
          : "The terminal where Tabswarm was started prints it. Copy it from there, the part after # included."}
      </p>
    </MessagePage>
  );
}
