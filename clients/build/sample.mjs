/**
 * @file Compiles the sample mini-program for the browser: its templates by WeChat's own framework,
 * its style sheets to CSS, its scripts as they are.
 */

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import compiler from 'glass-easel-template-compiler';

import { root } from './root.mjs';

const sample = join(root, 'sample');

/** The templates of the elements that WeChat builds in. */
const BASE_TEMPLATES = {
  view: '<slot/>',
  button: '<slot/>',
  image: '<img class="fit-{{mode}}" src="{{src}}" alt="{{alt}}"/>',
  field:
    '<phone-input value="{{value}}" placeholder="{{placeholder}}" type="{{type}}" ' +
    'maxlength="{{maxlength}}" label="{{ariaLabel}}" bind:input="input" bind:confirm="confirm"/>',
  'live-player': '<phone-player src="{{src}}" bind:statechange="changed"/>',
  'live-pusher': '<phone-pusher url="{{url}}" bind:statechange="changed"/>',
};

/** The paths of the sample's pages and components. @returns {Promise<string[]>} */
export async function samplePaths() {
  const { pages } = JSON.parse(await readFile(join(sample, 'app.json'), 'utf8'));
  const components = await readdir(join(sample, 'components'));
  return [...pages, ...components.sort().map((name) => `components/${name}/${name}`)];
}

/** A plugin that offers the sample as `virtual:sample`. @returns {import('esbuild').Plugin} */
export function samplePlugin() {
  return {
    name: 'sample',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^virtual:sample$/ }, () => ({ path: 'sample', namespace: 'virtual' }));
      onResolve({ filter: /^qlive$/ }, () => ({ path: join(root, 'sdk/src/index.js') }));
      // Tencent's SDK is not used in the playroom.
      onResolve({ filter: /^@tencentcloud\/chat$/ }, () => ({ path: 'none', namespace: 'none' }));
      onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'module.exports = null;' }));
      onLoad({ filter: /.*/, namespace: 'virtual' }, async () => ({
        contents: await sampleModule(),
        resolveDir: sample,
      }));
    },
  };
}

async function sampleModule() {
  const group = new compiler.TmplGroup();
  for (const [name, template] of Object.entries(BASE_TEMPLATES)) {
    group.addTmpl(`base/${name}`, template);
  }
  const files = [];
  for (const path of await samplePaths()) {
    const template = await readFile(join(sample, `${path}.wxml`), 'utf8');
    checkClasses(path, template);
    // An element named `input` would be a field of the browser itself. There is no capsule to make
    // room for, and the policy of the page forbids styles in attributes.
    const fields = template.replace(/<(\/?)input\b/g, '<$1field');
    group.addTmpl(path, fields.replaceAll(' style="{{barStyle}}"', ''));
    const config = await readFile(join(sample, `${path}.json`), 'utf8');
    files.push(`'${path}': { config: ${config}, load: () => require('./${path}.js') }`);
  }
  return `
    export const templates = ${group.getTmplGenObjectGroups()};
    export const files = { ${files.join(',\n')} };
    export const loadApp = () => require('./app.js');
  `;
}

/**
 * WeChat isolates the styles of components. Here all share one style sheet, so the classes of a
 * component must begin with its name.
 * @param {string} path
 * @param {string} template
 */
function checkClasses(path, template) {
  if (!path.startsWith('components/')) return;
  const own = path.split('/').pop();
  for (const [, classes] of template.matchAll(/class="([^"]*)"/g)) {
    const names = classes.replace(/\{\{.*?\}\}/g, '').split(/\s+/).filter(Boolean);
    const foreign = names.find((name) => !name.startsWith(/** @type {string} */ (own)));
    if (foreign) throw new Error(`${path}.wxml uses the class ${foreign} of another file`);
  }
}

/** The style sheets of the sample as one of CSS. */
export async function sampleStyles() {
  const names = ['app', ...(await samplePaths())];
  const sheets = await Promise.all(
    names.map((name) => readFile(join(sample, `${name}.wxss`), 'utf8').catch(() => '')),
  );
  return sheets
    .join('\n')
    .replace(/(-?\d*\.?\d+)rpx/g, 'calc(100vw / 750 * $1)')
    .replace(/^(\s*)page \{/gm, '$1body {');
}
