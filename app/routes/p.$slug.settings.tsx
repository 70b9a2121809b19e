import { NavLink, Outlet, useLocation, type MetaFunction } from "@remix-run/react";
import { useEffect, useRef } from "react";
import { PageBody } from "#app/components/ui/page-body.tsx";

const PAGES = [
  { path: ".", label: "General" },
  { path: "keys", label: "Keys" },
  { path: "shippers", label: "Shippers" },
  { path: "members", label: "Members" },
  { path: "channels", label: "Channels" },
  { path: "audit", label: "Audit log" },
] as const;

export const meta: MetaFunction = ({ params }) => [{ title: `Settings of ${params["slug"]} - Akavelog` }];

export default function Settings() {
  const { pathname } = useLocation();
  const tabs = useRef<HTMLElement>(null);
  // On a phone the last ones are beyond the side.
  useEffect(() => {
    tabs.current?.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [pathname]);
  return (
    <PageBody title="Settings">
      <nav ref={tabs} aria-label="Settings" className="-mt-1 flex gap-1 overflow-x-auto border-b border-border">
        {PAGES.map(({ path, label }) => (
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
