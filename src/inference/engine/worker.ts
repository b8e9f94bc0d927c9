import { parentPort } from 'node:worker_threads';
import { createEngine } from './createEngine.ts';
import { serveEngine } from './engineService.ts';

if (parentPort !== null) serveEngine(parentPort, createEngine());
