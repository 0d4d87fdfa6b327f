/**
 * @module The elements that WeChat builds in: their templates' components, and what shows pictures.
 */

/** Attributes of the sample's templates, which its elements have in the page too. */
const ATTRIBUTES = {
  ariaLabel: 'aria-label',
  ariaLevel: 'aria-level',
  ariaRole: 'role',
  ariaChecked: 'aria-checked',
};

/** @param {any} properties */
const component = (properties = {}) => ({ properties: { ariaLabel: String, ...properties } });

/** A component whose element has the attributes itself. */
const labelled = () => ({
  properties: Object.fromEntries(Object.keys(ATTRIBUTES).map((name) => [name, String])),
  observers: Object.fromEntries(
    Object.entries(ATTRIBUTES).map(([property, attribute]) => [
      property,
      /** @this {any} @param {string} value */
      function show(value) {
        if (value) this._$.getBackendElement()?.setAttribute(attribute, value);
      },
    ]),
  ),
});

/** By the names of their tags. */
export const BASE_COMPONENTS = {
  view: labelled(),
  button: labelled(),
  image: component({ src: String, mode: String, alt: String }),
  field: {
    ...component({ value: String, placeholder: String, type: String, maxlength: Number }),
    methods: {
      /** @this {any} @param {any} event */
      input(event) {
        this.triggerEvent('input', event.detail);
      },
      /** @this {any} @param {any} event */
      confirm(event) {
        this.triggerEvent('confirm', event.detail);
      },
    },
  },
  'live-player': live({ src: String, mode: String, objectFit: String, autoplay: Boolean }),
  'live-pusher': live({ url: String, mode: String, autopush: Boolean }),
};

/** @param {any} properties */
function live(properties) {
  return {
    ...component(properties),
    methods: {
      /** @this {any} @param {any} event */
      changed(event) {
        this.triggerEvent('statechange', event.detail);
      },
    },
  };
}

/**
 * Defines the elements that the templates of those components use.
 * @param {import('../frame/stage.js').Stage} stage where streams are published and found
 */
export function defineElements(stage) {
  customElements.define('phone-input', PhoneInput);
  customElements.define(
    'phone-player',
    class extends PhonePlayer {
      constructor() {
        super(stage);
      }
    },
  );
  customElements.define(
    'phone-pusher',
    class extends PhonePusher {
      constructor() {
        super(stage);
      }
    },
  );
}

/** A field whose events carry its value. */
class PhoneInput extends HTMLElement {
  static observedAttributes = ['value', 'placeholder', 'type', 'maxlength', 'label'];

  constructor() {
    super();
    this.field = document.createElement('input');
    this.field.addEventListener('input', (event) => {
      event.stopPropagation();
      this.#raise('input');
    });
    this.field.addEventListener('keydown', ({ key, isComposing }) => {
      if (key === 'Enter' && !isComposing) this.#raise('confirm');
    });
  }

  connectedCallback() {
    this.append(this.field);
  }

  /** @param {string} name @param {string | null} before @param {string | null} value */
  attributeChangedCallback(name, before, value) {
    const text = value ?? '';
    if (name === 'value') {
      if (this.field.value !== text) this.field.value = text;
    } else if (name === 'label') {
      if (text) this.field.setAttribute('aria-label', text);
    } else if (name === 'type') {
      this.field.inputMode = text === 'number' ? 'numeric' : 'text';
    } else if (name === 'maxlength') {
      if (Number(text) > 0) this.field.maxLength = Number(text);
    } else {
      this.field.placeholder = text;
    }
  }

  /** @param {string} name */
  #raise(name) {
    raise(this, name, { value: this.field.value });
  }
}

/** States that `live-player` and `live-pusher` report, as WeChat documents them. */
const STATES = { pushing: 1002, playing: 2004, ended: 2006, lost: -2301 };

/** Shows a stream of the stage. */
class PhonePlayer extends HTMLElement {
  static observedAttributes = ['src'];

  /** @param {import('../frame/stage.js').Stage} stage */
  constructor(stage) {
    super();
    this.stage = stage;
    this.video = document.createElement('video');
    Object.assign(this.video, { muted: true, autoplay: true, playsInline: true });
    this.video.addEventListener('playing', () => report(this, STATES.playing));
    /** @type {(() => void) | null} */
    this.unwatch = null;
  }

  connectedCallback() {
    this.append(this.video);
    this.#watch();
  }

  disconnectedCallback() {
    this.unwatch?.();
    this.unwatch = null;
  }

  attributeChangedCallback() {
    if (this.isConnected) this.#watch();
  }

  #watch() {
    this.unwatch?.();
    const src = this.getAttribute('src');
    if (!src) return;
    this.unwatch = this.stage.watch(src, (stream) => {
      this.video.srcObject = stream;
      if (!stream) report(this, STATES.ended);
    });
  }
}

/** Publishes the picture of the phone's user. */
class PhonePusher extends HTMLElement {
  static observedAttributes = ['url'];

  /** @param {import('../frame/stage.js').Stage} stage */
  constructor(stage) {
    super();
    this.stage = stage;
    this.video = document.createElement('video');
    Object.assign(this.video, { muted: true, autoplay: true, playsInline: true });
    /** @type {{ stream: MediaStream, stop: () => void } | null} */
    this.publication = null;
  }

  connectedCallback() {
    this.append(this.video);
    this.#publish();
  }

  disconnectedCallback() {
    this.publication?.stop();
    this.publication = null;
  }

  attributeChangedCallback() {
    if (this.isConnected) this.#publish();
  }

  #publish() {
    this.publication?.stop();
    const url = this.getAttribute('url');
    if (!url) return;
    this.publication = this.stage.publish(url);
    this.video.srcObject = this.publication.stream;
    report(this, STATES.pushing);
  }
}

/**
 * Reports a state, not while the page is being changed: what comes of it changes the page.
 * @param {HTMLElement} element
 * @param {number} code
 */
function report(element, code) {
  queueMicrotask(() => raise(element, 'statechange', { code }));
}

/**
 * Raises an event of the page. The framework makes its detail of the own properties of the event,
 * if that is of a kind of its own.
 * @param {HTMLElement} element
 * @param {string} name
 * @param {object} detail
 */
function raise(element, name, detail) {
  element.dispatchEvent(Object.assign(new CustomEvent(name), detail));
}
