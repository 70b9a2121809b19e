import { Bookmark, Trash2 } from "lucide-react";
import { useFetcher } from "@remix-run/react";
import { useEffect } from "react";
import { Button } from "#app/components/ui/button.tsx";
import { Dialog } from "#app/components/ui/dialog.tsx";
import { Field, FormErrors, Input } from "#app/components/ui/field.tsx";
import type { SavedSearch } from "#app/core/saved-search.ts";

/** SavedSearchAnswer is what the page's action says. */
export interface SavedSearchAnswer {
  ok: boolean;
  errors: { name?: string[]; form?: string[] };
}

export interface SavedSearchesProps {
  saved: readonly SavedSearch[];
  canEdit: boolean;
  /** The address's parameters of what would be saved. */
  search: string;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  onOpenSaved: (saved: SavedSearch) => void;
}

/** SavedSearches saves what is looked at under a name, and lists what the project has saved. */
export function SavedSearches({ saved, canEdit, search, isOpen, onOpenChange, onOpenSaved }: SavedSearchesProps) {
  return (
    <Dialog
      title="Saved searches"
      description={
        canEdit
          ? "Everyone in the project sees them. A name that is taken is overwritten."
          : "What the members of the project have saved. Your role is to look only."
      }
      isOpen={isOpen}
      onOpenChange={onOpenChange}
    >
      {canEdit && <SaveForm search={search} onSaved={() => onOpenChange(false)} />}
      <ul className="mt-4 max-h-72 space-y-0.5 overflow-y-auto">
        {saved.map((one) => (
          <li key={one.id} className="flex items-center gap-1 rounded-md hover:bg-sunken">
            <button
              type="button"
              onClick={() => {
                onOpenChange(false);
                onOpenSaved(one);
              }}
              className="flex min-w-0 flex-1 cursor-pointer items-center gap-2.5 rounded-md px-2 py-1.5 text-left text-sm"
            >
              <Bookmark className="size-4 shrink-0 text-muted" aria-hidden="true" />
              <span className="shrink-0 font-medium">{one.name}</span>
              <span className="min-w-0 truncate font-mono text-xs text-muted">
                {new URLSearchParams(one.search).get("query") ?? ""}
              </span>
              {one.savedBy !== null && <span className="ml-auto shrink-0 text-xs text-muted">{one.savedBy}</span>}
            </button>
            {canEdit && <DeleteForm saved={one} />}
          </li>
        ))}
      </ul>
      {saved.length === 0 && <p className="mt-4 text-sm text-muted">None yet.</p>}
    </Dialog>
  );
}

function SaveForm({ search, onSaved }: { search: string; onSaved: () => void }) {
  const fetcher = useFetcher<SavedSearchAnswer>();
  const answer = fetcher.data;
  useEffect(() => {
    if (fetcher.state === "idle" && answer?.ok === true) onSaved();
  }, [fetcher.state, answer, onSaved]);
  return (
    <fetcher.Form method="post" className="space-y-3">
      <input type="hidden" name="intent" value="save" />
      <input type="hidden" name="search" value={search} />
      <FormErrors errors={answer?.errors.form} />
      <div className="flex items-end gap-2">
        <div className="min-w-0 flex-1">
          <Field label="Name" errors={answer?.errors.name}>
            {(control) => <Input {...control} name="name" autoComplete="off" required maxLength={80} />}
          </Field>
        </div>
        <Button type="submit" tone="primary" disabled={fetcher.state !== "idle"}>
          Save this search
        </Button>
      </div>
    </fetcher.Form>
  );
}

function DeleteForm({ saved }: { saved: SavedSearch }) {
  const fetcher = useFetcher<SavedSearchAnswer>();
  return (
    <fetcher.Form method="post">
      <input type="hidden" name="intent" value="delete" />
      <input type="hidden" name="id" value={saved.id} />
      <Button
        type="submit"
        tone="quiet"
        size="small"
        disabled={fetcher.state !== "idle"}
        aria-label={`Delete ${saved.name}`}
        className="w-8 px-0!"
      >
        <Trash2 className="size-4" aria-hidden="true" />
      </Button>
    </fetcher.Form>
  );
}
