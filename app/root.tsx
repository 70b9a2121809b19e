import { Links, Meta, Outlet, Scripts, ScrollRestoration, useRouteLoaderData } from "@remix-run/react";
import type { LoaderFunctionArgs } from "@remix-run/server-runtime";
import type { ReactNode } from "react";
import { useCspNonce } from "#app/components/csp-nonce.ts";
import { themeOfCookie } from "#app/components/theme.ts";
import "#app/tailwind.css";

export function loader({ request }: LoaderFunctionArgs) {
  return { theme: themeOfCookie(request.headers.get("cookie")) };
}

export { revalidateByPath as shouldRevalidate } from "#app/components/revalidate-by-path.ts";

export function Layout({ children }: { children: ReactNode }) {
  const nonce = useCspNonce();
  // Undefined where the loader itself failed.
  const theme = useRouteLoaderData<typeof loader>("root")?.theme ?? "system";
  return (
    <html lang="en" {...(theme === "system" ? {} : { "data-theme": theme })} suppressHydrationWarning>
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

export { ProblemPage as ErrorBoundary } from "#app/components/problem-box.tsx";
