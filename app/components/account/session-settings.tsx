import { Form } from "@remix-run/react";
import { Button } from "#app/components/ui/button.tsx";
import { Section } from "#app/components/ui/section.tsx";

/** SessionSettings tells in how many browsers a person is signed in, and signs them out. */
export function SessionSettings({ sessions }: { sessions: number }) {
  return (
    <Section
      title="Sessions"
      description={
        sessions === 1 ? "You are signed in with this browser only." : `You are signed in with ${sessions} browsers.`
      }
    >
      <Form method="post">
        <input type="hidden" name="intent" value="sign-out-everywhere" />
        <Button type="submit">Sign out everywhere</Button>
      </Form>
    </Section>
  );
}
