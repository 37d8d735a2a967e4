/** One server-sent event as it came over the wire, or a comment. */
export interface WireEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly retry?: string;
  readonly comment?: string;
}

/** The blocks of an event stream in order; ends when the stream does. */
export async function* eventsOf(response: Response): AsyncGenerator<WireEvent> {
  if (!response.body) throw new Error('no body');
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) yield parse(block);
  }
  if (text !== '') throw new Error(`the stream ended within an event: ${text}`);
}

function parse(block: string): WireEvent {
  return Object.fromEntries(
    block.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon) || 'comment', line.slice(colon + 1).replace(/^ /, '')];
    }),
  );
}
