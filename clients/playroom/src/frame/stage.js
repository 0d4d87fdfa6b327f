/**
 * @module The streams of all phones: a picture is painted for each user who publishes, and handed
 * over to the phones that play it.
 */

/** Sizes of the pictures of a guest and of the host, and their rate. */
const GUEST = { width: 240, height: 264 };
const HOST = { width: 420, height: 250 };
const RATE = 15;

const COLOURS = { 1: ['#1f4468', '#4b8fc7'], 2: ['#7a2350', '#e07aa8'], 0: ['#5b2440', '#d1668a'] };

/**
 * @typedef {object} Publication
 * @property {MediaStream} stream
 * @property {() => void} stop
 */

export class Stage {
  /** @param {(userId: string, change: 'start' | 'stop') => void} report tells that a stream began or ended */
  constructor(report) {
    this.report = report;
    /** @type {Map<string, Publication>} */
    this.publications = new Map();
    /** @type {Map<string, Set<(stream: MediaStream | null) => void>>} */
    this.watchers = new Map();
    /** What is known of users: how their pictures look. @type {Map<string, any>} */
    this.actors = new Map();
  }

  /** @param {string} userId @param {{ gender: number, face: string, name: string }} actor */
  setActor(userId, actor) {
    this.actors.set(userId, actor);
  }

  /**
   * Publishes at a push URL.
   * @param {string} url
   * @returns {Publication}
   */
  publish(url) {
    const user = userOf(url);
    const picture = paint(this.actors.get(user) ?? { gender: 0, face: '', name: '' });
    const stop = () => {
      if (this.publications.get(user) !== publication) return;
      picture.stop();
      this.publications.delete(user);
      this.#announce(user, null);
      this.report(user, 'stop');
    };
    const publication = { stream: picture.stream, stop };
    this.publications.set(user, publication);
    this.#announce(user, picture.stream);
    this.report(user, 'start');
    return publication;
  }

  /**
   * Calls the watcher with the stream of a play URL, now and whenever it changes; null: none.
   * @param {string} url
   * @param {(stream: MediaStream | null) => void} watcher
   * @returns {() => void} ends it
   */
  watch(url, watcher) {
    const user = userOf(url);
    const watchers = this.watchers.get(user) ?? new Set();
    this.watchers.set(user, watchers);
    watchers.add(watcher);
    const publication = this.publications.get(user);
    if (publication) watcher(publication.stream);
    return () => watchers.delete(watcher);
  }

  /** @param {string} user @param {MediaStream | null} stream */
  #announce(user, stream) {
    for (const watcher of [...(this.watchers.get(user) ?? [])]) watcher(stream);
  }
}

/** The user whose stream a URL names. @param {string} url */
function userOf(url) {
  return url.split('?')[0].split('/').pop() ?? '';
}

/** @param {{ gender: number, face: string, name: string }} actor */
function paint({ gender, face, name }) {
  const canvas = document.createElement('canvas');
  const { width, height } = gender === 0 ? HOST : GUEST;
  Object.assign(canvas, { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const [dark, light] = COLOURS[/** @type {0 | 1 | 2} */ (gender)] ?? COLOURS[0];
  const portrait = new Image();
  portrait.src = face;
  const began = performance.now();
  const draw = () => {
    const t = (performance.now() - began) / 1000;
    const glow = context.createRadialGradient(
      width * (0.5 + 0.18 * Math.sin(t / 2)), height * 0.36, 20, width / 2, height / 2, width * 0.62,
    );
    glow.addColorStop(0, light);
    glow.addColorStop(1, dark);
    context.fillStyle = glow;
    context.fillRect(0, 0, width, height);
    if (portrait.complete && portrait.naturalWidth > 0) {
      const size = 168 + 5 * Math.sin(t * 1.7);
      const x = width / 2 - size / 2 + 3 * Math.sin(t * 0.9);
      const y = height * 0.44 - size / 2 + 3 * Math.cos(t * 1.3);
      context.save();
      context.beginPath();
      context.arc(x + size / 2, y + size / 2, size / 2, 0, Math.PI * 2);
      context.clip();
      context.drawImage(portrait, x, y, size, size);
      context.restore();
    }
    // A voice: bars that rise while the actor speaks.
    const speaks = Math.max(0, Math.sin(t * 0.8 + name.length));
    context.fillStyle = 'rgba(255, 255, 255, 0.8)';
    for (let bar = 0; bar < 5; bar += 1) {
      const rise = 3 + speaks * 16 * Math.abs(Math.sin(t * 6 + bar * 1.3));
      context.fillRect(width - 62 + bar * 10, height - 16 - rise, 5, rise);
    }
  };
  draw();
  const timer = setInterval(draw, 1000 / RATE);
  const stream = canvas.captureStream(RATE);
  const stop = () => {
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
  };
  return { stream, stop };
}
