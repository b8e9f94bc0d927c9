import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { GemmaError } from '../../protocol/errors.ts';
import { Network } from '../../protocol/models.ts';

const HUB = 'https://huggingface.co';
/** Tokens have some forty characters. */
const MAX_TOKEN_CHARS = 4_096;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * How the hub is reached: as the options say, or else the environment as other programs of the hub read it.
 *
 * @throws GemmaError `bad-input`
 */
export async function networkFor(
  endpoint: string | undefined,
  tokenFile: string | undefined,
  environment: Environment,
): Promise<Network> {
  const network = v.safeParse(Network, {
    endpoint: endpoint ?? nonEmpty(environment['HF_ENDPOINT']) ?? HUB,
    token: tokenFile === undefined ? (nonEmpty(environment['HF_TOKEN']) ?? null) : await readToken(tokenFile),
    proxy: null,
    noProxy: [],
    strictProxyCertificate: true,
    systemCertificates: true,
  });
  if (network.success) return network.output;
  throw new GemmaError('bad-input', 'The address of the hub or its token is of no use; see --help.');
}

function nonEmpty(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === '' ? undefined : text;
}

/** A token given as an argument would be seen by every program on the machine. */
async function readToken(path: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new GemmaError('bad-input', 'The file of --token-file can not be read.', { cause });
  }
  if (text === '' || text.length > MAX_TOKEN_CHARS || /\s/u.test(text)) {
    throw new GemmaError('bad-input', 'The file of --token-file holds no token.');
  }
  return text;
}
