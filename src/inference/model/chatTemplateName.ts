/**
 * How a conversation is laid out for a model:
 *
 * - `gemma`: Gemma 1, 1.1, CodeGemma and 2
 * - `gemma3`: the same layout with other ids
 * - `gemma4`: a system turn of its own, and thoughts
 * - `gemma4-closed-thought`: the larger of Gemma 4, which think unless they are shown a thought that is over
 */
export const chatTemplateNames = ['gemma', 'gemma3', 'gemma4', 'gemma4-closed-thought'] as const;

export type ChatTemplateName = (typeof chatTemplateNames)[number];
