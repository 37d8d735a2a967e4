import type { Token } from '@balance-stream/client';
import { memo, useState } from 'react';
import { Identicon } from '../identicon.tsx';

interface LogoProps {
  readonly token: Token;
  /** Whether pictures may come from other hosts. */
  readonly remote: boolean;
}

/** A token's picture where there is one that may be shown, else what its address looks like. */
export const Logo = memo(function Logo({ token, remote }: LogoProps) {
  const [failed, setFailed] = useState<string>();
  const url = token.logoURI;
  const mayShow =
    url !== null && url !== failed && (url.startsWith('data:image/') || (remote && isRemote(url)));
  if (!mayShow) return token.native ? <Coin /> : <Identicon address={token.address} />;
  return (
    <img
      className="picture"
      src={url}
      alt=""
      width="32"
      height="32"
      loading="lazy"
      decoding="async"
      referrerPolicy="no-referrer"
      onError={() => setFailed(url)}
    />
  );
});

/** The native coin has no address of its own to look like. */
function Coin() {
  return (
    <svg className="picture coin" viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="16" cy="16" r="16" />
      <path d="M16 6l7 10-7 10-7-10z" />
    </svg>
  );
}

export function isRemote(url: string | null): boolean {
  return url?.startsWith('https:') === true;
}
