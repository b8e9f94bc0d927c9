import * as v from 'valibot';
import {
  DownloadParams,
  InstalledModel,
  Machine,
  MachineSpeed,
  ModelId,
  ModelList,
  Quantization,
  TransferView,
} from './models.ts';

/**
 * The contract between a client (extension, CLI, bench) and the inference process.
 * JSON-RPC 2.0 over a private socket; both sides validate with the schemas below.
 */

/** Part of the endpoint's name, so processes of different versions never meet. Raise on any change here. */
export const PROTOCOL_VERSION = 6;

/** Longest text the host sends before and after the cursor, in UTF-16 units. */
export const MAX_PREFIX_CHARS = 24_000;
export const MAX_SUFFIX_CHARS = 8_000;
/** Other open files that copies may come from. */
export const MAX_NEIGHBORS = 6;
export const MAX_NEIGHBOR_CHARS = 16_000;
const MAX_PATH_CHARS = 4_096;
/** Enough for every Gemma context that fits a machine; a hostile count stops here. */
const MAX_TOKENS = 131_072;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const milliseconds = v.pipe(v.number(), v.minValue(0));
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_PATH_CHARS));

/** `webgpu`: the GPU; `native` and `wasm`: the processor. */
export const BackendName = v.picklist(['webgpu', 'native', 'wasm']);
export type BackendName = v.InferOutput<typeof BackendName>;
/** What a person may ask for; `auto` lets the probe choose. */
export const BackendChoice = v.picklist(['auto', ...BackendName.options]);
export type BackendChoice = v.InferOutput<typeof BackendChoice>;

export { Quantization };

/** What a model is loaded for. One and the same model may be loaded for both, and is then there once. */
export const Role = v.picklist(['completion', 'chat']);
export type Role = v.InferOutput<typeof Role>;

export const HelloParams = v.object({
  protocol: v.literal(PROTOCOL_VERSION),
  token: v.pipe(v.string(), v.length(64)),
  client: v.pipe(v.string(), v.maxLength(64)),
});
export const HelloResult = v.object({ pid: count });

export const LoadParams = v.object({
  /** Takes the place of the model that was loaded for the same, and of no other. */
  role: Role,
  /**
   * Name of an installed model, or the absolute path of a Hugging Face checkpoint or imported model folder; absent: the
   * embedded model.
   */
  model: v.optional(path),
  backend: BackendChoice,
  /**
   * Whether keys and values of prompts, and with them the prompts' text, may be kept on disk over a restart; false also
   * removes what was kept. Absent: as the loads of this model before; at first nothing is kept and nothing removed.
   */
  snapshots: v.optional(v.boolean()),
  /**
   * For the weights and keys and values of all models together; 0: by the machine. Absent: as the loads before, at first
   * by the machine.
   */
  memoryBytes: v.optional(count),
});
export const ModelInfo = v.object({
  name: v.string(),
  architecture: v.string(),
  parameters: count,
  quantization: Quantization,
  backend: BackendName,
  threads: count,
  contextTokens: count,
  /** Whether it was tuned for conversations. */
  chat: v.boolean(),
  /** Longest conversation with its answer, in tokens; 0 without `chat`. */
  chatContextTokens: count,
  /** VS Code language ids the model was trained for; empty: no restriction known. */
  languages: v.array(v.string()),
  /** Weight bytes on disk. */
  weightBytes: count,
  loadMs: milliseconds,
});
export type ModelInfo = v.InferOutput<typeof ModelInfo>;

export const Neighbor = v.object({
  languageId: v.pipe(v.string(), v.maxLength(128)),
  text: v.pipe(v.string(), v.maxLength(MAX_NEIGHBOR_CHARS)),
});

export const CompleteParams = v.object({
  /** Stable identity of the document: at most one running and one waiting completion each. */
  document: path,
  fileName: v.pipe(v.string(), v.maxLength(256)),
  languageId: v.pipe(v.string(), v.maxLength(128)),
  /** Text before the cursor, from a stable window start; line ends are \n. */
  prefix: v.pipe(v.string(), v.maxLength(MAX_PREFIX_CHARS)),
  /** Text after the cursor; line ends are \n. */
  suffix: v.pipe(v.string(), v.maxLength(MAX_SUFFIX_CHARS)),
  neighbors: v.pipe(v.array(Neighbor), v.maxLength(MAX_NEIGHBORS)),
  /** Text the suggestion must begin with: what the selected suggest-widget item still adds. */
  forcedPrefix: v.optional(v.pipe(v.string(), v.maxLength(256))),
  /** `invoked`: the person asked, so the confidence gate opens wider. */
  trigger: v.picklist(['automatic', 'invoked']),
});
export type CompleteParams = v.InferOutput<typeof CompleteParams>;

