import * as v from 'valibot';
import { findCatalogueModel, licenceOf } from '../../catalogue/catalogue.ts';
import type { EngineClient } from '../../client/engineClient.ts';
import { GemmaError } from '../../protocol/errors.ts';
import { type DownloadParams, ModelId, Repository } from '../../protocol/models.ts';
import { withEngine } from '../engine.ts';
import { modelsHelp } from '../help.ts';
import { homeOption, onlyPositional, quantizationOption, readOptions, sharedOptions } from '../options.ts';
import { argumentFor } from './argumentFor.ts';
import { networkFor } from './network.ts';
import { overview } from './overview.ts';
import { ProgressLine } from './progressLine.ts';
import { runDownload } from './runDownload.ts';
import { obstaclesText } from './sentences.ts';
import { sizeText } from './units.ts';

/** As shells report a program that Ctrl+C ended. */
const INTERRUPTED = 130;

type Source = Pick<DownloadParams, 'id' | 'repository' | 'revision' | 'digests'>;

/** `models get ID`: downloads and imports a model, or goes on with it. Ctrl+C pauses. */
export async function get(args: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(args, {
    ...sharedOptions,
    quantization: { type: 'string' },
    endpoint: { type: 'string' },
    'token-file': { type: 'string' },
  });
  if (values.help) {
    process.stdout.write(modelsHelp);
    return;
  }
  const source = sourceOf(onlyPositional(positionals, 'model'));
  const quantization = values.quantization === undefined ? null : quantizationOption(values.quantization);
  const network = await networkFor(values.endpoint, values['token-file'], process.env);
  const home = homeOption(values.home);
  await withEngine(home, async (client) => {
    const params = {
      ...source,
      quantization: quantization ?? (await bestFormat(client, home, source.id)),
      network,
    };
    await fetchModel(client, params);
  });
}

/** A model of the catalogue by its name, or any repository. @throws GemmaError `bad-input` */
function sourceOf(name: string): Source {
  const model = findCatalogueModel(name);
  if (model !== undefined) {
    const { id, repository, revision, digests } = model;
    return { id, repository, revision, digests };
  }
  const id = name.slice(name.indexOf('/') + 1).toLowerCase();
  if (v.is(Repository, name) && v.is(ModelId, id))
    return { id, repository: name, revision: null, digests: {} };
  throw new GemmaError(
    'bad-input',
    `There is no model ${name} in the catalogue; see models list, or name a repository as OWNER/NAME.`,
  );
}

/** What this machine runs best. Says on the way what speaks against the model here; it is the person's choice. */
async function bestFormat(
  client: EngineClient,
  home: string,
  id: string,
): Promise<DownloadParams['quantization']> {
  const { recommended, machine } = await overview(client, home);
  const role = findCatalogueModel(id)?.purposes[0] ?? 'chat';
  const verdict = recommended[role].verdicts.find(({ model }) => model.id === id);
  if (verdict !== undefined && verdict.obstacles.length > 0) {
    process.stderr.write(`Not recommended here: ${id} ${obstaclesText(verdict.obstacles)}.\n`);
  }
  const fallback = machine.backends[0] === 'wasm' ? 'q8' : 'q4';
  return verdict?.plan?.quantization ?? fallback;
}

/** @throws GemmaError why the download failed; what was received is kept */
async function fetchModel(client: EngineClient, params: DownloadParams): Promise<void> {
  const line = new ProgressLine({ isTTY: process.stderr.isTTY, write: (text) => process.stderr.write(text) });
  const pause = new AbortController();
  const onInterrupt = (): void => pause.abort();
  process.once('SIGINT', onInterrupt);
  try {
    const model = await runDownload(client, params, (transfer) => line.show(transfer), pause.signal);
    line.end();
    if (model === null) {
      process.stderr.write(`Paused; nothing is lost. Go on with: models get ${argumentFor(params)}\n`);
      process.exitCode = INTERRUPTED;
      return;
    }
    process.stdout.write(`${model.id} is installed: ${model.quantization}, ${sizeText(model.bytes)}.\n`);
  } catch (error) {
    line.end();
    throw explained(error, params);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

/** With what a person can do about it. */
function explained(
  error: unknown,
  { id, repository, network: { endpoint, token } }: DownloadParams,
): unknown {
  if (!(error instanceof GemmaError)) return error;
  const page = `${endpoint.replace(/\/+$/u, '')}/${repository}`;
  const model = findCatalogueModel(id);
  const terms = model === undefined ? '' : ` (${licenceOf(model).name})`;
  if (error.code === 'licence') {
    return new GemmaError('licence', `${error.message} Accept it${terms} at ${page} and ask again.`);
  }
  if (error.code !== 'unauthorized') return error;
  const how = token === null ? 'Make a token there and' : 'Make another token there and';
  return new GemmaError(
    'unauthorized',
    `${error.message} Accept the licence${terms} at ${page}. ${how} give it with --token-file or HF_TOKEN.`,
  );
}
