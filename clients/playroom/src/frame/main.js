/**
 * @module The playroom: phones side by side in one room, a script that plays by itself, and what
 * happens behind the scenes.
 */

import { showFaults } from './faults.js';
import { Panel } from './panel.js';
import { PhoneView } from './phone.js';
import { Play, until } from './play.js';
import { Sandbox } from './sandbox.js';
import { Script } from './script.js';
import { Stage } from './stage.js';

/** @typedef {import('./phone.js').Actor} Actor */

/** The app that the sandbox knows. */
const APP_ID = 'wxca891295c56f2c79';
const BASE = `${location.origin}/wx/api/qlive/`;

/** @type {Actor[]} */
const CAST = [
  { code: 'host', role: '红娘', name: '小红', gender: 2, age: 32, face: 'host' },
  { code: 'aming', role: '男嘉宾', name: '阿明', gender: 1, age: 29, face: 'aming' },
  { code: 'alice', role: '女嘉宾', name: 'Alice', gender: 2, age: 27, face: 'alice' },
  { code: 'xiaoli', role: '观众', name: '小李', gender: 2, age: 26, face: 'xiaoli' },
];
/** Those who join by the button. @type {Actor[]} */
const MORE = [
  { code: 'azhe', role: '观众', name: '阿哲', gender: 1, age: 31, face: 'azhe' },
  { code: 'mei', role: '观众', name: '小美', gender: 2, age: 25, face: 'mei' },
  { code: 'dawei', role: '观众', name: '大伟', gender: 1, age: 34, face: 'dawei' },
];

/** @type {(selector: string) => HTMLElement} */
const find = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

/** What the address asks for: `#seed=7&t=120`. */
function readHash() {
  const asked = new URLSearchParams(location.hash.slice(1));
  return { seed: Number(asked.get('seed')) || 7, at: Number(asked.get('t')) || 0 };
}

async function main() {
  const { sandbox_port: port } = await (await fetch('/playroom/config.json')).json();
  const sandbox = new Sandbox(`${location.protocol}//${location.hostname}:${port}`);
  /** @type {Map<string, PhoneView>} */
  const phones = new Map();
  const panel = new Panel(find('#panel'), phones, sandbox);
  const stage = new Stage((userId, change) => {
    sandbox.stream(userId, change).catch((error) => panel.note(`推流回调：${error.message}`));
  });
  /** @type {any} */
  const page = { phones, panel, sandbox, stage };
  // An earlier page may have been closed in the middle of one.
  await sandbox.clearFaults();

  await Promise.all(CAST.map((actor) => enrol(page, actor)));
  const host = addPhone(page, CAST[0], '/pages/room/room?host=1');
  await until(() => host.phone?.qlive?.room?.isOpen);
  const { liveId } = host.phone.qlive.room;
  const room = `/pages/room/room?live_id=${liveId}`;
  for (const actor of CAST.slice(1)) addPhone(page, actor, room);
  await until(() => [...phones.values()].every(({ phone }) => phone?.qlive?.room?.isOpen));
  find('#status').textContent = '演出中：点哪部手机，哪部就归你';
  find('#add').addEventListener('click', () => addMore(page, room));
  const someone = () => {
    const view = [...phones.values()].reverse().find(({ phone, isLost }) => phone && !isLost);
    if (!view) throw new Error('没有开着的手机');
    return view.phone;
  };
  showFaults(find('#fault-list'), { ...page, someone });
  play(page);
}

/** @param {any} page */
function play(page) {
  const { phones, panel, sandbox } = page;
  const { seed, at } = readHash();
  const script = new Script(new Play(phones, panel, sandbox), { seed, at }, (seconds) => {
    if (seconds % 5 === 0) history.replaceState(null, '', `#seed=${seed}&t=${seconds}`);
  });
  const pause = find('#pause');
  pause.addEventListener('click', () => {
    script.isPaused = !script.isPaused;
    pause.textContent = script.isPaused ? '继续' : '暂停';
    pause.setAttribute('aria-pressed', String(script.isPaused));
  });
  Object.assign(window, { script });
  page.script = script;
  script.run();
}

/**
 * Notes what a phone makes up for, and stops the script when its user has logged in elsewhere: two
 * windows would take the users from each other for ever.
 * @param {any} page
 * @param {Actor} actor
 * @param {import('qlive').Qlive} qlive the client of the phone
 */
function watch(page, actor, qlive) {
  qlive.on('im', (state) => {
    if (state !== 'kicked') return;
    if (page.script && !page.script.isPaused) find('#pause').click();
    find('#status').textContent = '这些人在另一个窗口登录了，这里停下了';
  });
  qlive.on('room', (room) => room.on('gap', (gap) => page.panel.heal(actor.name, gap)));
}

/**
 * Registers an actor as the server's user, as a mini-program would, with their face and age.
 * @param {any} page
 * @param {Actor} actor
 */
async function enrol({ sandbox, stage }, { code, name, gender, age, face }) {
  const picture = `${location.origin}/pictures/faces/${face}.svg`;
  const profile = await sandbox.profile({ code, nickname: name, gender: String(gender), avatar: picture });
  const registered = await post('qlive_user/', profile);
  const changes = { nickname: name, age, face_url: picture };
  await post('qlive_user/update_userinfo/', changes, registered.token);
  stage.setActor(registered.user_id, { gender: code === 'host' ? 0 : gender, face: picture, name });
}

/** @param {string} path @param {object} body @param {string} [token] */
async function post(path, body, token) {
  /** @type {Record<string, string>} */
  const headers = { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = `QLiveToken ${token}`;
  const answer = await fetch(BASE + path, { method: 'POST', headers, body: JSON.stringify(body) });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.detail);
  return json;
}

/**
 * @param {any} page
 * @param {Actor} actor
 * @param {string} start
 */
function addPhone(page, actor, start) {
  const { phones, panel, sandbox, stage } = page;
  const view = new PhoneView(
    actor,
    {
      start,
      stage,
      onStart: (qlive) => watch(page, actor, qlive),
      config: {
        base: BASE,
        sandbox: `${sandbox.url}/`,
        appId: APP_ID,
        code: actor.code,
        onRequest: (record) => panel.request(actor.name, record),
      },
      payments: {
        pay: (number, content) => sandbox.pay(number, content, view.takeNotice()),
        confirmTransfer: (packageInfo) => sandbox.confirmTransfer(packageInfo),
      },
    },
    (text) => panel.note(text),
  );
  phones.set(actor.code, view);
  find('#phones').append(view);
  const tab = document.createElement('button');
  tab.type = 'button';
  tab.textContent = actor.name;
  tab.addEventListener('click', () => choose(view, tab));
  find('#rail').append(tab);
  if (phones.size === 1) choose(view, tab);
  return view;
}

/** Shows a phone alone, where the screen is narrow. @param {HTMLElement} view @param {HTMLElement} tab */
function choose(view, tab) {
  for (const other of document.querySelectorAll('play-phone')) {
    other.toggleAttribute('chosen', other === view);
  }
  for (const other of find('#rail').children) {
    other.setAttribute('aria-pressed', String(other === tab));
  }
}

/** @param {any} page @param {string} room */
async function addMore(page, room) {
  const next = MORE.shift();
  if (!next) return;
  await enrol(page, next);
  addPhone(page, next, room);
  find('#add').toggleAttribute('disabled', MORE.length === 0);
}

main().catch((error) => {
  find('#status').textContent = `没能开场：${error.message}`;
});
