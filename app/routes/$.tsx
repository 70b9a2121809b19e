import { data } from "@remix-run/server-runtime";

/** Everything that no other route answers. API clients get a problem document from entry.server.tsx. */
export function loader() {
  return data(null, { status: 404 });
}

export function action() {
  return data(null, { status: 404 });
}

export default function NotFound() {
  return <h1>Page not found</h1>;
}
