/**
 * @file Builds what is checked in: the client for browsers and Node and for mini-programs, the
 * sample's copy of it, and the playroom. `--check` compares instead, and fails when a file is stale.
 */

import { build } from 'esbuild';

import { writeErrorTables } from './build/errors.mjs';
import { Output } from './build/output.mjs';
import { buildPlayroom } from './build/playroom.mjs';
import { root } from './build/root.mjs';
import { writeTypes } from './build/types.mjs';

const output = new Output(process.argv.includes('--check'));

const targets = [
  { format: 'esm', target: 'es2020', outfiles: ['sdk/dist/qlive.mjs'] },
  {
    format: 'cjs',
    target: 'es2018',
    outfiles: ['sdk/miniprogram_dist/index.js', 'sample/miniprogram_npm/qlive/index.js'],
  },
];
for (const { format, target, outfiles } of targets) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['sdk/src/index.js'],
    bundle: true,
    format,
    target,
    charset: 'utf8',
    legalComments: 'none',
    write: false,
  });
  for (const outfile of outfiles) await output.put(outfile, outputFiles[0].text);
}
// The package is one of ES modules, except for this folder.
await output.put('sdk/miniprogram_dist/package.json', '{ "type": "commonjs" }\n');
await writeTypes(output);
await buildPlayroom(output);
await writeErrorTables(output);
await output.finish(['playroom/dist', 'sdk/dist', 'sdk/miniprogram_dist']);
