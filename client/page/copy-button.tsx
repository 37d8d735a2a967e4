import { useState } from 'react';
import { useAnnounce } from './announcer.tsx';
import { Icon } from './icons.tsx';

const SHOWN_MS = 1500;

interface CopyButtonProps {
  readonly text: string;
  /** What it is, as `address of DAI`. */
  readonly what: string;
}

/** Copies a text. Browsers let pages do so only on `https:` and this machine: elsewhere there is no button. */
export function CopyButton({ text, what }: CopyButtonProps) {
  const announce = useAnnounce();
  const [isDone, setIsDone] = useState(false);
  if (!navigator.clipboard) return null;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return announce(`The browser does not let the ${what} be copied.`);
    }
    announce(`Copied: ${what}.`);
    setIsDone(true);
    setTimeout(() => setIsDone(false), SHOWN_MS);
  };
  return (
    <button type="button" className="copy" onClick={copy} aria-label={`Copy ${what}`} title={`Copy ${what}`}>
      <Icon name={isDone ? 'check' : 'copy'} />
    </button>
  );
}
