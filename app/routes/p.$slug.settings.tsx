import { NavLink, Outlet, useLocation, useRouteLoaderData, type MetaFunction } from "@remix-run/react";
import { useEffect, useRef } from "react";
import { roleAllows, type Role } from "#app/core/account.ts";
import { PageBody } from "#app/components/ui/page-body.tsx";

/** `needs` is what the page itself asks for. */
const PAGES: readonly { path: string; label: string; needs: Role }[] = [
  { path: ".", label: "General", needs: "viewer" },
  { path: "keys", label: "Keys", needs: "member" },
  { path: "shippers", label: "Shippers", needs: "viewer" },
  { path: "members", label: "Members", needs: "viewer" },
  { path: "channels", label: "Channels", needs: "viewer" },
  { path: "audit", label: "Audit log", needs: "owner" },
];

export const meta: MetaFunction = ({ params }) => [{ title: `Settings of ${params["slug"]} - Akavelog` }];

export default function Settings() {
  const { pathname } = useLocation();
  const role = useRouteLoaderData<{ role: Role }>("routes/p.$slug")?.role ?? "viewer";
  const tabs = useRef<HTMLElement>(null);
  // On a phone the last ones are beyond the side.
  useEffect(() => {
    tabs.current?.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [pathname]);
  return (
    <PageBody title="Settings">
      <nav ref={tabs} aria-label="Settings" className="-mt-1 flex gap-1 overflow-x-auto border-b border-border">
        {PAGES.filter(({ needs }) => roleAllows(role, needs)).map(({ path, label }) => (
          <NavLink
            key={path}
            to={path}
            end={path === "."}
            className="-mb-px h-9 shrink-0 border-b-2 border-transparent px-3 text-sm leading-8 font-medium text-muted hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-accent"
          >
            {label}
          </NavLink>
        ))}
      </nav>
      <Outlet />
    </PageBody>
  );
}
