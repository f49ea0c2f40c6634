// Which `redis-ssot` is started.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { buildSync } from 'esbuild';

const { choose } = await import(built('src/environment.ts'));

function built(entry) {
  const outfile = path.join(mkdtempSync(path.join(tmpdir(), 'redis-ssot-')), 'environment.mjs');
  buildSync({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', outfile });
  return outfile;
}

function folderWith(...names) {
  const folder = mkdtempSync(path.join(tmpdir(), 'redis-ssot-'));
  for (const name of names) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), '');
    chmodSync(path.join(folder, name), 0o755);
  }
  return folder;
}

test('the setting counts most, relative to the folder', () => {
  const folder = folderWith('.venv/bin/redis-ssot');
  assert.equal(choose('tools/redis-ssot', undefined, folder).command, path.join(folder, 'tools/redis-ssot'));
  assert.equal(choose('${workspaceFolder}/x', undefined, folder).command, path.join(folder, 'x'));
  assert.equal(choose('/opt/redis-ssot', undefined, folder).command, '/opt/redis-ssot');
  assert.equal(choose('other', undefined, folder).command, 'other');
});

test('the selected interpreter counts more than the folder', () => {
  const folder = folderWith('.venv/bin/redis-ssot', 'env/bin/redis-ssot');
  const found = choose('', path.join(folder, 'env/bin/python'), folder);
  assert.deepEqual(found, { command: path.join(folder, 'env/bin/redis-ssot'), from: 'the selected interpreter' });
});

test('an interpreter without it leaves the folder', () => {
  const folder = folderWith('.venv/bin/redis-ssot', 'env/bin/python');
  const found = choose('', path.join(folder, 'env/bin/python'), folder);
  assert.deepEqual(found, { command: path.join(folder, '.venv/bin/redis-ssot'), from: '.venv' });
});

test('else PATH', () => {
  assert.deepEqual(choose('', undefined, folderWith()), { command: 'redis-ssot', from: 'PATH' });
  assert.equal(choose('', undefined, undefined).command, 'redis-ssot');
});
