import { parentPort } from 'node:worker_threads';
import { serveEngine } from '../../src/inference/engine/engineService.ts';
import { createFakeEngine } from './fakeEngine.ts';

if (parentPort !== null) serveEngine(parentPort, createFakeEngine());