/** Why no text is offered. */
export const NoSuggestionReason = v.picklist([
  'low-confidence',
  'nothing-to-complete',
  'repetition',
  'unbalanced-bracket',
  'duplicates-suffix',
  'line-too-long',
  /** Longer than what the model can write well, and nowhere in the open files. */
  'too-long',
]);
export type NoSuggestionReason = v.InferOutput<typeof NoSuggestionReason>;

export const CompleteResult = v.object({
  /** The rest of the line, to insert at the cursor; null when nothing is good enough. */
  text: v.nullable(v.string()),
  reason: v.nullable(NoSuggestionReason),
  source: v.nullable(v.picklist(['model', 'copied'])),
  /** Estimated probability that the text is what the person wants, 0–1; null when nothing was produced. */
  confidence: v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  /** Name of the model and its backend; null when copies alone decided. */
  model: v.nullable(v.string()),
  backend: v.nullable(BackendName),
  /** Length of the prompt, and how many of its tokens were found in the KV cache. */
  promptTokens: count,
  cachedTokens: count,
  prefillMs: milliseconds,
  /** Generating and ranking. */
  decodeMs: milliseconds,
  /** Tokens decoded one by one. */
  tokens: count,
});
export type CompleteResult = v.InferOutput<typeof CompleteResult>;

/** Prefills the document's prompt in idle time, so that the next completion starts warm. */
export const WarmUpParams = v.pick(CompleteParams, [
  'document',
  'fileName',
  'languageId',
  'prefix',
  'suffix',
]);
export type WarmUpParams = v.InferOutput<typeof WarmUpParams>;
export const WarmUpResult = v.object({ promptTokens: count, cachedTokens: count });
export type WarmUpResult = v.InferOutput<typeof WarmUpResult>;

/** Longest text of all turns together, in UTF-16 units: more than the longest context that is run. */
const MAX_CHAT_CHARS = 400_000;
const MAX_TURNS = 1_000;
const chatText = v.pipe(v.string(), v.maxLength(MAX_CHAT_CHARS));
const sumOfChars = (texts: readonly string[]): number => texts.reduce((sum, { length }) => sum + length, 0);

export const ChatParams = v.object({
  /** The caller's name for this answer: its `chatText` events carry it. */
  stream: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  /** An edit is waited for: it runs before chats. */
  purpose: v.picklist(['edit', 'chat']),
  /** The same in all conversations, it is computed once. */
  system: chatText,
  /** By turns, a user's first and last. */
  turns: v.pipe(
    v.array(v.object({ role: v.picklist(['user', 'model']), text: chatText })),
    v.minLength(1),
    v.maxLength(MAX_TURNS),
    v.check(
      (turns) => sumOfChars(turns.map(({ text }) => text)) <= MAX_CHAT_CHARS,
      'The conversation is too long.',
    ),
  ),
  /** What the answer must begin with. */
  prefill: v.optional(chatText, ''),
  /** Whether a model that can think does so before it answers. */
  thinking: v.optional(v.boolean(), false),
  maxTokens: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_TOKENS)),
  sampling: v.object({
    /** 0: always the likeliest token. */
    temperature: v.pipe(v.number(), v.minValue(0), v.maxValue(2)),
    /** Only this many of the likeliest tokens are drawn from. */
    topK: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000)),
    /** Only the likeliest tokens that together have this probability are drawn from. */
    topP: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
    /** The same seed and text give the same answer. */
    seed: count,
  }),
});
export type ChatParams = v.InferOutput<typeof ChatParams>;
export type Sampling = ChatParams['sampling'];

export const ChatResult = v.object({
  answer: v.string(),
  thought: v.string(),
  /** The model ended it; `maxTokens` were written; the context is full. */
  ended: v.picklist(['stop', 'limit', 'context']),
  model: v.string(),
  backend: BackendName,
  promptTokens: count,
  cachedTokens: count,
  /** Tokens written. */
  tokens: count,
  /** Forward passes they took: fewer, where text was guessed right. */
  forwards: count,
  prefillMs: milliseconds,
  decodeMs: milliseconds,
});
export type ChatResult = v.InferOutput<typeof ChatResult>;

export const CountTokensParams = v.object({
  texts: v.pipe(
    v.array(chatText),
    v.maxLength(MAX_TURNS),
    v.check((texts) => sumOfChars(texts) <= MAX_CHAT_CHARS, 'The texts are too long.'),
  ),
});
export const CountTokensResult = v.object({
  /** Of each text by itself. */
  counts: v.array(count),
});

/** What is shown to the model before it answers; see ChatParams. */
export const CountChatParams = v.pick(ChatParams, ['system', 'turns', 'prefill', 'thinking']);
export type CountChatParams = v.InferOutput<typeof CountChatParams>;
export const CountChatResult = v.object({ tokens: count });

export const ImportParams = v.object({ source: path, target: path, quantization: Quantization });
export const ImportResult = v.object({
  architecture: v.string(),
  parameters: count,
  bytes: count,
  milliseconds,
});

