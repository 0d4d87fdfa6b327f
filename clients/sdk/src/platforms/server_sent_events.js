/**
 * @module Server-sent events, whose data is JSON, of an answer of `fetch`.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */

/** @typedef {import('../platform.js').ServerEvent} ServerEvent */

/**
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<ServerEvent>}
 */
export async function* readEvents(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = parseEvent(text.slice(0, end));
      text = text.slice(end + 2);
      if (event !== null) yield event;
    }
  }
}

/** @param {string} block @returns {ServerEvent | null} null for a comment */
function parseEvent(block) {
  const field = (/** @type {string} */ name) =>
    block
      .split('\n')
      .filter((line) => line.startsWith(`${name}: `))
      .map((line) => line.slice(name.length + 2))
      .join('\n');
  const data = field('data');
  return data === '' ? null : { event: field('event') || 'message', data: JSON.parse(data) };
}
