import { readFileSync } from 'node:fs';

/** A fenced block of README. */
export interface Example {
  readonly language: string;
  readonly text: string;
  /** The headline that it stands under. */
  readonly section: string;
  /** What is said before it, back to the block before. */
  readonly introduction: string;
}

/** Every example of README's section "Use it", in its order. */
export function readExamples(): readonly Example[] {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const [, chapter = ''] = /^## Use it\n([\s\S]*?)^## /m.exec(readme) ?? [];
  return chapter.split(/^### /m).flatMap((part) => {
    const section = part.slice(0, part.indexOf('\n'));
    let end = 0;
    return [...part.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(
      ({ 0: whole, 1: language = '', 2: text = '', index }) => {
        const introduction = part.slice(end, index);
        end = index + whole.length;
        return { language, text, section, introduction };
      },
    );
  });
}
