import type { Recommendation } from '../../catalogue/recommend.ts';
import { catalogue } from '../../catalogue/catalogue.ts';
import { withEngine } from '../engine.ts';
import { homeOption, noPositionals, readOptions, sharedOptions } from '../options.ts';
import { modelsHelp } from '../help.ts';
import { listText } from './listText.ts';
import { type Overview, overview } from './overview.ts';

/** `models list`: what is installed, on its way, and to be had. */
export async function list(args: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(args, {
    ...sharedOptions,
    json: { type: 'boolean', default: false },
  });
  if (values.help) {
    process.stdout.write(modelsHelp);
    return;
  }
  noPositionals(positionals);
  const home = homeOption(values.home);
  const found = await withEngine(home, (client) => overview(client, home));
  process.stdout.write(values.json ? `${JSON.stringify(jsonOf(found))}\n` : listText(found));
}

function jsonOf({
  list: { folder, freeBytes, installed, transfers },
  machine,
  speeds,
  recommended,
}: Overview) {
  return {
    folder,
    freeBytes,
    installed,
    transfers,
    machine,
    speeds,
    catalogue,
    completion: {
      recommended: recommended.completion.choice?.model.id ?? null,
      verdicts: verdictsOf(recommended.completion),
    },
    chat: {
      recommended: recommended.chat.choice?.model.id ?? null,
      verdicts: verdictsOf(recommended.chat),
    },
  };
}

function verdictsOf({ verdicts }: Recommendation) {
  return Object.fromEntries(
    verdicts.map(({ model, plan, fits, obstacles }) => [model.id, { plan, fits, obstacles }]),
  );
}
