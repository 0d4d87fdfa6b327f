/**
 * @module The pages of the sample, on glass-easel: the component framework that WeChat itself runs.
 * https://github.com/wechat-miniprogram/glass-easel
 */

import * as glassEasel from 'glass-easel';
import { MiniProgramEnv } from 'glass-easel-miniprogram-adapter';

import { files, loadApp, templates } from 'virtual:sample';

import { BASE_COMPONENTS } from './elements.js';

/** The stack of open pages. */
export class Pages {
  /** @param {HTMLElement} screen @param {any} wx */
  constructor(screen, wx) {
    this.screen = screen;
    /** @type {any} */
    this.app = null;
    /** @type {{ path: string, element: HTMLElement, root: any }[]} */
    this.stack = [];
    const scope = /** @type {any} */ (globalThis);
    scope.wx = wx;
    scope.getApp = () => this.app;
    scope.getCurrentPages = () => this.stack.map(({ root }) => root.get());
    scope.App = (/** @type {any} */ app) => {
      this.app = app;
    };
    this.#prepare();
  }

  #prepare() {
    const env = new MiniProgramEnv();
    this.codeSpace = env.createCodeSpace('sample', true);
    const using = Object.fromEntries(Object.keys(BASE_COMPONENTS).map((name) => [name, `/base/${name}`]));
    for (const [name, define] of Object.entries(BASE_COMPONENTS)) {
      this.#add(`base/${name}`, { component: true }, ({ Component }) => Component(define));
    }
    for (const [path, { config, load }] of Object.entries(files)) {
      const usingComponents = { ...using, ...config.usingComponents };
      this.#add(path, { component: true, usingComponents }, ({ Component, Page }) => {
        Object.assign(globalThis, { Component, Page });
        load();
      });
    }
    const context = new glassEasel.CurrentWindowBackendContext();
    context.onEvent((target, type, detail, options) =>
      glassEasel.Event.triggerEvent(target, type, detail, options),
    );
    this.backend = env.associateBackend(context);
    tapByKeyboard(this.screen);
  }

  /** @param {string} path @param {any} config @param {(env: any) => void} define */
  #add(path, config, define) {
    const space = /** @type {any} */ (this.codeSpace);
    space.addCompiledTemplate(path, { groupList: templates, content: templates[path] });
    // The build checks that components have classes of their own only, as WeChat isolates them.
    space.addComponentStaticConfig(path, { ...config, styleIsolation: 'shared' });
    space.componentEnv(path, define);
  }

  /** Starts the application with its first page. @param {string} url */
  launch(url) {
    loadApp();
    this.app.onLaunch?.({});
    this.open(url);
  }

  /** @param {string} url */
  open(url) {
    const [path, query = ''] = url.replace(/^\//, '').split('?');
    this.stack.at(-1)?.element.setAttribute('hidden', '');
    this.#call('onHide');
    const element = document.createElement('div');
    element.className = 'phone-page';
    this.screen.append(element);
    const placeholder = document.createElement('span');
    element.append(placeholder);
    const root = /** @type {any} */ (this.backend).createRoot('phone-root', this.codeSpace, path);
    this.stack.push({ path, element, root });
    root.attach(element, placeholder);
    this.#call('onLoad', Object.fromEntries(new URLSearchParams(query)));
    this.#call('onShow');
  }

  back() {
    if (this.stack.length <= 1) return;
    this.#close();
    this.stack.at(-1)?.element.removeAttribute('hidden');
    this.#call('onShow');
  }

  /** Closes all pages and opens one. @param {string} url */
  relaunch(url) {
    while (this.stack.length > 0) this.#close();
    this.open(url);
  }

  #close() {
    this.#call('onUnload');
    const closed = this.stack.pop();
    closed?.root.release();
    closed?.element.remove();
  }

  /** The page on top: its data and its methods. */
  get top() {
    return this.stack.at(-1)?.root.get();
  }

  get path() {
    return this.stack.at(-1)?.path ?? '';
  }

  /** @param {string} method @param {any[]} args */
  #call(method, ...args) {
    this.top?.[method]?.(...args);
  }
}

/**
 * The framework makes taps of mouse and touch only. A click of the keyboard, or of a script, becomes
 * one here.
 * @param {HTMLElement} screen
 */
function tapByKeyboard(screen) {
  screen.addEventListener('click', ({ target, detail }) => {
    if (detail !== 0 || !(target instanceof Element)) return;
    const { left, top, width, height } = target.getBoundingClientRect();
    const at = { bubbles: true, clientX: left + width / 2, clientY: top + height / 2 };
    target.dispatchEvent(new MouseEvent('mousedown', at));
    target.dispatchEvent(new MouseEvent('mouseup', at));
  });
}
