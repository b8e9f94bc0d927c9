import type { ServerResponse } from 'node:http';
import { getLlama, type LlamaContext, LlamaLogLevel, type LlamaModel, type Token } from 'node-llama-cpp';
import * as v from 'valibot';
import { type Answer, type Asked, HttpServer, json } from '../remote/httpServer.ts';

const ChatBody = v.object({
  messages: v.array(v.object({ role: v.string(), content: v.string() })),
  max_tokens: v.number(),
  temperature: v.number(),
});
const CompletionBody = v.object({ prompt: v.string(), max_tokens: v.number(), stop: v.array(v.string()) });
const TokenizeBody = v.object({ content: v.string() });

/** Ids of the 256 bytes in the files that `writeGguf` makes. */
const FIRST_BYTE = 4;

/**
 * llama.cpp's library behind the part of its server's protocol that is spoken to it here: its tokens of its model, over a
 * real socket, as they come. Its own server comes in no package that can be installed for a test.
 */
export class LlamaCppServer implements AsyncDisposable {
  readonly server: HttpServer;
  readonly #model: LlamaModel;
  readonly #context: LlamaContext;
  /** Tokens that were generated for all requests together. */
  generated = 0;

  private constructor(model: LlamaModel, context: LlamaContext, server: HttpServer) {
    this.#model = model;
    this.#context = context;
    this.server = server;
  }

  static async start(file: string, name: string, positions: number): Promise<LlamaCppServer> {
    const llama = await getLlama({
      gpu: false,
      build: 'never',
      progressLogs: false,
      logLevel: LlamaLogLevel.error,
    });
    const model = await llama.loadModel({ modelPath: file, useMmap: false });
    const context = await model.createContext({ contextSize: positions, threads: 1, sequences: 4 });
    const answers: Answer[] = [];
    const server = await HttpServer.start((asked, response) => answers[0]?.(asked, response));
    const made = new LlamaCppServer(model, context, server);
    answers.push((asked, response) => made.#answer(name, asked, response));
    return made;
  }

  tokenize(text: string): Token[] {
    return this.#model.tokenize(text, true);
  }

  /** What it writes after a text, token by token, always the likeliest. */
  async *write(prompt: string, maxTokens: number): AsyncGenerator<string> {
    const sequence = this.#context.getSequence();
    const decoder = new TextDecoder();
    let count = 0;
    try {
      for await (const token of sequence.evaluate(this.tokenize(prompt), { temperature: 0 })) {
        this.generated++;
        const byte = token - FIRST_BYTE;
        const isByte = byte >= 0 && byte < 256;
        yield decoder.decode(isByte ? Uint8Array.of(byte) : Buffer.from(this.#model.detokenize([token])), {
          stream: true,
        });
        if (++count === maxTokens) break;
      }
      yield decoder.decode();
    } finally {
      await sequence.dispose();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.#context.dispose();
    await this.#model.dispose();
  }

  #answer(name: string, { path, body }: Asked, response: ServerResponse): unknown {
    switch (path) {
      case '/v1/models':
        return json(response, {
          object: 'list',
          data: [{ id: name, object: 'model', owned_by: 'llamacpp' }],
        });
      case '/props':
        return json(response, { default_generation_settings: { n_ctx: this.#context.contextSize } });
      case '/tokenize':
        return json(response, { tokens: this.tokenize(v.parse(TokenizeBody, body).content) });
      case '/v1/chat/completions':
        return this.#chat(v.parse(ChatBody, body), response);
      case '/v1/completions':
        return this.#complete(v.parse(CompletionBody, body), response);
      default:
        return json(
          response,
          { error: { code: 501, message: 'not supported', type: 'not_supported_error' } },
          501,
        );
    }
  }

  async #chat({ messages, max_tokens: maxTokens }: v.InferOutput<typeof ChatBody>, response: ServerResponse) {
    const prompt = chatPrompt(messages);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = (value: unknown): void => void response.write(`data: ${JSON.stringify(value)}\n\n`);
    let count = 0;
    for await (const content of this.write(prompt, maxTokens)) {
      if (response.destroyed) return;
      send({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
      count++;
    }
    send({ choices: [{ index: 0, delta: {}, finish_reason: count > maxTokens ? 'length' : 'stop' }] });
    send({
      choices: [],
      usage: { prompt_tokens: this.tokenize(prompt).length, completion_tokens: count - 1 },
    });
    response.end('data: [DONE]\n\n');
  }

  async #complete(body: v.InferOutput<typeof CompletionBody>, response: ServerResponse) {
    let text = '';
    for await (const piece of this.write(body.prompt, body.max_tokens)) {
      text += piece;
      const end = Math.min(...body.stop.map((stop) => text.indexOf(stop)).filter((index) => index >= 0));
      if (end === Infinity) continue;
      json(response, { choices: [{ text: text.slice(0, end), finish_reason: 'stop' }] });
      return;
    }
    json(response, { choices: [{ text, finish_reason: 'length' }] });
  }
}

/** Of Gemma's template what matters to a model that was never trained. */
export function chatPrompt(messages: readonly { readonly role: string; readonly content: string }[]): string {
  const turns = messages.map(({ role, content }) => `<${role}>${content}\n`);
  return `${turns.join('')}<model>`;
}
