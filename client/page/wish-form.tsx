import { type FormEvent, type ReactNode, useId, useRef, useState } from 'react';
import type { ServedChain } from './server.ts';
import { checked, type Draft, type Mistakes } from './wish.ts';

interface WishFormProps {
  readonly draft: Draft;
  readonly chains: readonly ServedChain[];
  /** Whether what is wrong is said from the beginning: somebody came with it. */
  readonly isTried: boolean;
  readonly onWish: (draft: Draft) => void;
}

/** Which wallet, on which chain, and which of its tokens. */
export function WishForm({ draft, chains, isTried, onWish }: WishFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [mistakes, setMistakes] = useState<Mistakes>(() => (isTried ? mistakesOf(draft, chains) : {}));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: keyof Draft) => `${fields.get(name) ?? ''}`.trim();
    const wanted = { owner: text('owner'), chain: text('chain'), list: text('list'), tokens: text('tokens') };
    const found = mistakesOf(wanted, chains);
    setMistakes(found);
    const [first] = Object.keys(found);
    if (!first) return onWish(wanted);
    const field = form.current?.elements.namedItem(first);
    if (field instanceof HTMLElement) field.focus();
  };
  return (
    <form ref={form} className="wish" onSubmit={submit} noValidate>
      <Field title="Wallet" mistake={mistakes.owner} wide>
        {(props) => (
          <input
            {...props}
            name="owner"
            required
            defaultValue={draft.owner}
            placeholder="0x…"
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
          />
        )}
      </Field>
      <Field title="Chain" mistake={mistakes.chain}>
        {(props) => (
          <select {...props} name="chain" defaultValue={chosen(draft, chains)}>
            {chains.map(({ id, name }) => (
              <option key={id} value={id}>
                {name} ({id})
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field
        title="Token list (optional)"
        hint="Address of a list in Uniswap’s format."
        mistake={mistakes.list}
      >
        {(props) => (
          <input
            {...props}
            name="list"
            type="url"
            defaultValue={draft.list}
            placeholder="https://…"
            spellCheck={false}
            autoComplete="off"
          />
        )}
      </Field>
      <Field
        title="More tokens (optional)"
        hint="Their addresses. The chain’s own coin is always there."
        mistake={mistakes.tokens}
        wide
      >
        {(props) => (
          <input
            {...props}
            name="tokens"
            defaultValue={draft.tokens}
            placeholder="0x… 0x…"
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
          />
        )}
      </Field>
      <button type="submit" className="main">
        Watch
      </button>
    </form>
  );
}

function mistakesOf(draft: Draft, chains: readonly ServedChain[]): Mistakes {
  const result = checked(draft, chains);
  return 'mistakes' in result ? result.mistakes : {};
}

function chosen(draft: Draft, chains: readonly ServedChain[]): string {
  return `${chains.find(({ id }) => `${id}` === draft.chain)?.id ?? chains[0]?.id ?? ''}`;
}

interface FieldProps {
  readonly title: string;
  readonly hint?: string;
  readonly mistake?: string | undefined;
  readonly wide?: boolean;
  readonly children: (props: {
    readonly id: string;
    readonly 'aria-invalid': boolean;
    readonly 'aria-describedby': string | undefined;
  }) => ReactNode;
}

function Field({ title, hint, mistake, wide = false, children }: FieldProps) {
  const id = useId();
  const about = mistake ?? hint;
  return (
    <div className={wide ? 'field wide' : 'field'}>
      <label htmlFor={id}>{title}</label>
      {children({ id, 'aria-invalid': mistake !== undefined, 'aria-describedby': about && `${id}-about` })}
      {about && (
        <p id={`${id}-about`} className={mistake ? 'mistake' : 'hint'}>
          {about}
        </p>
      )}
    </div>
  );
}
