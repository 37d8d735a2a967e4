import type { ReactNode } from 'react';
import { Icon } from './icons.tsx';

interface NoticeProps {
  readonly title: string;
  /** Grave: somebody has to do something. */
  readonly kind: 'passing' | 'grave';
  readonly children: ReactNode;
}

/** What is wrong, and what to do. */
export function Notice({ title, kind, children }: NoticeProps) {
  return (
    <div className={`notice ${kind}`} role={kind === 'grave' ? 'alert' : 'status'}>
      <Icon name="alert" />
      <div>
        <h2>{title}</h2>
        {children}
      </div>
    </div>
  );
}
