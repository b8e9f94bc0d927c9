import { GemmaError } from '../protocol/errors.ts';
import { embeddedModel, withEngine } from './engine.ts';
import { logitsHelp } from './help.ts';
import {
  backendOption,
  homeOption,
  modelOption,
  modelOptions,
  noPositionals,
  quantizationOption,
  readOptions,
} from './options.ts';

/** How many of the best tokens are listed without --json. */
const LISTED = 10;

/** `logits --tokens …`: a look into the model, and the hook for comparing it with other implementations. */
export async function logits(args: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(args, {
    ...modelOptions,
    tokens: { type: 'string' },
    quantization: { type: 'string' },
  });
  if (values.help) {
    process.stdout.write(logitsHelp);
    return;
  }
  noPositionals(positionals);
  const tokens = tokensOption(values.tokens);
  const backend = backendOption(values.backend);
  const quantization =
    values.quantization === undefined ? {} : { quantization: quantizationOption(values.quantization) };
  const model = values.model === undefined ? embeddedModel : modelOption(values.model);

  const result = await withEngine(homeOption(values.home), (client) =>
    client.call('logits', { model, backend, tokens, ...quantization }),
  );
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : listing(result.logits));
}

function tokensOption(text: string | undefined): number[] {
  if (text === undefined || !/^\d{1,7}(?:,\d{1,7})*$/.test(text)) {
    throw new GemmaError('bad-input', '--tokens must be token ids separated by commas, such as 2,5,9.');
  }
  return text.split(',').map(Number);
}

/** The best tokens, one a line: id and logit. */
function listing(values: readonly number[]): string {
  const best = values
    .map((logit, token) => ({ logit, token }))
    .sort((one, other) => other.logit - one.logit)
    .slice(0, LISTED);
  return best.map(({ logit, token }) => `${token}\t${logit}\n`).join('');
}
