import { Form, Link, NavLink, useRouteLoaderData } from "@remix-run/react";
import { Bell, ChevronsUpDown, CircleUser, LayoutDashboard, ScrollText, Settings, type LucideIcon } from "lucide-react";
import { useState, type ReactNode } from "react";
import type { Account } from "#app/core/account.ts";
import { Mark } from "#app/components/mark.tsx";
import { SkipLink } from "#app/components/skip-link.tsx";
import { applyTheme, type Theme } from "#app/components/theme.ts";
import { useScrollOfPages } from "#app/components/use-scroll-of-pages.ts";
import { keepZone, useZone } from "#app/components/zone.ts";
import { buttonClass } from "#app/components/ui/button.tsx";
import { Menu, MenuChoices, MenuLabel, MenuLink, MenuSeparator } from "#app/components/ui/menu.tsx";

/** ProjectLink is a project as the switcher lists it. */
export interface ProjectLink {
  name: string;
  slug: string;
}

export interface AppShellProps {
  account: Account;
  projects: readonly ProjectLink[];
  /** The project whose pages these are; none on pages of the whole installation. */
  project?: ProjectLink;
  children: ReactNode;
}

const PAGES: readonly { path: string; label: string; icon: LucideIcon }[] = [
  { path: "", label: "Dashboard", icon: LayoutDashboard },
  { path: "/logs", label: "Logs", icon: ScrollText },
  { path: "/alerts", label: "Alerts", icon: Bell },
  { path: "/settings", label: "Settings", icon: Settings },
];

/** AppShell is the frame of every page for people who are signed in; the page below it takes the height that is left. */
export function AppShell({ account, projects, project, children }: AppShellProps) {
  const page = useScrollOfPages();
  return (
    <div className="flex h-dvh flex-col">
      <SkipLink />
      <header className="flex shrink-0 flex-wrap items-center gap-x-3 border-b border-border bg-raised px-3 sm:h-12 sm:flex-nowrap sm:px-4">
        <Link
          to="/"
          className="flex h-12 items-center gap-2 rounded font-semibold tracking-tight"
          aria-label="Akavelog: all projects"
        >
          <Mark />
          <span className={project === undefined ? "" : "hidden lg:inline"}>Akavelog</span>
        </Link>
        {project !== undefined && <ProjectSwitcher project={project} projects={projects} />}
        {project !== undefined && <ProjectNavigation slug={project.slug} />}
        <div className="ml-auto">
          <AccountMenu account={account} />
        </div>
      </header>
      <main ref={page} id="content" tabIndex={-1} className="flex min-h-0 flex-1 flex-col overflow-y-auto outline-none">
        {children}
      </main>
    </div>
  );
}

function ProjectSwitcher({ project, projects }: { project: ProjectLink; projects: readonly ProjectLink[] }) {
  return (
    <Menu
      align="start"
      trigger={
        <button
          type="button"
          aria-label={`${project.name}, switch project`}
          className={buttonClass({ tone: "quiet", size: "small" }, "max-w-48 text-ink!")}
        >
          <span className="truncate">{project.name}</span>
          <ChevronsUpDown className="size-3.5 shrink-0 text-muted" aria-hidden="true" />
        </button>
      }
    >
      <MenuLabel>Projects</MenuLabel>
      {projects.map(({ name, slug }) => (
        <MenuLink key={slug} to={`/p/${slug}`} isCurrent={slug === project.slug}>
          {name}
        </MenuLink>
      ))}
      <MenuSeparator />
      <MenuLink to="/">All projects</MenuLink>
    </Menu>
  );
}

function ProjectNavigation({ slug }: { slug: string }) {
  return (
    <nav
      aria-label="Project"
      className="order-last -mx-1 flex w-full gap-1 overflow-x-auto pb-1.5 sm:order-none sm:mx-0 sm:w-auto sm:pb-0"
    >
      {PAGES.map(({ path, label, icon: Icon }) => (
        <NavLink
          key={path}
          to={`/p/${slug}${path}`}
          end={path === ""}
          className="flex h-8 items-center gap-1.5 rounded-md px-2.5 text-sm font-medium text-muted transition-colors hover:bg-sunken hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:text-accent"
        >
          <Icon className="hidden size-4 md:block" aria-hidden="true" />
          {label}
        </NavLink>
      ))}
    </nav>
  );
}

const THEME_CHOICES = [
  { value: "system", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
] as const;

const ZONE_CHOICES = [
  { value: "local", label: "My zone" },
  { value: "utc", label: "UTC" },
] as const;

function AccountMenu({ account }: { account: Account }) {
  const root = useRouteLoaderData<{ theme: Theme }>("root");
  const [theme, setTheme] = useState<Theme>(root?.theme ?? "system");
  const zone = useZone();
  function choose(next: Theme) {
    setTheme(next);
    applyTheme(next);
  }
  return (
    <Menu
      trigger={
        <button type="button" className={buttonClass({ tone: "quiet", size: "small" }, "w-8 px-0!")}>
          <CircleUser className="size-5" aria-hidden="true" />
          <span className="sr-only">Account and theme</span>
        </button>
      }
    >
      <MenuLabel>{account.email}</MenuLabel>
      <MenuLink to="/account">Password and sessions</MenuLink>
      <MenuSeparator />
      <MenuChoices label="Theme" value={theme} choices={THEME_CHOICES} onChange={choose} />
      <MenuSeparator />
      <MenuChoices label="Times" value={zone} choices={ZONE_CHOICES} onChange={keepZone} />
      <MenuSeparator />
      <Form method="post" action="/logout">
        <button type="submit" className="w-full cursor-pointer rounded px-2.5 py-1.5 text-left text-sm hover:bg-sunken">
          Sign out
        </button>
      </Form>
    </Menu>
  );
}
