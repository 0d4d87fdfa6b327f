/** What was said and what happened, the newest at the bottom. */
Component({
  properties: {
    /** `{ id, kind, name, text }`, the oldest first. */
    lines: { type: Array, value: [] },
  },
});
