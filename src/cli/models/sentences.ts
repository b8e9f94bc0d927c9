import type { Role } from '../../protocol/engine.ts';
import { licenceOf } from '../../catalogue/catalogue.ts';
import type { Obstacle, Plan, Reason, Recommendation, Speed } from '../../catalogue/recommend.ts';
import { rateText, sizeText } from './units.ts';

const roleNames: Readonly<Record<Role, string>> = { completion: 'completion', chat: 'chat' };

/** What speaks against a model, in a few words. */
export function obstacleText(obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case 'cannot-chat':
      return 'was not tuned for conversations';
    case 'cannot-fill-in':
      return 'only continues text';
    case 'no-backend':
      return 'no backend runs here';
    case 'memory':
      return `needs ${sizeText(obstacle.neededBytes)} of memory, more than the ${sizeText(obstacle.shareBytes)} that are a fair share of ${sizeText(obstacle.totalBytes)}`;
    case 'wasm-limit':
      return `needs ${sizeText(obstacle.neededBytes)}, more than WebAssembly can hold`;
    case 'disk':
      return `needs ${sizeText(obstacle.neededBytes)} on the disk, which has ${sizeText(obstacle.freeBytes)}`;
    case 'slow-lines':
      return `takes ${rateText(obstacle.seconds)} s for a line, ${rateText(obstacle.wantedSeconds)} s are wanted`;
    case 'slow-answers':
      return `writes ${rateText(obstacle.tokensPerSecond)} tokens a second, ${rateText(obstacle.wantedTokensPerSecond)} are wanted`;
    case 'slow-prompts':
      return `reads ${rateText(obstacle.tokensPerSecond)} tokens a second, ${rateText(obstacle.wantedTokensPerSecond)} are wanted`;
    default:
      return obstacle satisfies never;
  }
}

export function obstaclesText(obstacles: readonly Obstacle[]): string {
  return obstacles.map(obstacleText).join('; ');
}

export function speedText(
  { tokensPerSecond, promptTokensPerSecond, lineSeconds }: Speed,
  role: Role,
): string {
  if (role === 'completion') return `about ${rateText(lineSeconds)} s for a line`;
  return `writes about ${rateText(tokensPerSecond)} tokens a second and reads ${rateText(promptTokensPerSecond)}`;
}

export function planText({ quantization, backend, contextTokens, memoryBytes }: Plan): string {
  return `${quantization} on ${backend}, ${contextTokens} tokens of context, ${sizeText(memoryBytes)} of memory`;
}

function reasonText(reason: Reason, role: Role): string {
  switch (reason.kind) {
    case 'passed-over':
      return `${reason.model.id} ${obstaclesText(reason.obstacles)}.`;
    case 'best-that-fits':
      return `It takes ${sizeText(reason.memoryBytes)} of ${sizeText(reason.totalBytes)} of memory.`;
    case 'fast-enough':
      return `Expected here: ${speedText(reason.speed, role)}.`;
    case 'speed-unknown':
      return 'How fast it will be is not known before `models bench`.';
    case 'no-gate':
      return 'It is free to download without an account.';
    case 'embedded':
      return 'The model that comes with the extension is what runs well here.';
    default:
      return reason satisfies never;
  }
}

/** What is recommended for a purpose, and why: a line and some below it. */
export function recommendationLines({ choice, reasons }: Recommendation, role: Role): string[] {
  const name = roleNames[role];
  const nothing = role === 'chat' ? 'nothing fits this machine' : 'the embedded model';
  const head = choice === null ? nothing : `${choice.model.id} (${planText(choice.plan)})`;
  const licence = choice === null ? [] : [`Licence: ${licenceOf(choice.model).name}.`];
  return [
    `For ${name}: ${head}`,
    ...[...reasons.map((reason) => reasonText(reason, role)), ...licence].map((line) => `    ${line}`),
  ];
}
