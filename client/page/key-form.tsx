import type { FormEvent } from 'react';

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
    <section className="welcome" aria-labelledby="welcome">
      <h1 id="welcome">The server wants an API key</h1>
      <p>
        Whoever runs this server gives them out. Yours is kept while this tab is open, and sent to this server
        alone.
      </p>
      <form className="wish" onSubmit={submit}>
        <div className="field wide">
          <label htmlFor="key">API key</label>
          <input
            id="key"
            name="key"
            type="password"
            required
            autoComplete="off"
            aria-invalid={isRefused}
            aria-describedby={isRefused ? 'key-mistake' : undefined}
          />
          {isRefused && (
            <p id="key-mistake" className="mistake" role="alert">
              The server does not know this API key.
            </p>
          )}
        </div>
        <button type="submit" className="main">
          Continue
        </button>
      </form>
    </section>
  );
}
