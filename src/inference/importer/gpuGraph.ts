import type { Architecture } from '../model/architecture.ts';
import { endName, firstName, keptNames, type KvTensor, kvTensors } from '../model/graphInterface.ts';
import { GraphBuilder } from './graphBuilder.ts';
import type { OnnxNode } from './onnxWriter.ts';

/**
 * The same graph over the same weights for GPUs, with inputs and outputs as model/graphInterface.ts says. Two things
 * differ: ONNX Runtime's WebGPU has no FusedMatMul and would compute it on the processor; and its tensors can't be cut
 * or written to from outside, so the graph itself picks the rows that it sees out of the cache and returns the cache
 * with the new rows in it.
 */
export function forGpu(source: GraphBuilder, architecture: Architecture): GraphBuilder {
  const graph = new GraphBuilder();
  const tensors = kvTensors(architecture);
  const inner = new Map(
    tensors.flatMap(({ past, present }) => [
      [past, seen(past)],
      [present, fresh(present)],
    ]),
  );
  const renamed = (names: readonly string[]): string[] => names.map((name) => inner.get(name) ?? name);

  graph.inputs.push(...source.inputs);
  const reaches = new Set(tensors.map(({ reach }) => reach));
  const bounds = [...reaches].flatMap((reach) => [firstName(reach), endName(reach)]);
  for (const name of [...bounds, ...Object.values(keptNames)]) {
    graph.inputs.push({ name, type: 'int64', dims: [1] });
  }
  for (const { past, reach } of tensors) cut(graph, past, firstName(reach), endName(reach), seen(past));
  for (const node of source.nodes) {
    addNode(graph, { ...node, inputs: renamed(node.inputs), outputs: renamed(node.outputs) });
  }
  for (const tensor of tensors) addCache(graph, tensor);
  const presents = new Set(tensors.map(({ present }) => present));
  for (const { name, type, dims } of source.outputs) {
    const rows = presents.has(name) ? [`${name}.rows`] : dims.slice(0, 1);
    graph.outputs.push({ name, type, dims: [...rows, ...dims.slice(1)] });
  }
  graph.constants.push(...source.constants);
  graph.weights.push(...source.weights);
  return graph;
}

/** Of a cache: the rows of it that are seen. */
function seen(past: string): string {
  return `${past}.seen`;
}

/** The rows of new tokens. */
function fresh(present: string): string {
  return `${present}.fresh`;
}

/** The cache before the new rows, they themselves, and the cache after them. */
function addCache(graph: GraphBuilder, { past, present }: KvTensor): void {
  const before = cut(graph, past, graph.int64('gpu.start', [0]), keptNames.before, `${past}.before`);
  const after = cut(graph, past, keptNames.after, keptNames.end, `${past}.after`);
  graph.op('Concat', [before, fresh(present), after], present, { axis: { int: 0 } });
}

function cut(graph: GraphBuilder, value: string, start: string, end: string, output: string): string {
  return graph.op('Slice', [value, start, end, graph.int64('gpu.rows', [0])], output);
}

/** `node`, or what FusedMatMul stands for: a product of the scaled left side and the turned right one. */
function addNode(graph: GraphBuilder, node: OnnxNode): void {
  if (node.type !== 'FusedMatMul') {
    graph.nodes.push(node);
    return;
  }
  const { attributes } = node;
  const [left, right, output] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!];
  const { alpha } = attributes;
  const scaled =
    alpha !== undefined && 'float' in alpha
      ? graph.op('Mul', [left, graph.float(`gpu.scale.${alpha.float}`, alpha.float)], `${output}.left`)
      : left;
  // transBatchB reads [P, kvHeads, headDim] as [kvHeads, P, headDim].
  const [turnsBatch, turns] = ['transBatchB' in attributes, 'transB' in attributes];
  const perm = turnsBatch ? (turns ? [1, 2, 0] : [1, 0, 2]) : [1, 0];
  const turned = graph.op('Transpose', [right], `${output}.right`, { perm: { ints: perm } });
  graph.op('MatMul', [scaled, turned], output);
}
