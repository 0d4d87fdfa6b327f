/**
 * @module Server-sent events, whose data is JSON, of an answer of `fetch`.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
/** @typedef {import('../platform.js').ServerEvent} ServerEvent */
/**
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<ServerEvent>}
 */
export function readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent>;
export type ServerEvent = import("../platform.js").ServerEvent;
