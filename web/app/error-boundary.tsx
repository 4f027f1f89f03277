// Catches what a view throws, so that the page says something instead of going blank.
import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { MessagePage } from "../components/message-page.tsx";

interface Props {
  readonly children: ReactNode;
}

export class ErrorBoundary extends Component<Props, { readonly message: string | null }> {
  override state = { message: null };

  static getDerivedStateFromError(error: unknown) {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    if (this.state.message === null) return this.props.children;
    return (
      <MessagePage
        title="This page has stopped"
        action={<Button onClick={() => location.reload()}>Reload</Button>}
      >
        <p>
          Something in the page failed; jobs and results are safe with the coordinator. Reloading
          usually helps, most of all after an update.
        </p>
        <p>
          <code>{this.state.message}</code>
        </p>
      </MessagePage>
    );
  }
}
