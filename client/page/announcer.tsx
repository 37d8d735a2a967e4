import { createContext, type ReactNode, useCallback, useContext, useState } from 'react';

const Announce = createContext<(text: string) => void>(() => {});

/** Says in words, to who does not see it, what a click has done. */
export function Announcer({ children }: { readonly children: ReactNode }) {
  const [said, setSaid] = useState('');
  const announce = useCallback((text: string) => setSaid(text), []);
  return (
    <Announce.Provider value={announce}>
      {children}
      <p role="status" className="unseen">
        {said}
      </p>
    </Announce.Provider>
  );
}

export function useAnnounce(): (text: string) => void {
  return useContext(Announce);
}
