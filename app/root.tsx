import { Links, Meta, Outlet, Scripts, ScrollRestoration, isRouteErrorResponse, useRouteError } from "@remix-run/react";
import type { ReactNode } from "react";
import { useCspNonce } from "#app/components/csp-nonce.ts";
import { ErrorPage } from "#app/components/error-page.tsx";
import "#app/tailwind.css";

export function Layout({ children }: { children: ReactNode }) {
  const nonce = useCspNonce();
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <Meta />
        <Links />
      </head>
      <body className="bg-surface font-sans text-ink antialiased">
        {children}
        <ScrollRestoration nonce={nonce} />
        <Scripts nonce={nonce} />
      </body>
    </html>
  );
}

export default function App() {
  return <Outlet />;
}

export function ErrorBoundary() {
  const error = useRouteError();
  const status = isRouteErrorResponse(error) ? error.status : 500;
  const title = status >= 500 ? "Something went wrong" : "This does not work here";
  return (
    <>
      <title>{`${title} - Akavelog`}</title>
      <ErrorPage status={status} title={title}>
        {status >= 500
          ? "The server could not make this page. Its log has the details; reloading may help."
          : "The address exists, but not for what was asked of it."}
      </ErrorPage>
    </>
  );
}
