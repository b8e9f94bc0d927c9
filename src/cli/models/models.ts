import { GemmaError } from '../../protocol/errors.ts';
import { modelsHelp } from '../help.ts';
import { bench } from './bench.ts';
import { get } from './get.ts';
import { importFolder } from './importFolder.ts';
import { list } from './list.ts';
import { remove } from './remove.ts';

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  list,
  get,
  import: importFolder,
  rm: remove,
  bench,
};

/** `models COMMAND`: what is done with models as a whole. */
export async function models([name = '--help', ...args]: readonly string[]): Promise<void> {
  if (name === '--help' || name === '-h') {
    process.stdout.write(modelsHelp);
    return;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return command(args);
  throw new GemmaError('bad-input', `There is no command models ${name}; see models --help.`);
}
