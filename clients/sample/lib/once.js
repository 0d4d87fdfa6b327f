const { makeRequestId } = require('qlive');

/**
 * Lets the user do something that costs money, one at a time. The same choice again, after no
 * answer came, is the same request: it is paid once.
 * @returns {<T>(choice: object, work: (requestId: string) => Promise<T>) => Promise<T | undefined>}
 *   resolves to undefined while the last one is under way
 */
function createOnce() {
  let busy = false;
  /** @type {{ key: string, requestId: string } | null} */
  let open = null;
  return async (choice, work) => {
    if (busy) return undefined;
    busy = true;
    const key = JSON.stringify(choice);
    if (!open || open.key !== key) open = { key, requestId: makeRequestId() };
    try {
      const answer = await work(open.requestId);
      open = null;
      return answer;
    } catch (error) {
      if (/** @type {any} */ (error).action !== 'retry') open = null;
      throw error;
    } finally {
      busy = false;
    }
  };
}

module.exports = { createOnce };
