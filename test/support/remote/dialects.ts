import type { ServerResponse } from 'node:http';
import { type Answer, type Asked, json, stream } from './httpServer.ts';

/** What servers answer, as their sources and documentation say (llama.cpp `tools/server`, vLLM, Ollama, LM Studio). */
export interface Script {
  readonly models?: readonly string[];
  /** Words of an answer. */
  readonly words?: readonly string[];
  readonly thoughts?: readonly string[];
  /** What is written at a cursor; null: the server can't. */
  readonly line?: string | null;
  readonly contextTokens?: number;
}

type Routes = Readonly<Record<string, (asked: Asked, response: ServerResponse) => unknown>>;

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

/** Routes of one kind of server; `fallback` answers all others. */
function server(routes: Routes, fallback: Answer): Answer {
  return (asked, response) => (routes[`${asked.method} ${asked.path}`] ?? fallback)(asked, response);
}

const notFound: Answer = (_asked, response) =>
  json(response, { error: { message: 'File Not Found', type: 'not_found_error', code: 404 } }, 404);

const delta = (piece: object, finish: string | null = null): string =>
  event({ object: 'chat.completion.chunk', choices: [{ index: 0, delta: piece, finish_reason: finish }] });

function chatRoute(script: Script, thoughtField: string, extra: object = {}): Routes[string] {
  const { words = ['Hello', ' ', 'wörld 🎉'], thoughts = [] } = script;
  return (_asked, response) =>
    stream(response, [
      delta({ role: 'assistant', content: null }),
      ...thoughts.map((text) => delta({ [thoughtField]: text })),
      ...words.map((content) => delta({ content })),
      delta({}, 'stop'),
      event({
        choices: [],
        usage: { prompt_tokens: 20, completion_tokens: words.length, total_tokens: 20 + words.length },
        ...extra,
      }),
      'data: [DONE]\n\n',
    ]);
}

/** One for each character. */
const tokensOf = (text: unknown): number[] => Array.from(String(text), (_, id) => id);

const modelList = (ids: readonly string[], owner: string, more: object = {}): Routes[string] => {
  return (_asked, response) =>
    json(response, {
      object: 'list',
      data: ids.map((id) => ({ id, object: 'model', created: 1, owned_by: owner, ...more })),
    });
};

export function llamaCpp(script: Script = {}): Answer {
  const { models = ['codegemma-2b.gguf'], line = 'return a + b;', contextTokens = 8_192 } = script;
  return server(
    {
      'GET /v1/models': modelList(models, 'llamacpp', { meta: { n_vocab: 256_000, n_ctx_train: 8_192 } }),
      'GET /props': (_asked, response) =>
        json(response, {
          default_generation_settings: { n_ctx: contextTokens, params: {} },
          total_slots: 1,
          model_path: '/models/x.gguf',
        }),
      'POST /v1/chat/completions': chatRoute(script, 'reasoning_content', { timings: { cache_n: 3 } }),
      'POST /infill': (_asked, response) =>
        line === null
          ? json(
              response,
              {
                error: {
                  code: 501,
                  message: 'Infill is not supported by this model',
                  type: 'not_supported_error',
                },
              },
              501,
            )
          : json(response, {
              content: line,
              stop: true,
              stop_type: 'word',
              tokens_predicted: 4,
              tokens_evaluated: 12,
              timings: { cache_n: 5, prompt_n: 7 },
            }),
      'POST /v1/completions': (_asked, response) =>
        json(response, { choices: [{ index: 0, text: 'return a + b;', finish_reason: 'stop' }] }),
      'POST /tokenize': ({ body }, response) => json(response, { tokens: tokensOf(body?.['content']) }),
    },
    notFound,
  );
}

export function vllm(script: Script = {}): Answer {
  const { models = ['google/codegemma-2b'], line = 'return a + b;', contextTokens = 8_192 } = script;
  return server(
    {
      'GET /v1/models': modelList(models, 'vllm', { max_model_len: contextTokens }),
      'GET /version': (_asked, response) => json(response, { version: '0.12.0' }),
      'POST /v1/chat/completions': chatRoute(script, 'reasoning'),
      'POST /v1/completions': ({ body }, response) =>
        body?.['suffix'] === undefined
          ? json(response, {
              choices: [{ index: 0, text: line, finish_reason: 'stop', logprobs: null }],
              usage: { prompt_tokens: 12, completion_tokens: 4, total_tokens: 16 },
            })
          : json(response, { error: { message: 'suffix is not currently supported', code: 400 } }, 400),
      'POST /tokenize': ({ body }, response) => {
        const tokens = tokensOf(body?.['prompt']);
        return json(response, { count: tokens.length, max_model_len: contextTokens, tokens });
      },
    },
    (_asked, response) => json(response, { detail: 'Not Found' }, 404),
  );
}

export function ollama(script: Script = {}): Answer {
  const { models = ['codegemma:2b', 'gemma3:4b'], line = 'return a + b;', contextTokens } = script;
  return server(
    {
      'GET /v1/models': modelList(models, 'library'),
      'GET /api/version': (_asked, response) => json(response, { version: '0.14.1' }),
      'GET /api/ps': (_asked, response) =>
        json(response, {
          models: contextTokens === undefined ? [] : [{ name: models[0], context_length: contextTokens }],
        }),
      'POST /api/show': ({ body }, response) =>
        json(response, {
          capabilities: String(body?.['model']).startsWith('codegemma')
            ? ['completion', 'insert']
            : ['completion', 'vision'],
        }),
      'POST /v1/chat/completions': chatRoute(script, 'reasoning'),
      'POST /v1/completions': (_asked, response) =>
        json(response, { choices: [{ index: 0, text: line, finish_reason: 'stop' }], usage: null }),
    },
    (_asked, response) => {
      response.writeHead(404, { 'content-type': 'text/plain' });
      response.end('404 page not found');
    },
  );
}

export function lmStudio(script: Script = {}): Answer {
  const { models = ['google/gemma-3-12b'], contextTokens = 6_000 } = script;
  return server(
    {
      'GET /v1/models': modelList(models, 'organization_owner'),
      'GET /api/v0/models': (_asked, response) =>
        json(response, {
          object: 'list',
          data: models.map((id) => ({
            id,
            type: 'llm',
            state: 'loaded',
            max_context_length: 131_072,
            loaded_context_length: contextTokens,
          })),
        }),
      'POST /v1/chat/completions': chatRoute(script, 'reasoning_content'),
    },
    // It answers everything with 200.
    ({ method, path }, response) =>
      json(response, { error: `Unexpected endpoint or method. (${method} ${path})` }),
  );
}

/** Something that knows OpenAI's protocol and nothing else. */
export function plain(script: Script = {}): Answer {
  const { models = ['some-model'], line = null } = script;
  return server(
    {
      'GET /v1/models': modelList(models, 'me'),
      'POST /v1/chat/completions': chatRoute(script, 'reasoning_content'),
      ...(line === null
        ? {}
        : {
            'POST /v1/completions': (_asked: Asked, response: ServerResponse) =>
              json(response, { choices: [{ text: line, finish_reason: 'stop' }] }),
          }),
    },
    (_asked, response) => {
      response.writeHead(404, { 'content-type': 'text/html' });
      response.end('<h1>Not here</h1>');
    },
  );
}
