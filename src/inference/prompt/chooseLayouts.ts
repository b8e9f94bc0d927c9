import * as v from 'valibot';
import type { ChatTemplateName } from '../model/chatTemplateName.ts';
import type { CompletionTraining, ModelManifest } from '../model/modelManifest.ts';
import { readCompletionTraining } from '../model/readCompletionTraining.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { chatTemplates } from './chatTemplates.ts';
import { fimControls } from './fimControls.ts';

/** What a checkpoint folder says about its model's training. Files that are missing are null. */
export interface TrainingEvidence {
  /** Of the folder or repository. */
  readonly name: string;
  /** config.json, generation_config.json and tokenizer_config.json. */
  readonly config: unknown;
  readonly generationConfig: unknown;
  readonly tokenizerConfig: unknown;
  /** chat_template.jinja. Looked at for what it mentions, never run. */
  readonly chatTemplate: string | null;
  readonly tokenizer: Pick<Tokenizer, 'control'>;
  /** Longest context the model can be run with. */
  readonly maxPositions: number;
}

const templatesByType: ReadonlyMap<string, ChatTemplateName> = new Map([
  ['gemma', 'gemma'],
  ['gemma2', 'gemma'],
  ['gemma3', 'gemma3'],
  ['gemma3_text', 'gemma3'],
  ['gemma3n', 'gemma3'],
  ['gemma3n_text', 'gemma3'],
  ['gemma4', 'gemma4'],
  ['gemma4_text', 'gemma4'],
  ['gemma4_unified', 'gemma4'],
  ['gemma4_unified_text', 'gemma4'],
]);

const Config = v.object({ model_type: v.string() });
const GenerationConfig = v.object({ eos_token_id: v.union([v.number(), v.array(v.number())]) });
const TokenizerConfig = v.object({
  chat_template: v.union([v.string(), v.array(v.object({ template: v.string() }))]),
});

/** The larger models' templates show an empty thought; the line end is escaped in a Jinja string. */
const CLOSED_THOUGHT = /<\|channel>thought(?:\\n|\n)<channel\|>/;

/** Names as of google/gemma-2-2b-it. */
const TUNED_NAME = /(?:^|[-_])(?:it|instruct|chat)(?:[-_]|$)/i;

/** Longer prompts take longer than a person waits for a line. */
const CONTEXT_TOKENS = 2_048;
/** Computed anew at every key in CodeGemma's default order. */
const SUFFIX_TOKENS_PSM = 128;
const SUFFIX_TOKENS_INSTRUCTION = 384;

/** How a model is to be asked for a chat's answer and for the rest of a line. */
export function chooseLayouts(evidence: TrainingEvidence): Pick<ModelManifest, 'chat' | 'completion'> {
  const chat = chatTemplateOf(evidence);
  const completion = readCompletionTraining(evidence.config) ?? familyTraining(evidence, chat);
  return { chat, completion };
}

/**
 * The template of a model that was tuned to follow instructions, null for a base model. Its generation gives the
 * template. That it was tuned is shown by any of these: the tokenizer comes with a chat template, which no base model's
 * does; generation stops at the end of a turn (Gemma 1.0 lists only `<eos>`, later ones `[1, 107]` or `[1, 106]`); and
 * where both files were left out, the name.
 */
function chatTemplateOf(evidence: TrainingEvidence): ChatTemplateName | null {
  const { generationConfig, tokenizerConfig, chatTemplate, name } = evidence;
  const config = v.safeParse(Config, evidence.config);
  const template = config.success ? templatesByType.get(config.output.model_type) : undefined;
  if (template === undefined) return null;
  const texts = [...templateTexts(tokenizerConfig), ...(chatTemplate === null ? [] : [chatTemplate])];
  const [, turnEnd] = chatTemplates[template].turnEnd;
  const isTuned = stopIds(generationConfig).includes(turnEnd) || texts.length > 0 || TUNED_NAME.test(name);
  if (!isTuned) return null;
  const showsClosedThought = template === 'gemma4' && texts.some((text) => CLOSED_THOUGHT.test(text));
  return showsClosedThought ? 'gemma4-closed-thought' : template;
}

/**
 * CodeGemma's base models fill in the middle: their tokenizer has pieces for it at ids that are unused in the others.
 * So has the instruction model's, which shares the tokenizer but not the training. Null: a model that continues text.
 */
function familyTraining(
  { tokenizer, maxPositions }: TrainingEvidence,
  chat: ChatTemplateName | null,
): CompletionTraining | null {
  const contextTokens = Math.min(CONTEXT_TOKENS, maxPositions);
  const anyLine = { languages: null, maxLineChars: null, contextTokens };
  // A quarter at most, whatever the context: the text before the cursor matters more.
  const suffix = (tokens: number): number => Math.min(tokens, contextTokens >> 2);
  if (chat !== null)
    return { ...anyLine, layout: 'instruction', maxSuffixTokens: suffix(SUFFIX_TOKENS_INSTRUCTION) };
  const fillsIn = Object.values(fimControls).every(([spelling, id]) => tokenizer.control(spelling) === id);
  return fillsIn ? { ...anyLine, layout: 'codegemma-psm', maxSuffixTokens: suffix(SUFFIX_TOKENS_PSM) } : null;
}

function stopIds(generationConfig: unknown): readonly number[] {
  const parsed = v.safeParse(GenerationConfig, generationConfig);
  return parsed.success ? [parsed.output.eos_token_id].flat() : [];
}

function templateTexts(tokenizerConfig: unknown): string[] {
  const parsed = v.safeParse(TokenizerConfig, tokenizerConfig);
  if (!parsed.success) return [];
  const { chat_template: template } = parsed.output;
  return typeof template === 'string' ? [template] : template.map((entry) => entry.template);
}
