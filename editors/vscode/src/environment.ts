// Which `redis-ssot` to start: that of the project's own environment, so that the editor and CI agree.

import { existsSync } from 'node:fs';
import * as path from 'node:path';

const WINDOWS = process.platform === 'win32';
const NAME = WINDOWS ? 'redis-ssot.exe' : 'redis-ssot';

export interface Choice {
  /** What to run. */
  command: string;
  /** Where it was found, for people. */
  from: string;
}

/** The command, by the setting, the selected interpreter, the folder's environment, or `PATH`. */
export function choose(setting: string, interpreter: string | undefined, folder: string | undefined): Choice {
  if (setting) {
    const named = setting.replaceAll('${workspaceFolder}', folder ?? '');
    const isPath = named.includes('/') || named.includes(path.sep);
    return { command: isPath && folder ? path.resolve(folder, named) : named, from: 'the setting redisSsot.path' };
  }
  const places: [string, string][] = [];
  if (interpreter) {
    places.push([path.dirname(interpreter), 'the selected interpreter']);
  }
  for (const environment of folder ? ['.venv', 'venv'] : []) {
    places.push([path.join(folder!, environment, WINDOWS ? 'Scripts' : 'bin'), environment]);
  }
  for (const [place, from] of places) {
    const command = path.join(place, NAME);
    if (existsSync(command)) {
      return { command, from };
    }
  }
  return { command: NAME, from: 'PATH' };
}
