import { GemmaError, toGemmaError } from '../protocol/errors.ts';
import { chat } from './chat.ts';
import { complete } from './complete.ts';
import { importModel } from './importModel.ts';
import { logits } from './logits.ts';
import { models } from './models/models.ts';
import { mainHelp } from './help.ts';

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  complete,
  chat,
  import: importModel,
  logits,
  models,
};

async function run([name = '--help', ...args]: readonly string[]): Promise<void> {
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(mainHelp);
    return;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new GemmaError('bad-input', `There is no command ${name}; see --help.`);
  await command(args);
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  const { code, message } = toGemmaError(error);
  process.stderr.write(`${message.replaceAll(/\s+/g, ' ')}\n`);
  // 2: the caller's own argument; 1: anything else.
  process.exitCode = code === 'bad-input' ? 2 : 1;
}