export const LogitsParams = v.object({
  /** As in LoadParams; loaded for this request alone. */
  model: path,
  backend: BackendChoice,
  /** Only for a Hugging Face checkpoint: how to import it. */
  quantization: v.optional(Quantization),
  tokens: v.pipe(
    v.array(v.pipe(v.number(), v.integer(), v.minValue(0))),
    v.minLength(1),
    v.maxLength(MAX_TOKENS),
  ),
});
export const LogitsResult = v.object({
  backend: BackendName,
  quantization: Quantization,
  /** Of the last position, one per vocabulary entry. */
  logits: v.array(v.number()),
});

/** What the KV cache holds now, and what became of the prompts since the process started. */
export const KvStatistics = v.object({
  budgetBytes: count,
  bytes: count,
  /** In use by running answers. */
  pinnedBytes: count,
  sequences: count,
  evictions: count,
  prompts: count,
  /** Prompts of which some tokens were known already. */
  hits: count,
  reusedTokens: count,
  prefilledTokens: count,
  /** Prompts that began with a snapshot, and snapshots written. */
  snapshotReads: count,
  snapshotWrites: count,
});
export type KvStatistics = v.InferOutput<typeof KvStatistics>;

export const StatusResult = v.object({
  pid: count,
  clients: count,
  /** Null: none is loaded for it, though one that was given back comes again when somebody asks. */
  models: v.object({ completion: v.nullable(ModelInfo), chat: v.nullable(ModelInfo) }),
  /** What all models together may take, and what the weights of those that are loaded take; one with both roles once. */
  memory: v.object({ budgetBytes: count, weightBytes: count }),
  running: count,
  waiting: count,
  /** Resident memory of the whole process. */
  residentBytes: count,
  kv: v.nullable(KvStatistics),
});
export type StatusResult = v.InferOutput<typeof StatusResult>;

const Nothing = v.object({});

/** Requests a client may send: one table types both ends and gives the schemas. */
export const requests = {
  hello: { params: HelloParams, result: HelloResult },
  load: { params: LoadParams, result: ModelInfo },
  complete: { params: CompleteParams, result: CompleteResult },
  warmUp: { params: WarmUpParams, result: WarmUpResult },
  chat: { params: ChatParams, result: ChatResult },
  countTokens: { params: CountTokensParams, result: CountTokensResult },
  countChat: { params: CountChatParams, result: CountChatResult },
  import: { params: ImportParams, result: ImportResult },
  logits: { params: LogitsParams, result: LogitsResult },
  status: { params: Nothing, result: StatusResult },
  listModels: { params: Nothing, result: ModelList },
  /** Begins a download, or goes on with one; the `transfers` event tells how it goes. One at most for each name. */
  download: { params: DownloadParams, result: TransferView },
  /** Nothing that was received is lost. */
  pauseDownload: { params: v.object({ id: ModelId }), result: Nothing },
  /** Removes what was received. */
  cancelDownload: { params: v.object({ id: ModelId }), result: Nothing },
  /** From a folder of the person's; null: the weight format that this machine runs best. */
  installModel: {
    params: v.object({ source: path, quantization: v.nullable(Quantization) }),
    result: InstalledModel,
  },
  removeModel: { params: v.object({ id: ModelId }), result: Nothing },
  /** Moves all models to another folder, which must be empty or new. */
  moveModels: { params: v.object({ folder: path }), result: ModelList },
  machine: { params: Nothing, result: Machine },
  /** Takes some seconds. */
  measureMachine: { params: v.object({ backend: BackendChoice }), result: v.array(MachineSpeed) },
  /** An orderly farewell: without it the process takes a closed socket for a killed client. */
  goodbye: { params: Nothing, result: Nothing },
} as const satisfies Record<string, { params: v.GenericSchema; result: v.GenericSchema }>;

export type RequestName = keyof typeof requests;
export type RequestParams<N extends RequestName> = v.InferOutput<(typeof requests)[N]['params']>;
export type RequestResult<N extends RequestName> = v.InferOutput<(typeof requests)[N]['result']>;

/** Notifications the process may send to every client. */
export const events = {
  /** A long step: importing or loading, for `role`; moving models. `fraction` 0–1. */
  progress: v.object({
    step: v.picklist(['import', 'load', 'move']),
    /** Null: for none, a model is being installed or moved. */
    role: v.nullable(Role),
    fraction: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  }),
  /** Text that was added to an answer, to the client that asked for it. */
  chatText: v.object({ stream: v.string(), thought: v.string(), answer: v.string() }),
  /** A model was loaded or unloaded. */
  model: v.object({ role: Role, model: v.nullable(ModelInfo) }),
  /** All downloads, whenever one has gone on; several times a second at most. */
  transfers: v.object({ transfers: v.array(TransferView) }),
  /** The list of installed models has changed. */
  installed: Nothing,
} as const satisfies Record<string, v.GenericSchema>;

export type EventName = keyof typeof events;
export type EventBody<N extends EventName> = v.InferOutput<(typeof events)[N]>;
