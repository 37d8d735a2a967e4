import type { FormEvent } from 'react';
import { Notice } from './notice.tsx';

interface KeyFormProps {
  /** Whether one was given, and is none that the server knows. */
  readonly isRefused: boolean;
  readonly onKey: (key: string) => void;
}

/** Asks for an API key, where the server wants one. */
export function KeyForm({ isRefused, onKey }: KeyFormProps) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = `${new FormData(event.currentTarget).get('key') ?? ''}`.trim();
    if (key) onKey(key);
  };
  return (
    <Notice
      kind="grave"
      title={isRefused ? 'The server does not know this API key' : 'The server wants an API key'}
    >
      <p>
        Whoever runs this server gives out keys. Yours is kept for as long as this tab is open, and sent
        nowhere else.
      </p>
      <form className="key" onSubmit={submit}>
        <label htmlFor="key">API key</label>
        <input id="key" name="key" type="password" required autoComplete="off" />
        <button type="submit" className="main">
          Continue
        </button>
      </form>
    </Notice>
  );
}
